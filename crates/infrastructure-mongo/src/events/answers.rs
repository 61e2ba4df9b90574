//! What changes of events answer with, to be noted down under an idempotency key.

use async_trait::async_trait;
use convene_application::ports::Changed;
use convene_domain::{
    event::Event,
    id::EventId,
    occurrence::{Occurrence, OccurrenceKey},
};

use super::load;
use crate::{
    change::Answer, documents::idempotency::ResultDocument, error::Attempt, transaction::Transaction,
};

#[async_trait]
impl Answer for Event {
    fn note(&self) -> ResultDocument {
        ResultDocument::of(self.id)
    }

    async fn recall(transaction: &mut Transaction<'_>, note: &ResultDocument) -> Attempt<Self> {
        load::event(transaction, note.subject_as(EventId::parse)?, "eventId").await
    }
}

#[async_trait]
impl Answer for EventId {
    fn note(&self) -> ResultDocument {
        ResultDocument::of(self)
    }

    async fn recall(_: &mut Transaction<'_>, note: &ResultDocument) -> Attempt<Self> {
        Ok(note.subject_as(Self::parse)?)
    }
}

#[async_trait]
impl Answer for Changed<Event> {
    fn note(&self) -> ResultDocument {
        ResultDocument::of(self.now.id).counting(self.cancelled_registrations)
    }

    async fn recall(transaction: &mut Transaction<'_>, note: &ResultDocument) -> Attempt<Self> {
        let now = Event::recall(transaction, note).await?;
        Ok(Self { now, cancelled_registrations: note.counted()? })
    }
}

#[async_trait]
impl Answer for Changed<Occurrence> {
    fn note(&self) -> ResultDocument {
        ResultDocument::of(self.now.key).counting(self.cancelled_registrations)
    }

    async fn recall(transaction: &mut Transaction<'_>, note: &ResultDocument) -> Attempt<Self> {
        let key = note.subject_as(OccurrenceKey::parse)?;
        let (event, occurrence) = load::occurrence(transaction, key).await?;
        let now = Occurrence::stored(&event, &occurrence.stored);
        Ok(Self { now, cancelled_registrations: note.counted()? })
    }
}
