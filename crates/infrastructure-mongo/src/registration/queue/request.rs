use std::sync::Arc;

use convene_application::{
    caller::TenantScope,
    change::Change,
    failure::Outcome,
    ports::{CancelRequest, Cancelled, RegisterRequest},
};
use convene_domain::{id::MemberId, registration::Registration};
use tokio::sync::oneshot;

use super::{lane::Touches, ticket::Ticket};

/// A call that waits for its batch.
pub(in crate::registration) struct Entry {
    /// The organization.
    pub(in crate::registration) scope: TenantScope,
    /// Who calls, and when.
    pub(in crate::registration) change: Change,
    /// Whose agenda it touches.
    pub(in crate::registration) member: MemberId,
    /// The id of the occurrence that it is about, as far as the caller knows.
    pub(in crate::registration) occurrence: String,
    /// What the caller wants.
    pub(in crate::registration) wish: Wish,
    /// How far it has got.
    pub(in crate::registration) ticket: Arc<Ticket>,
    /// Where the caller waits.
    pub(in crate::registration) answer: oneshot::Sender<Outcome<Answer>>,
}

/// What a caller wants.
pub(in crate::registration) enum Wish {
    /// A seat.
    Register(RegisterRequest),
    /// To give one back.
    Cancel(CancelRequest),
}

/// What a caller gets.
#[derive(Debug)]
pub(in crate::registration) enum Answer {
    /// The seat.
    Registered(Registration),
    /// What was given back.
    Cancelled(Box<Cancelled>),
}

impl Entry {
    /// Tells the caller, who may have gone.
    pub(in crate::registration) fn reply(self, outcome: Outcome<Answer>) {
        drop(self.answer.send(outcome));
    }
}

impl Touches for Entry {
    fn member(&self) -> MemberId {
        self.member
    }

    fn occurrence(&self) -> &str {
        &self.occurrence
    }
}
