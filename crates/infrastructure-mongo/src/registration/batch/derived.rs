//! Derived occurrences: they are materialized when the first member registers.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use bson::doc;
use convene_application::{limits::STORED_OCCURRENCES, pace::Pace};
use convene_domain::{event::Event, id::EventId, occurrence::OccurrenceKey, time::Instant};

use super::room;
use crate::{
    documents::{Converted, event::EventDocument, ids::texts, occurrence::OccurrenceDocument},
    error::{Attempt, Interruption, StorageError},
    registration::seats::{OccurrenceSeats, Occurrences},
    schema,
    scoped::UpdateStatement,
    transaction::Transaction,
};

/// The occurrences that are not loaded by their ids.
#[derive(Default)]
pub(super) struct Unloaded {
    /// The current ids of those that are stored under another id, by the ids that were asked for.
    pub(super) current_ids: HashMap<OccurrenceKey, OccurrenceKey>,
    /// Those that their rules give, of events that have the maximum number of stored occurrences.
    pub(super) without_room: HashSet<OccurrenceKey>,
}

/// Adds the wanted occurrences that are not loaded: those that their event's rule gives, and those that are stored under
/// another id.
pub(super) async fn find(
    transaction: &mut Transaction<'_>,
    occurrences: &mut Occurrences,
    wanted: impl Iterator<Item = OccurrenceKey>,
    now: Instant,
) -> Attempt<Unloaded> {
    let mut missing: BTreeSet<OccurrenceKey> = wanted.filter(|&key| !occurrences.contains(key)).collect();
    let mut found = Unloaded::default();
    if missing.is_empty() {
        return Ok(found);
    }
    let events = events_of(transaction, &missing).await?;
    let organization = transaction.scope().organization();
    let mut derived: BTreeMap<EventId, Vec<OccurrenceKey>> = BTreeMap::new();
    missing.retain(|&key| {
        let event = events.get(&key.event);
        let Some(((event, materialized), origin)) =
            event.and_then(|known| Some((known, known.0.occurrence_at(key.original_start)?)))
        else {
            return true;
        };
        let document = OccurrenceDocument::from_rule(organization, event, origin, transaction.random());
        occurrences.insert(OccurrenceSeats::derived(key, document, event.version));
        // Fewer occurrences are stored than were ever materialized.
        if *materialized >= STORED_OCCURRENCES {
            derived.entry(key.event).or_default().push(key);
        }
        false
    });
    for (event, keys) in derived {
        let room = room::make(transaction, occurrences, event, keys.len(), now).await?;
        for key in keys.into_iter().skip(room) {
            occurrences.remove(key);
            found.without_room.insert(key);
        }
    }
    if missing.is_empty() {
        return Ok(found);
    }
    let by_text: HashMap<String, OccurrenceKey> = missing.iter().map(|key| (key.to_string(), *key)).collect();
    let filter = doc! { "formerIds": { "$in": by_text.keys().collect::<Vec<_>>() } };
    let stored: Vec<OccurrenceDocument> = transaction.collection(&schema::OCCURRENCES).find(filter).await?;
    for document in stored {
        let key = document.key()?;
        let asked = document.former_ids.iter().filter_map(|former| by_text.get(former));
        found.current_ids.extend(asked.map(|&former| (former, key)));
        if !occurrences.contains(key) {
            occurrences.insert(OccurrenceSeats::stored(document)?);
        }
    }
    Ok(found)
}

/// Reads the events of these occurrences, each with the number of occurrences that were ever materialized.
async fn events_of(
    transaction: &mut Transaction<'_>,
    keys: &BTreeSet<OccurrenceKey>,
) -> Attempt<HashMap<EventId, (Event, u64)>> {
    let ids: BTreeSet<EventId> = keys.iter().map(|key| key.event).collect();
    let filter = doc! { "_id": { "$in": texts(&ids) } };
    let found: Vec<EventDocument> = transaction.collection(&schema::EVENTS).find(filter).await?;
    let mut events = HashMap::with_capacity(found.len());
    let mut pace = Pace::default();
    for document in found {
        pace.steps(document.steps()).await;
        let materialized = document.materialized;
        let event = Event::try_from(document)?;
        events.insert(event.id, (event, materialized));
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
        Err(Interruption::Retry(StorageError::Outdated("the event of an occurrence")))
    }
}
