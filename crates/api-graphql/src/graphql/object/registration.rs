use std::sync::Arc;

use convene_domain::registration;
use juniper::{ID, graphql_object};

use super::{Member, NodeValue, Occurrence, mirror::mirror_enum, numbers::int};
use crate::graphql::{context::Context, errors::FieldProblem, scalars::DateTime};

mirror_enum! {
    /// What a registration is.
    RegistrationStatus = registration::RegistrationStatusKind {
        /// The member has a seat.
        Confirmed,
        /// The member waits for a seat.
        Waitlisted,
        /// It was given up, or taken away.
        Cancelled,
    }
}

mirror_enum! {
    /// Why a registration was cancelled.
    CancellationReason = registration::CancellationReason {
        /// The member gave it up.
        ByMember,
        /// An ADMIN cancelled it.
        ByAdmin,
        /// The occurrence, or its event, was called off.
        OccurrenceCancelled,
        /// The occurrence was moved, or dropped from its series, and the seat could not be kept.
        OccurrenceMoved,
        /// The member left the organization.
        MemberRemoved,
    }
}

/// A member's seat in an occurrence, or place in its queue.
#[derive(Clone, Debug)]
pub struct Registration(Arc<registration::Registration>);

impl From<registration::Registration> for Registration {
    fn from(registration: registration::Registration) -> Self {
        Self(Arc::new(registration))
    }
}

impl From<Arc<registration::Registration>> for Registration {
    fn from(registration: Arc<registration::Registration>) -> Self {
        Self(registration)
    }
}

/// A member's seat in an occurrence, or place in its queue.
#[graphql_object]
#[graphql(impl = NodeValue, context = Context)]
impl Registration {
    /// Its id, which never changes.
    fn id(&self) -> ID {
        ID::from(self.0.id.to_string())
    }

    /// What it is for.
    async fn occurrence(&self, context: &Context) -> Result<Occurrence, FieldProblem> {
        Occurrence::named(context, self.0.occurrence).await
    }

    /// Whose it is.
    async fn member(&self, context: &Context) -> Result<Member, FieldProblem> {
        Member::named(context, self.0.member).await
    }

    /// What it is.
    fn status(&self) -> RegistrationStatus {
        self.0.status.kind().into()
    }

    /// When the occurrence begins.
    fn starts_at(&self) -> DateTime {
        self.0.interval.start().into()
    }

    /// When the occurrence ends.
    fn ends_at(&self) -> DateTime {
        self.0.interval.end().into()
    }

    /// The place in the queue: 1 is next. Null unless WAITLISTED.
    async fn waitlist_position(&self, context: &Context) -> Result<Option<i32>, FieldProblem> {
        if self.0.status.waitlist_sequence().is_none() {
            return Ok(None);
        }
        Ok(context.loaders()?.waitlist_position(self.0.id).await?.map(int))
    }

    /// When it was made.
    fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// When it was cancelled.
    fn cancelled_at(&self) -> Option<DateTime> {
        self.0.status.cancelled_at().map(Into::into)
    }

    /// Why it was cancelled.
    fn cancellation_reason(&self) -> Option<CancellationReason> {
        self.0.status.cancellation_reason().map(Into::into)
    }
}
