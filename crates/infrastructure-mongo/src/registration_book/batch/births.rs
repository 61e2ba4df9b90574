//! Occurrences that exist as a rule only, until somebody takes the first seat.

use std::collections::{BTreeMap, HashMap};

use bson::doc;
use convene_application::ports::{ProvenOccurrence, RegistrationOrder};
use convene_domain::event::Event;

use super::Numbered;
use crate::{
    documents::{event::EventDocument, occurrence::OccurrenceDocument},
    error::{Attempt, Interruption, StorageError},
    schema,
    scoped::UpdateStatement,
    seats::{Tallies, Tally},
    transaction::Transaction,
};

/// Adds those occurrences that are not stored but that their event, as it is now, gives.
pub(super) async fn find(
    transaction: &mut Transaction<'_>,
    tallies: &mut Tallies,
    registering: &[Numbered<'_, RegistrationOrder>],
) -> Attempt<()> {
    let mut unborn: BTreeMap<String, &ProvenOccurrence> = BTreeMap::new();
    for call in registering {
        let proven = &call.wish.occurrence;
        let id = proven.key.to_string();
        // What was known to be stored and is not any more is gone, even if the rule had it again.
        if proven.origin.is_some() && !tallies.contains(&id) {
            unborn.insert(id, proven);
        }
    }
    if unborn.is_empty() {
        return Ok(());
    }
    let ids: Vec<String> = unborn.values().map(|proven| proven.key.event.to_string()).collect();
    let filter = doc! { "_id": { "$in": ids } };
    let found: Vec<EventDocument> = transaction.collection(&schema::EVENTS).find(filter).await?;
    let mut events = HashMap::new();
    for document in found {
        let event = Event::try_from(document)?;
        events.insert(event.id, event);
    }
    let organization = transaction.scope().organization();
    for proven in unborn.values() {
        let Some(event) = events.get(&proven.key.event) else { continue };
        // The proof holds for the version that it was made with; an edit since then calls for another.
        let origin = if event.version == proven.event.version {
            proven.origin
        } else {
            event.series.occurrence_at(proven.key.original_start)
        };
        if let Some(origin) = origin {
            let born = OccurrenceDocument::born(organization, event, origin);
            tallies.insert(Tally::unborn(born, event.version));
        }
    }
    Ok(())
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
        let message = String::from("an event changed within a snapshot");
        Err(Interruption::Again(StorageError::Statement { index: 0, code: 0, message }))
    }
}
