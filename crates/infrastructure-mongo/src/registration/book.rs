//! The port that gives out seats and takes them back.
//!
//! A transaction for each call would drown in write conflicts as soon as many want the same occurrence. So calls
//! are merged: a [dispatcher](super::queue) has [one transaction](super::batch) done for what has queued while the last ones were in flight, or
//! a share of it. Few are in flight at a time, and no two of them are about the same member or occurrence,
//! so that a process does not get in its own way; between processes the database arbitrates.
//!
//! - in order of arrival: the queue is first come, first served, and so is a batch
//! - what the last transactions left is [remembered](super::cache), and not looked up again while it seems to fit
//! - every caller has a deadline, and learns whether something may have happened by then

use std::sync::Arc;

use async_trait::async_trait;
use bson::doc;
use convene_application::{
    caller::TenantScope,
    change::Change,
    failure::{Fault, Outcome},
    ports::{CancelRequest, Cancelled, RegisterRequest, RegistrationBook},
};
use convene_domain::{id::MemberId, registration::Registration};
use tokio::{
    sync::oneshot,
    time::{Instant, timeout_at},
};

use super::{
    document::RegistrationDocument,
    queue::{Answer, Entry, Queue, Ticket, Wish},
    seats::Guards,
    settings::BookSettings,
};
use crate::{database::Database, error::StorageError, schema};

/// The book of one process. There may be any number of processes on one database.
///
/// What was queued is answered even if it is dropped.
pub struct MongoRegistrationBook {
    database: Database,
    queue: Queue,
    settings: BookSettings,
}

impl MongoRegistrationBook {
    /// Opens the book; must be called within a Tokio runtime, which its transactions run on.
    pub(crate) fn start(database: Database, settings: BookSettings, guards: Guards) -> Self {
        let queue = Queue::open(database.clone(), settings, guards);
        Self { database, queue, settings }
    }

    /// Queues a wish and waits for what becomes of it.
    async fn ask(
        &self,
        scope: &TenantScope,
        change: &Change,
        (member, occurrence): (MemberId, String),
        wish: Wish,
        deadline: Instant,
    ) -> Outcome<Answer> {
        let ticket = Arc::new(Ticket::default());
        let (answer, answered) = oneshot::channel();
        self.queue.submit(Entry {
            scope: *scope,
            change: change.clone(),
            member,
            occurrence,
            wish,
            ticket: Arc::clone(&ticket),
            answer,
        })?;
        let silence = match timeout_at(deadline, answered).await {
            Ok(Ok(answer)) => return answer,
            // The batch broke off without a word.
            Ok(Err(_)) | Err(_) => StorageError::TimedOut(self.settings.deadline),
        };
        let fault = if ticket.abandon() { Fault::Unavailable } else { Fault::OutcomeUnknown };
        Err(fault(silence.into()).into())
    }

    /// The occurrence and the member of a registration, to know where to queue. Who asks for what does not exist
    /// queues too: what their key was used for is found out there.
    async fn whose(&self, scope: &TenantScope, order: &CancelRequest) -> Outcome<(MemberId, String)> {
        let filter = doc! { "_id": order.registration.to_string() };
        let found: Option<RegistrationDocument> = self
            .database
            .collection(scope, &schema::REGISTRATIONS)
            .find_one(filter)
            .await
            .map_err(Fault::from)?;
        let Some(document) = found else { return Ok((order.caller, order.registration.to_string())) };
        let registration =
            Registration::try_from(&document).map_err(|error| Fault::from(StorageError::from(error)))?;
        Ok((registration.member, document.occurrence))
    }
}

#[async_trait]
impl RegistrationBook for MongoRegistrationBook {
    async fn register(
        &self,
        scope: &TenantScope,
        order: RegisterRequest,
        change: &Change,
    ) -> Outcome<Registration> {
        let deadline = Instant::now() + self.settings.deadline;
        let place = (order.member, order.occurrence.to_string());
        match self.ask(scope, change, place, Wish::Register(order), deadline).await? {
            Answer::Registered(registration) => Ok(registration),
            Answer::Cancelled(_) => {
                Err(Fault::internal("a registration was answered as a cancellation").into())
            }
        }
    }

    async fn cancel(&self, scope: &TenantScope, order: CancelRequest, change: &Change) -> Outcome<Cancelled> {
        let deadline = Instant::now() + self.settings.deadline;
        let place = self.whose(scope, &order).await?;
        match self.ask(scope, change, place, Wish::Cancel(order), deadline).await? {
            Answer::Cancelled(cancelled) => Ok(*cancelled),
            Answer::Registered(_) => {
                Err(Fault::internal("a cancellation was answered as a registration").into())
            }
        }
    }
}
