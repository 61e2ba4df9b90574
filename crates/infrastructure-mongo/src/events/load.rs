//! Reads events and occurrences within a transaction.

use std::{
    collections::{BTreeMap, HashSet},
    ops::Range,
};

use bson::{Document, doc};
use convene_application::{
    editing::ChangedAhead,
    failure::{Field, Refusal},
    pace::Pace,
};
use convene_domain::{
    event::Event,
    id::EventId,
    occurrence::{OccurrenceKey, OccurrenceStatus, Resolved, StoredOccurrence},
    time::Instant,
};
use serde::Deserialize;

use crate::{
    documents::{
        convert::date,
        event::EventDocument,
        ids::{occurrences_of, read_id, read_ids, texts},
        occurrence::OccurrenceDocument,
        read_in_parts,
    },
    error::Attempt,
    schema,
    scoped::Query,
    transaction::Transaction,
};

/// The number of occurrences that one command deletes.
const DELETED_AT_ONCE: usize = 5_000;

/// The number of ids that one command looks for.
const FOUND_AT_ONCE: usize = 1_000;

/// Reads an event. The refusal names the field that referred to it.
pub(super) async fn event(transaction: &mut Transaction<'_>, id: EventId, field: Field) -> Attempt<Event> {
    let filter = doc! { "_id": id.to_string() };
    let found: Option<EventDocument> = transaction.collection(&schema::EVENTS).find_one(filter).await?;
    Ok(Event::try_from(found.ok_or_else(|| Refusal::not_found(field))?)?)
}

/// Reads an event, but none that is being deleted.
pub(super) async fn present_event(
    transaction: &mut Transaction<'_>,
    id: EventId,
    field: Field,
) -> Attempt<Event> {
    let found = find_present_event(transaction, id).await?;
    Ok(found.ok_or_else(|| Refusal::not_found(field))?)
}

/// Finds an event, but none that is being deleted.
pub(super) async fn find_present_event(
    transaction: &mut Transaction<'_>,
    id: EventId,
) -> Attempt<Option<Event>> {
    let filter = doc! { "_id": id.to_string(), "isDeleting": { "$ne": true } };
    let found: Option<EventDocument> = transaction.collection(&schema::EVENTS).find_one(filter).await?;
    Ok(found.map(Event::try_from).transpose()?)
}

/// Reads an event that is to be changed, as [`present_event`] does. Verifies that no large change of it is under way.
pub(super) async fn settled_event(
    transaction: &mut Transaction<'_>,
    id: EventId,
    field: Field,
) -> Attempt<Event> {
    let event = present_event(transaction, id, field).await?;
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
    untouched.extend(OccurrenceDocument::untouched());
    loop {
        let query = Query::from(untouched.clone()).limited(DELETED_AT_ONCE);
        let deleted: Vec<OccurrenceKey> =
            transaction.collection(&schema::OCCURRENCES).delete_found(query).await?;
        if deleted.len() < DELETED_AT_ONCE {
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
    Ok(read_in_parts(found).await?)
}

/// Reads the stored occurrences of the event that have not begun, or whose original start is ahead, and those whose date an edit
/// moved into the past, or which by the current schedule passed while they were cancelled, or began at a time of their own.
pub(super) async fn occurrences_to_edit(
    transaction: &mut Transaction<'_>,
    event: &Event,
    now: Instant,
) -> Attempt<Vec<StoredOccurrence>> {
    let mut occurrences = occurrences_ahead(transaction, event.id, now).await?;
    let mut cancelled = doc! { "status": OccurrenceStatus::Cancelled.as_str(), "isDropped": { "$ne": true } };
    let mut elsewhere = doc! { "exception.startsAt": { "$exists": true }, "isDropped": { "$ne": true } };
    if let Some(earlier) = event.earlier.last() {
        let until = doc! { "$gt": date(earlier.until) };
        cancelled.insert("originalStart", until.clone());
        elsewhere.insert("$or", [doc! { "originalStart": until.clone() }, doc! { "startsAt": until }]);
    }
    let begun = doc! {
        "event": event.id.to_string(),
        "startsAt": { "$lte": date(now) },
        "$or": [{ "originalStart": { "$gt": date(now) } }, { "hasPassed": true }, cancelled, elsewhere],
    };
    let found: Vec<OccurrenceDocument> = transaction.collection(&schema::OCCURRENCES).find(begun).await?;
    occurrences.extend(read_in_parts::<_, StoredOccurrence>(found).await?);
    Ok(occurrences)
}

/// Reads the ids of other events that occurrences of the event had before, and that no stored occurrence has, with the versions of
/// these.
pub(super) async fn ids_of_others(
    transaction: &mut Transaction<'_>,
    event: EventId,
) -> Attempt<BTreeMap<OccurrenceKey, u32>> {
    let Range { start: first, end } = occurrences_of(event);
    // A series that moved often has many former ids of its own.
    let filter = doc! {
        "event": event.to_string(),
        "formerIds": { "$exists": true, "$elemMatch": { "$not": { "$gt": &first, "$lt": &end } } },
    };
    let of_event = doc! { "$and": [{ "$gt": ["$$this", first] }, { "$lt": ["$$this", end] }] };
    let mut former = former_of(transaction, filter, doc! { "$not": [of_event] }).await?;
    let stored = stored_keys(transaction, &former.keys().copied().collect::<Vec<_>>()).await?;
    former.retain(|key, _| !stored.contains(key));
    Ok(former)
}

/// Reads the ids of the event that occurrences had before, also those of other events, with the versions of these.
pub(super) async fn former_versions(
    transaction: &mut Transaction<'_>,
    event: EventId,
) -> Attempt<BTreeMap<OccurrenceKey, u32>> {
    let Range { start: first, end } = occurrences_of(event);
    let filter = doc! { "formerIds": { "$exists": true, "$elemMatch": { "$gt": &first, "$lt": &end } } };
    let of_event = doc! { "$and": [{ "$gt": ["$$this", first] }, { "$lt": ["$$this", end] }] };
    former_of(transaction, filter, of_event).await
}

/// Reads those of the former ids that meet a condition, of the occurrences that pass the filter, each with the highest version of an
/// occurrence that had it.
async fn former_of(
    transaction: &mut Transaction<'_>,
    filter: Document,
    condition: Document,
) -> Attempt<BTreeMap<OccurrenceKey, u32>> {
    let (mut versions, mut pace) = (BTreeMap::<OccurrenceKey, u32>::new(), Pace::default());
    for Former { former_ids, version, .. } in formers(transaction, filter, condition).await? {
        pace.steps(1 + former_ids.len()).await;
        for key in former_ids {
            let highest = versions.entry(key).or_default();
            *highest = (*highest).max(version);
        }
    }
    Ok(versions)
}

/// Reads the former ids of those of the occurrences that have some, oldest first.
pub(super) async fn former_ids(
    transaction: &mut Transaction<'_>,
    keys: &[OccurrenceKey],
) -> Attempt<Vec<(OccurrenceKey, Vec<OccurrenceKey>)>> {
    let (mut found, mut pace) = (Vec::new(), Pace::default());
    for keys in keys.chunks(FOUND_AT_ONCE) {
        let these = doc! { "_id": { "$in": texts(keys) }, "formerIds": { "$exists": true } };
        for Former { id, former_ids, .. } in formers(transaction, these, doc! { "$literal": true }).await? {
            pace.steps(1 + former_ids.len()).await;
            found.push((id, former_ids));
        }
    }
    Ok(found)
}

/// The former ids of an occurrence.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Former {
    #[serde(rename = "_id", deserialize_with = "read_id")]
    id: OccurrenceKey,
    #[serde(deserialize_with = "read_ids")]
    former_ids: Vec<OccurrenceKey>,
    version: u32,
}

/// Reads those of the former ids that meet a condition, of the occurrences that pass the filter.
async fn formers(
    transaction: &mut Transaction<'_>,
    filter: Document,
    condition: Document,
) -> Attempt<Vec<Former>> {
    let some = doc! { "$filter": { "input": "$formerIds", "cond": condition } };
    let query = Query::from(filter).projected(doc! { "formerIds": some, "version": 1 });
    Ok(transaction.collection(&schema::OCCURRENCES).find(query).await?)
}

/// Counts the occurrences of the event that organizers changed and whose original start is ahead, whether they have begun or not.
pub(super) async fn changed_ahead(
    transaction: &mut Transaction<'_>,
    event: EventId,
    now: Instant,
) -> Attempt<ChangedAhead> {
    let from = OccurrenceKey { event, original_start: now };
    let mut exceptions = doc! { "_id": { "$gt": from.to_string(), "$lt": occurrences_of(event).end } };
    let mut versions = exceptions.clone();
    exceptions.extend(doc! { "revision": { "$exists": true }, "exception": { "$ne": null } });
    versions.extend(OccurrenceDocument::for_version());
    let exceptions = transaction.collection(&schema::OCCURRENCES).count(exceptions).await?;
    let versions = transaction.collection(&schema::OCCURRENCES).count(versions).await?;
    Ok(ChangedAhead { exceptions, versions })
}

/// The filter for the occurrences of the event that have not begun.
pub(super) fn ahead(event: EventId, now: Instant) -> Document {
    doc! { "event": event.to_string(), "startsAt": { "$gt": date(now) } }
}

/// Finds those of the keys that stored occurrences have.
pub(super) async fn stored_keys(
    transaction: &mut Transaction<'_>,
    keys: &[OccurrenceKey],
) -> Attempt<HashSet<OccurrenceKey>> {
    let mut stored = HashSet::new();
    for keys in keys.chunks(FOUND_AT_ONCE) {
        let these = doc! { "_id": { "$in": texts(keys) } };
        let found: Vec<OccurrenceKey> = transaction.collection(&schema::OCCURRENCES).ids(these).await?;
        stored.extend(found);
    }
    Ok(stored)
}

/// Reads an occurrence that is to be changed, and its event, as [`occurrence`] and [`settled_event`] do.
pub(super) async fn settled_occurrence(
    transaction: &mut Transaction<'_>,
    key: OccurrenceKey,
) -> Attempt<(Event, LoadedOccurrence)> {
    let (event, found) = occurrence(transaction, key).await?;
    let event = settled_event(transaction, event.id, Field::OccurrenceId).await?;
    Ok((event, found))
}

/// An occurrence, stored or derived.
pub(super) struct LoadedOccurrence {
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
) -> Attempt<(Event, LoadedOccurrence)> {
    match resolve(transaction, key).await?.ok_or_else(|| Refusal::not_found(Field::OccurrenceId))? {
        Resolved::Stored(document) => {
            let stored = StoredOccurrence::try_from(document)?;
            let event = event(transaction, stored.key.event, Field::OccurrenceId).await?;
            Ok((event, LoadedOccurrence { stored, derived: None }))
        }
        Resolved::Derived(date) => {
            let event = event(transaction, key.event, Field::OccurrenceId).await?;
            let organization = transaction.scope().organization();
            let derived = OccurrenceDocument::from_rule(organization, &event, date, transaction.random());
            let stored = StoredOccurrence::from_rule(&event, date);
            Ok((event, LoadedOccurrence { stored, derived: Some(derived) }))
        }
    }
}

/// Finds the occurrence that an id denotes.
pub(super) async fn resolve(
    transaction: &mut Transaction<'_>,
    key: OccurrenceKey,
) -> Attempt<Option<Resolved<OccurrenceDocument>>> {
    let id = key.to_string();
    let either = doc! { "$or": [{ "_id": &id }, { "formerIds": &id }] };
    let found: Vec<OccurrenceDocument> = transaction.collection(&schema::OCCURRENCES).find(either).await?;
    let event: Option<EventDocument> = match found.iter().any(|document| document.id == id) {
        true => None,
        false => {
            let filter = doc! { "_id": key.event.to_string() };
            transaction.collection(&schema::EVENTS).find_one(filter).await?
        }
    };
    let event = event.map(Event::try_from).transpose()?;
    let mut keyed = Vec::with_capacity(found.len());
    for document in found {
        keyed.push((document.key()?, document));
    }
    Ok(key.resolve(event.as_ref(), keyed))
}
