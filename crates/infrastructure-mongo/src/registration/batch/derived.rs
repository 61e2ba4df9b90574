//! Derived occurrences: they are materialized when the first member registers.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bson::doc;
use convene_domain::{event::Event, id::EventId, occurrence::OccurrenceKey};

use crate::{
    documents::{event::EventDocument, occurrence::OccurrenceDocument},
    error::{Attempt, Interruption, StorageError},
    registration::seats::{OccurrenceSeats, Occurrences},
    schema,
    scoped::UpdateStatement,
    transaction::Transaction,
};

/// Adds the wanted occurrences that are not loaded: those that their event's rule gives, and those that are stored under
/// another id. Returns the current ids of the latter by the ids that were asked for.
pub(super) async fn find(
    transaction: &mut Transaction<'_>,
    occurrences: &mut Occurrences,
    wanted: impl Iterator<Item = OccurrenceKey>,
) -> Attempt<HashMap<OccurrenceKey, OccurrenceKey>> {
    let mut missing: BTreeSet<OccurrenceKey> = wanted.filter(|&key| !occurrences.contains(key)).collect();
    if missing.is_empty() {
        return Ok(HashMap::new());
    }
    let events = events_of(transaction, &missing).await?;
    let organization = transaction.scope().organization();
    missing.retain(|&key| {
        let event = events.get(&key.event);
        let Some((event, derived)) =
            event.and_then(|event| Some((event, event.occurrence_at(key.original_start)?)))
        else {
            return true;
        };
        let document = OccurrenceDocument::from_rule(organization, event, derived, transaction.random());
        occurrences.insert(OccurrenceSeats::derived(key, document, event.version));
        false
    });
    if missing.is_empty() {
        return Ok(HashMap::new());
    }
    let by_text: HashMap<String, OccurrenceKey> = missing.iter().map(|key| (key.to_string(), *key)).collect();
    let filter = doc! { "formerIds": { "$in": by_text.keys().collect::<Vec<_>>() } };
    let found: Vec<OccurrenceDocument> = transaction.collection(&schema::OCCURRENCES).find(filter).await?;
    let mut current_ids = HashMap::new();
    for document in found {
        let key = document.key()?;
        let asked = document.former_ids.iter().filter_map(|former| by_text.get(former));
        current_ids.extend(asked.map(|&former| (former, key)));
        if !occurrences.contains(key) {
            occurrences.insert(OccurrenceSeats::stored(document)?);
        }
    }
    Ok(current_ids)
}

/// Reads the events of these occurrences.
async fn events_of(
    transaction: &mut Transaction<'_>,
    keys: &BTreeSet<OccurrenceKey>,
) -> Attempt<HashMap<EventId, Event>> {
    let ids: BTreeSet<EventId> = keys.iter().map(|key| key.event).collect();
    let filter = doc! { "_id": { "$in": ids.iter().map(ToString::to_string).collect::<Vec<_>>() } };
    let found: Vec<EventDocument> = transaction.collection(&schema::EVENTS).find(filter).await?;
    let mut events = HashMap::with_capacity(found.len());
    for document in found {
        let event = Event::try_from(document)?;
        events.insert(event.id, event);
    }
    Ok(events)
}

/// Writes the events of the occurrences that are materialized, so that a concurrent edit of an event conflicts with this
/// transaction: no occurrence is materialized from an outdated version.
pub(super) async fn conflict_with_edits(
    transaction: &mut Transaction<'_>,
    occurrences: &Occurrences,
) -> Attempt<()> {
    let mut by_event: BTreeMap<EventId, (u32, i64)> = BTreeMap::new();
    for (event, version) in occurrences.materialized() {
        by_event.entry(event).or_insert((version, 0)).1 += 1;
    }
    let expected = by_event.len();
    let statements = by_event
        .into_iter()
        .map(|(event, (version, count))| UpdateStatement {
            filter: doc! { "_id": event.to_string(), "version": version.cast_signed() },
            update: doc! { "$inc": { "materialized": count } }.into(),
            many: false,
        })
        .collect();
    let updated = transaction.collection(&schema::EVENTS).update_in_order(statements).await?;
    if usize::try_from(updated.matched) == Ok(expected) {
        Ok(())
    } else {
        Err(Interruption::Again(StorageError::Outdated("the event of an occurrence")))
    }
}
