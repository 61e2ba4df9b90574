//! The stored results of changes of events.

use std::fmt::Display;

use async_trait::async_trait;
use convene_application::{
    failure::Field,
    ports::{Changed, EventDeleted, EventRestored},
};
use convene_domain::{
    event::Event,
    id::{ActivityId, EventId, JobId},
    occurrence::{Occurrence, OccurrenceKey},
};

use super::load;
use crate::{
    change::StoredResult,
    documents::{
        dropped::DroppedDocument,
        idempotency::ResultDocument,
        job::{JobKind, JobProgress},
    },
    error::{Attempt, CorruptDocument},
    registration::seats::{Edited, with_ids},
    steps::{Accepted, Progressing},
    transaction::Transaction,
};

#[async_trait]
impl StoredResult for Event {
    fn to_document(&self) -> ResultDocument {
        ResultDocument::of(self.id)
    }

    async fn load(transaction: &mut Transaction<'_>, stored: &ResultDocument) -> Attempt<Self> {
        load::event(transaction, stored.subject_as(EventId::parse)?, Field::EventId).await
    }
}

#[async_trait]
impl StoredResult for EventRestored {
    fn to_document(&self) -> ResultDocument {
        let registrations = self.former_registrations.iter().map(|former| former.id.to_string()).collect();
        ResultDocument { registrations, ..ResultDocument::of(self.event.id) }
    }

    async fn load(transaction: &mut Transaction<'_>, stored: &ResultDocument) -> Attempt<Self> {
        Ok(Self {
            event: Event::load(transaction, stored).await?,
            former_registrations: with_ids(transaction, &stored.registrations).await?,
        })
    }
}

#[async_trait]
impl StoredResult for EventDeleted {
    fn to_document(&self) -> ResultDocument {
        ResultDocument::of(self.id)
    }

    async fn load(_: &mut Transaction<'_>, stored: &ResultDocument) -> Attempt<Self> {
        Ok(Self { id: stored.subject_as(EventId::parse)?, remaining_registrations: 0 })
    }
}

impl Progressing for EventDeleted {
    fn advance(&mut self, progress: JobProgress) {
        self.remaining_registrations = progress.remaining;
    }
}

impl<T> Progressing for Changed<T>
where
    Self: StoredResult,
{
    fn advance(&mut self, progress: JobProgress) {
        self.cancelled_registrations = self.cancelled_registrations.saturating_add(progress.done);
        self.promoted_registrations = self.promoted_registrations.saturating_add(progress.promoted);
        self.remaining_registrations = progress.remaining;
    }
}

/// The result of an edit. Begins the job that completes a large one.
pub(super) async fn accepted<T>(
    transaction: &mut Transaction<'_>,
    event: EventId,
    now: T,
    edited: Edited,
    job: JobId,
    cause: Option<ActivityId>,
) -> Attempt<Accepted<Changed<T>>> {
    let changed = Changed {
        moved_registrations: edited.moved,
        ..Changed::complete(now, edited.cancelled, transaction.promoted())
    };
    let Some(cause) = cause.filter(|_| edited.remaining > 0) else { return Ok(Accepted::complete(changed)) };
    transaction.begin_job(job, JobKind::CancelRegistrations(event), cause, edited.remaining).await?;
    let remaining_registrations = u32::try_from(edited.remaining).unwrap_or(u32::MAX);
    Ok(Accepted { result: Changed { remaining_registrations, ..changed }, job: Some(job) })
}

/// The stored result of a change, with its numbers of registrations.
fn with_counts<T>(subject: impl Display, changed: &Changed<T>) -> ResultDocument {
    ResultDocument::of(subject)
        .counting(changed.cancelled_registrations)
        .moving(changed.moved_registrations)
        .promoting(changed.promoted_registrations)
}

/// The result of a change, with its stored numbers of registrations.
fn counted<T>(now: T, stored: &ResultDocument) -> Attempt<Changed<T>> {
    let changed = Changed::complete(now, stored.counted()?, stored.promoted()?);
    Ok(Changed { moved_registrations: stored.moved()?, ..changed })
}

#[async_trait]
impl StoredResult for Changed<Event> {
    fn to_document(&self) -> ResultDocument {
        let dropped = self.dropped_exceptions.iter().map(DroppedDocument::from).collect();
        ResultDocument { dropped, ..with_counts(self.now.id, self) }
    }

    async fn load(transaction: &mut Transaction<'_>, stored: &ResultDocument) -> Attempt<Self> {
        let now = Event::load(transaction, stored).await?;
        let dropped: Result<Vec<Occurrence>, CorruptDocument> =
            stored.dropped.iter().map(Occurrence::try_from).collect();
        Ok(Self { dropped_exceptions: dropped?, ..counted(now, stored)? })
    }
}

#[async_trait]
impl StoredResult for Changed<Occurrence> {
    fn to_document(&self) -> ResultDocument {
        let event = Some(self.now.key.event.to_string());
        ResultDocument { event, ..with_counts(self.now.key, self) }
    }

    async fn load(transaction: &mut Transaction<'_>, stored: &ResultDocument) -> Attempt<Self> {
        if let Some(last) = stored.dropped.first() {
            let last = Occurrence::try_from(last)?;
            load::event(transaction, last.key.event, Field::OccurrenceId).await?;
            return counted(last, stored);
        }
        let key = stored.subject_as(OccurrenceKey::parse)?;
        let (event, occurrence) = load::occurrence(transaction, key).await?;
        counted(Occurrence::stored(&event, &occurrence.stored), stored)
    }
}
