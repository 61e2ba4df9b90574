//! Reads events and occurrences within a transaction.

use bson::{Document, doc};
use convene_application::failure::{Field, Refusal};
use convene_domain::{
    event::Event,
    id::EventId,
    occurrence::{OccurrenceKey, StoredOccurrence},
    time::Instant,
};

use crate::{
    documents::{convert::date, event::EventDocument, occurrence::OccurrenceDocument, read_all},
    error::Attempt,
    schema,
    scoped::Query,
    transaction::Transaction,
};

/// Reads an event. The refusal names the field that referred to it.
pub(super) async fn event(transaction: &mut Transaction<'_>, id: EventId, field: Field) -> Attempt<Event> {
    let filter = doc! { "_id": id.to_string() };
    let found: Option<EventDocument> = transaction.collection(&schema::EVENTS).find_one(filter).await?;
    Ok(Event::try_from(found.ok_or_else(|| Refusal::not_found(field))?)?)
}

/// Reads the stored occurrences of the event that have not begun.
pub(super) async fn occurrences_ahead(
    transaction: &mut Transaction<'_>,
    event: EventId,
    now: Instant,
) -> Attempt<Vec<StoredOccurrence>> {
    let query = Query::from(ahead(event, now)).sorted(doc! { "startsAt": 1 });
    let found: Vec<OccurrenceDocument> = transaction.collection(&schema::OCCURRENCES).find(query).await?;
    Ok(read_all(found)?)
}

/// The filter for the occurrences of the event that have not begun.
pub(super) fn ahead(event: EventId, now: Instant) -> Document {
    doc! { "event": event.to_string(), "startsAt": { "$gt": date(now) } }
}

/// An occurrence, stored or derived.
pub(super) struct Found {
    pub(super) stored: StoredOccurrence,
    /// The document of a derived occurrence, which must be stored before anything refers to it.
    pub(super) derived: Option<OccurrenceDocument>,
}

/// Reads the occurrence with this current or former id, and its event.
///
/// # Errors
/// `NotFound` on `occurrenceId` if it is neither stored nor given by the event's rule.
pub(super) async fn occurrence(
    transaction: &mut Transaction<'_>,
    key: OccurrenceKey,
) -> Attempt<(Event, Found)> {
    if let Some(document) = stored(transaction, key).await? {
        let stored = StoredOccurrence::try_from(document)?;
        let event = event(transaction, stored.key.event, Field::OccurrenceId).await?;
        return Ok((event, Found { stored, derived: None }));
    }
    let event = event(transaction, key.event, Field::OccurrenceId).await?;
    let derived = event.occurrence_at(key.original_start);
    let derived = derived.ok_or_else(|| Refusal::not_found(Field::OccurrenceId))?;
    let derived = OccurrenceDocument::from_rule(
        transaction.scope().organization(),
        &event,
        derived,
        transaction.random(),
    );
    let stored = StoredOccurrence::try_from(derived.clone())?;
    Ok((event, Found { stored, derived: Some(derived) }))
}

/// Reads the occurrence that is stored under this current or former id.
pub(super) async fn stored(
    transaction: &mut Transaction<'_>,
    key: OccurrenceKey,
) -> Attempt<Option<OccurrenceDocument>> {
    let id = key.to_string();
    let either = doc! { "$or": [{ "_id": &id }, { "formerIds": &id }] };
    let found: Vec<OccurrenceDocument> = transaction.collection(&schema::OCCURRENCES).find(either).await?;
    let (mut current, mut former): (Vec<_>, Vec<_>) = found.into_iter().partition(|one| one.id == id);
    Ok(current.pop().or_else(|| former.pop()))
}
