use std::sync::Arc;

use convene_application::{
    caller::TenantScope,
    change::Change,
    failure::{Fault, Outcome},
    ports::{CancelRequest, Cancelled, RegisterRequest},
};
use convene_domain::registration::{Registration, RegistrationStatus};
use tokio::{sync::oneshot, time::Instant};

use super::{
    lane::{LaneRequest, Target},
    ticket::Ticket,
};
use crate::observed::Origin;

/// A request of the port, with the reply that its caller receives.
pub(in crate::registration) trait Operation {
    /// The name in metrics.
    const NAME: &'static str;
    type Reply;

    /// The result in metrics.
    fn result(reply: &Self::Reply) -> &'static str;
}

impl Operation for RegisterRequest {
    const NAME: &'static str = "register";
    type Reply = Registration;

    fn result(reply: &Registration) -> &'static str {
        status(reply)
    }
}

impl Operation for CancelRequest {
    const NAME: &'static str = "cancel";
    type Reply = Cancelled;

    fn result(reply: &Cancelled) -> &'static str {
        status(&reply.registration)
    }
}

fn status(registration: &Registration) -> &'static str {
    match registration.status {
        RegistrationStatus::Confirmed => "confirmed",
        RegistrationStatus::Waitlisted { .. } => "waitlisted",
        RegistrationStatus::Cancelled { .. } => "cancelled",
    }
}

/// The arrival of a call, by which its batch is chosen.
pub(in crate::registration) struct Arrival {
    pub(in crate::registration) scope: TenantScope,
    pub(in crate::registration) target: Target,
    pub(in crate::registration) queued_at: Instant,
    pub(in crate::registration) origin: Origin,
}

/// A call that waits for its batch.
pub(in crate::registration) struct Queued<R: Operation> {
    pub(in crate::registration) arrival: Arrival,
    pub(in crate::registration) change: Change,
    pub(in crate::registration) request: R,
    pub(in crate::registration) ticket: Arc<Ticket>,
    pub(in crate::registration) reply_to: oneshot::Sender<Outcome<R::Reply>>,
}

impl<R: Operation> Queued<R> {
    /// Answers the caller, who may have gone.
    pub(in crate::registration) fn reply(self, outcome: Outcome<R::Reply>) {
        self.arrival.origin.count_shared();
        drop(self.reply_to.send(outcome));
    }
}

/// A request of either kind.
pub(in crate::registration) enum QueuedRequest {
    Register(Queued<RegisterRequest>),
    Cancel(Queued<CancelRequest>),
}

impl QueuedRequest {
    pub(super) const fn arrival(&self) -> &Arrival {
        match self {
            Self::Register(request) => &request.arrival,
            Self::Cancel(request) => &request.arrival,
        }
    }

    pub(super) fn reject(self, fault: Fault) {
        match self {
            Self::Register(request) => request.reply(Err(fault.into())),
            Self::Cancel(request) => request.reply(Err(fault.into())),
        }
    }
}

impl LaneRequest for QueuedRequest {
    fn target(&self) -> Target {
        self.arrival().target
    }
}

/// The requests that one transaction executes: the cancellations first, then the registrations, each in order of
/// arrival.
#[derive(Default)]
pub(in crate::registration) struct Batch {
    pub(in crate::registration) cancellations: Vec<Queued<CancelRequest>>,
    pub(in crate::registration) registrations: Vec<Queued<RegisterRequest>>,
}

impl Batch {
    pub(in crate::registration) fn len(&self) -> usize {
        self.cancellations.len() + self.registrations.len()
    }

    fn arrivals(&self) -> impl Iterator<Item = &Arrival> {
        let cancellations = self.cancellations.iter().map(|request| &request.arrival);
        cancellations.chain(self.registrations.iter().map(|request| &request.arrival))
    }

    /// The organization, which all requests have in common; `None` if there are no requests.
    pub(in crate::registration) fn scope(&self) -> Option<TenantScope> {
        self.arrivals().next().map(|arrival| arrival.scope.for_several_members())
    }

    /// The time at which the first call of the requests began, or the first of them was queued.
    pub(in crate::registration) fn since(&self) -> Option<Instant> {
        let since = |arrival: &Arrival| {
            let begun = arrival.scope.deadline().since().map(Instant::from_std);
            begun.map_or(arrival.queued_at, |begun| begun.min(arrival.queued_at))
        };
        self.arrivals().map(since).min()
    }

    /// The change and the target of each request, in the order of execution.
    pub(in crate::registration) fn requests(&self) -> impl Iterator<Item = (&Change, Target)> {
        let cancellations = self.cancellations.iter().map(|request| &request.change);
        let changes = cancellations.chain(self.registrations.iter().map(|request| &request.change));
        changes.zip(self.arrivals().map(|arrival| arrival.target))
    }

    /// Takes the marked requests out of the batch. The marks are in the order of execution.
    pub(in crate::registration) fn extract(&mut self, marks: Vec<bool>) -> Self {
        let mut marks = marks.into_iter();
        let mut is_marked = || marks.next().unwrap_or_default();
        let cancellations = self.cancellations.extract_if(.., |_| is_marked()).collect();
        Self { cancellations, registrations: self.registrations.extract_if(.., |_| is_marked()).collect() }
    }

    /// Takes the requests from the given position on out of the batch, in the order of execution.
    pub(in crate::registration) fn split_off(&mut self, at: usize) -> Self {
        let cancellations = self.cancellations.split_off(at.min(self.cancellations.len()));
        let at = at.saturating_sub(self.cancellations.len());
        Self { cancellations, registrations: self.registrations.split_off(at.min(self.registrations.len())) }
    }
}

impl FromIterator<QueuedRequest> for Batch {
    fn from_iter<I: IntoIterator<Item = QueuedRequest>>(requests: I) -> Self {
        let mut batch = Self::default();
        for request in requests {
            match request {
                QueuedRequest::Register(request) => batch.registrations.push(request),
                QueuedRequest::Cancel(request) => batch.cancellations.push(request),
            }
        }
        batch
    }
}
