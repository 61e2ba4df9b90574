//! The stored results of changes of events.

use async_trait::async_trait;
use convene_application::{failure::Field, ports::Changed};
use convene_domain::{
    event::Event,
    id::EventId,
    occurrence::{Occurrence, OccurrenceKey},
};

use super::load;
use crate::{
    change::StoredResult, documents::idempotency::ResultDocument, error::Attempt, transaction::Transaction,
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
impl StoredResult for EventId {
    fn to_document(&self) -> ResultDocument {
        ResultDocument::of(self)
    }

    async fn load(_: &mut Transaction<'_>, stored: &ResultDocument) -> Attempt<Self> {
        Ok(stored.subject_as(Self::parse)?)
    }
}

#[async_trait]
impl StoredResult for Changed<Event> {
    fn to_document(&self) -> ResultDocument {
        ResultDocument::of(self.now.id).counting(self.cancelled_registrations)
    }

    async fn load(transaction: &mut Transaction<'_>, stored: &ResultDocument) -> Attempt<Self> {
        let now = Event::load(transaction, stored).await?;
        Ok(Self { now, cancelled_registrations: stored.counted()? })
    }
}

#[async_trait]
impl StoredResult for Changed<Occurrence> {
    fn to_document(&self) -> ResultDocument {
        ResultDocument::of(self.now.key).counting(self.cancelled_registrations)
    }

    async fn load(transaction: &mut Transaction<'_>, stored: &ResultDocument) -> Attempt<Self> {
        let key = stored.subject_as(OccurrenceKey::parse)?;
        let (event, occurrence) = load::occurrence(transaction, key).await?;
        let now = Occurrence::stored(&event, &occurrence.stored);
        Ok(Self { now, cancelled_registrations: stored.counted()? })
    }
}
