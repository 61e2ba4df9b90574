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

/// The number of occurrences that one command deletes.
const DELETED_AT_ONCE: usize = 5_000;

/// Reads an event. The refusal names the field that referred to it.
pub(super) async fn event(transaction: &mut Transaction<'_>, id: EventId, field: Field) -> Attempt<Event> {
    let filter = doc! { "_id": id.to_string() };
    let found: Option<EventDocument> = transaction.collection(&schema::EVENTS).find_one(filter).await?;
    Ok(Event::try_from(found.ok_or_else(|| Refusal::not_found(field))?)?)
}

/// Reads an event that is to be changed: none that is being deleted. Verifies that no large change of it is under way.
pub(super) async fn settled_event(
    transaction: &mut Transaction<'_>,
    id: EventId,
    field: Field,
) -> Attempt<Event> {
    let filter = doc! { "_id": id.to_string(), "isDeleting": { "$ne": true } };
    let found: Option<EventDocument> = transaction.collection(&schema::EVENTS).find_one(filter).await?;
    let event = Event::try_from(found.ok_or_else(|| Refusal::not_found(field))?)?;
    transaction.verify_settled(id).await?;
    Ok(event)
}

/// Deletes the upcoming occurrences of a series that were only materialized by registrations and have none any more: the
/// rule derives them again, and there may be any number of them.
pub(super) async fn drop_untouched(
    transaction: &mut Transaction<'_>,
    event: &Event,
    now: Instant,
) -> Attempt<()> {
    if !event.series.is_recurring() {
        return Ok(());
    }
    let mut untouched = ahead(event.id, now);
    untouched.extend(doc! {
        "taken": 0, "waiting": 0, "revision": { "$exists": false }, "formerIds": { "$exists": false },
    });
    loop {
        let query = Query::from(untouched.clone()).limited(DELETED_AT_ONCE);
        let ids = transaction.collection(&schema::OCCURRENCES).ids(query).await?;
        if !ids.is_empty() {
            let these = doc! { "_id": { "$in": &ids } };
            transaction.collection(&schema::OCCURRENCES).delete_many(these).await?;
        }
        if ids.len() < DELETED_AT_ONCE {
            return Ok(());
        }
    }
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

/// Reads an occurrence that is to be changed, and its event, as [`occurrence`] and [`settled_event`] do.
pub(super) async fn settled_occurrence(
    transaction: &mut Transaction<'_>,
    key: OccurrenceKey,
) -> Attempt<(Event, Found)> {
    let (event, found) = occurrence(transaction, key).await?;
    let event = settled_event(transaction, event.id, Field::OccurrenceId).await?;
    Ok((event, found))
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
