//! Occurrences that exist as a rule only, until somebody takes the first seat.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bson::doc;
use convene_domain::{event::Event, id::EventId, occurrence::OccurrenceKey};

use crate::{
    documents::{event::EventDocument, occurrence::OccurrenceDocument},
    error::{Attempt, Interruption, StorageError},
    registration::seats::{Tallies, Tally},
    schema,
    scoped::UpdateStatement,
    transaction::Transaction,
};

/// Adds those occurrences that are not stored but that their event gives, and those that are stored but called
/// differently by now; what the latter are called is answered, by what they were called.
pub(super) async fn find(
    transaction: &mut Transaction<'_>,
    tallies: &mut Tallies,
    wanted: &[(&str, OccurrenceKey)],
) -> Attempt<HashMap<String, String>> {
    let mut missing: BTreeMap<&str, OccurrenceKey> =
        wanted.iter().copied().filter(|(id, _)| !tallies.contains(id)).collect();
    if missing.is_empty() {
        return Ok(HashMap::new());
    }
    let events = events_of(transaction, missing.values()).await?;
    let organization = transaction.scope().organization();
    missing.retain(|_, key| {
        let event = events.get(&key.event);
        let Some((event, origin)) =
            event.and_then(|event| Some((event, event.occurrence_at(key.original_start)?)))
        else {
            return true;
        };
        let born = OccurrenceDocument::born(organization, event, origin, transaction.random());
        tallies.insert(Tally::unborn(born, event.version));
        false
    });
    if missing.is_empty() {
        return Ok(HashMap::new());
    }
    let filter = doc! { "formerIds": { "$in": missing.keys().copied().collect::<Vec<_>>() } };
    let found: Vec<OccurrenceDocument> = transaction.collection(&schema::OCCURRENCES).find(filter).await?;
    let mut became = HashMap::new();
    for occurrence in found {
        let asked = occurrence.former_ids.iter().filter(|former| missing.contains_key(former.as_str()));
        became.extend(asked.map(|former| (former.clone(), occurrence.id.clone())));
        if !tallies.contains(&occurrence.id) {
            tallies.insert(Tally::stored(occurrence));
        }
    }
    Ok(became)
}

/// The events of these occurrences, as they are now.
async fn events_of(
    transaction: &mut Transaction<'_>,
    keys: impl Iterator<Item = &OccurrenceKey>,
) -> Attempt<HashMap<EventId, Event>> {
    let ids: BTreeSet<EventId> = keys.map(|key| key.event).collect();
    let filter = doc! { "_id": { "$in": ids.iter().map(ToString::to_string).collect::<Vec<_>>() } };
    let found: Vec<EventDocument> = transaction.collection(&schema::EVENTS).find(filter).await?;
    let mut events = HashMap::with_capacity(found.len());
    for document in found {
        let event = Event::try_from(document)?;
        events.insert(event.id, event);
    }
    Ok(events)
}

/// Writes the events of the occurrences that are born, so that an edit of the event at the same time conflicts with
/// this transaction: nothing is born from a version that is gone.
pub(super) async fn meet_edits(transaction: &mut Transaction<'_>, tallies: &Tallies) -> Attempt<()> {
    let mut births: BTreeMap<&str, (u32, i64)> = BTreeMap::new();
    for (event, version) in tallies.births() {
        births.entry(event).or_insert((version, 0)).1 += 1;
    }
    let expected = births.len();
    let statements = births
        .into_iter()
        .map(|(event, (version, count))| UpdateStatement {
            filter: doc! { "_id": event, "version": version.cast_signed() },
            update: doc! { "$inc": { "births": count } }.into(),
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
