//! The port that registers members and cancels their registrations.
//!
//! One transaction for each call would drown in write conflicts as soon as many members want the same occurrence.
//! Calls are therefore merged: a [dispatcher](super::queue) executes as [one transaction](super::batch) the requests that
//! arrived while the last ones were in flight, or a share of them. Few transactions are in flight at a time, and no two
//! of them share a member or an occurrence, so that a process does not conflict with itself; between processes the
//! database decides.
//!
//! - requests are served in order of arrival
//! - occurrences are [cached](super::cache) as the last transactions left them, and every write verifies the cached value
//! - every caller has a deadline, and learns whether the request may have been executed by then

use std::sync::Arc;

use async_trait::async_trait;
use bson::doc;
use convene_application::{
    caller::TenantScope,
    change::Change,
    failure::{Failure, Fault, Outcome},
    ports::{CancelRequest, Cancelled, RegisterRequest, RegistrationBook},
};
use convene_domain::registration::Registration;
use tokio::{
    sync::oneshot,
    time::{Instant, timeout_at},
};

use super::{
    batch::Executor,
    document::RegistrationDocument,
    queue::{Arrival, LaneKey, Operation, Queue, Queued, QueuedRequest, Target, Ticket},
    settings::BookSettings,
};
use crate::{
    database::Database, deadline::End, error::StorageError, metrics, observed::Origin, schema,
    time_limit::TimeLimit,
};

/// The registration book of one process. Any number of processes may share a database.
///
/// Requests that wait when the book is dropped are still answered.
pub struct MongoRegistrationBook {
    database: Database,
    queue: Queue,
    settings: BookSettings,
}

impl MongoRegistrationBook {
    /// Opens the book; must be called within a Tokio runtime, which its transactions run on.
    pub(crate) fn start(database: Database, settings: BookSettings) -> Self {
        let executor = Executor::new(database.for_registrations());
        let queue = Queue::open(settings, move |batch| executor.clone().execute(batch));
        Self { database, queue, settings }
    }

    /// Tests whether the queue is served.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.queue.is_served()
    }

    /// Queues a request and waits for its reply.
    async fn submit<R: Operation>(
        &self,
        scope: &TenantScope,
        change: &Change,
        request: R,
        target: Target,
        kind: impl FnOnce(Queued<R>) -> QueuedRequest,
        end: End,
    ) -> Outcome<R::Reply> {
        let ticket = Arc::new(Ticket::default());
        let (reply_to, reply) = oneshot::channel();
        let arrival = Arrival { scope: *scope, target, queued_at: Instant::now(), origin: Origin::current() };
        let (change, shared_ticket) = (change.clone(), Arc::clone(&ticket));
        let queued = Queued { arrival, change, request, ticket: shared_ticket, reply_to };
        let outcome = match self.queue.submit(kind(queued)) {
            Ok(()) => timeout_at(end.at, reply).await.unwrap_or(Ok(timed_out(&ticket, end.limit))),
            Err(fault) => Ok(Err(fault.into())),
        };
        let outcome = outcome.unwrap_or_else(|_| timed_out(&ticket, end.limit));
        count::<R>(&outcome);
        outcome
    }

    /// Finds the member and the occurrence of a registration, under which its cancellation queues.
    async fn target(&self, scope: &TenantScope, request: &CancelRequest) -> Outcome<Target> {
        let filter = doc! { "_id": request.registration.to_string() };
        let found: Option<RegistrationDocument> = self
            .database
            .collection(scope, &schema::REGISTRATIONS)
            .find_one(filter)
            .await
            .map_err(Fault::from)?;
        let Some(document) = found else {
            let key = LaneKey::UnknownRegistration(request.registration);
            return Ok(Target { member: request.caller(), key });
        };
        let registration =
            Registration::try_from(document).map_err(|error| Fault::from(StorageError::from(error)))?;
        Ok(Target { member: registration.member, key: LaneKey::Occurrence(registration.occurrence) })
    }
}

/// The outcome of a request without a reply.
fn timed_out<T>(ticket: &Ticket, limit: TimeLimit) -> Outcome<T> {
    let fault = if ticket.abandon() { Fault::Unavailable } else { Fault::OutcomeUnknown };
    Err(fault(StorageError::from(limit).into()).into())
}

fn count<R: Operation>(outcome: &Outcome<R::Reply>) {
    match outcome {
        Ok(reply) => metrics::registration(R::NAME, R::result(reply), ""),
        Err(Failure::Refused(refusals)) => {
            let code = refusals.first().map_or("", |refusal| refusal.code().as_str());
            metrics::registration(R::NAME, "refused", code);
        }
        Err(Failure::Fault(fault)) => metrics::registration(R::NAME, "failed", fault.kind().code()),
    }
}

#[async_trait]
impl RegistrationBook for MongoRegistrationBook {
    async fn register(
        &self,
        scope: &TenantScope,
        request: RegisterRequest,
        change: &Change,
    ) -> Outcome<Registration> {
        let end = End::of_queue(self.settings.deadline, scope.deadline());
        let target = Target { member: request.member, key: LaneKey::Occurrence(request.occurrence) };
        self.submit(scope, change, request, target, QueuedRequest::Register, end).await
    }

    async fn cancel(
        &self,
        scope: &TenantScope,
        request: CancelRequest,
        change: &Change,
    ) -> Outcome<Cancelled> {
        let end = End::of_queue(self.settings.deadline, scope.deadline());
        let target = self.target(scope, &request).await?;
        self.submit(scope, change, request, target, QueuedRequest::Cancel, end).await
    }
}
