//! Writes events within a transaction.

use std::collections::BTreeMap;

use bson::{Bson, Document, doc};
use convene_application::{limits::FORMER_IDS, pace::Pace};
use convene_domain::{
    event::{Event, EventStatus, RegistrationPolicy},
    id::EventId,
    occurrence::{OccurrenceKey, StoredOccurrence},
    time::Instant,
};

use super::load::ahead;
use crate::{
    documents::{convert::date, event::EventDocument, ids::texts, occurrence::OccurrenceDocument},
    error::{Attempt, Interruption},
    schema,
    scoped::{Query, UpdateStatement},
    transaction::Transaction,
};

/// The number of occurrences that one command cancels.
const CLOSED_AT_ONCE: usize = 2_000;

/// The number of occurrences that get former ids by one command.
const INHERITED_AT_ONCE: usize = 100;

/// The steps of making the document of an occurrence.
const STEPS_PER_DOCUMENT: usize = 10;

/// Stores a new event; a one-off event together with its occurrence.
pub(super) async fn insert(transaction: &mut Transaction<'_>, event: &Event, revision: i64) -> Attempt<()> {
    transaction.collection(&schema::EVENTS).insert(&EventDocument::new(event, revision)).await?;
    if !event.series.is_recurring()
        && let Some(derived) = event.series.occurrence_at(event.series.first_start())
    {
        let occurrence = OccurrenceDocument::from_rule(
            transaction.scope().organization(),
            event,
            derived,
            transaction.random(),
        );
        // An edit may have left the occurrence here already.
        let is_there = doc! { "_id": &occurrence.id };
        if transaction.collection(&schema::OCCURRENCES).count(is_there).await? == 0 {
            store_occurrence(transaction, &occurrence).await?;
        }
    }
    Ok(())
}

/// Stores an edited event. A transaction that materialized one of its occurrences meanwhile conflicts with this write.
pub(super) async fn replace(transaction: &mut Transaction<'_>, event: &Event, revision: i64) -> Attempt<()> {
    let fields = bson::serialize_to_document(&EventDocument::new(event, revision))?;
    // Everything else is replaced, so that no value remains which the event no longer has.
    let kept = doc! { "organization": "$organization", "materialized": "$materialized" };
    let whole = doc! { "$replaceWith": { "$mergeObjects": [{ "$literal": fields }, kept] } };
    let this = doc! { "_id": event.id.to_string() };
    transaction.collection(&schema::EVENTS).update_one(this, vec![whole]).await?;
    Ok(())
}

/// After a conflict, writes what registrations in other processes write, before the transaction reads it: the event, and those of its
/// occurrences that have not begun. Then these registrations fail and are repeated, and not the longer transaction at its end.
pub(super) async fn claim(transaction: &mut Transaction<'_>, event: EventId, now: Instant) -> Attempt<()> {
    if !transaction.has_conflicted() {
        return Ok(());
    }
    let this = doc! { "_id": event.to_string() };
    // A bound of the number of stored ones, which may be too large.
    let count = doc! { "$inc": { "materialized": 1_i64 } };
    transaction.collection(&schema::EVENTS).update_one(this, count).await?;
    claim_occurrences(transaction, ahead(event, now)).await
}

/// After a conflict, writes an occurrence before the transaction reads it, as [`claim`] does.
pub(super) async fn claim_occurrence(transaction: &mut Transaction<'_>, key: OccurrenceKey) -> Attempt<()> {
    if !transaction.has_conflicted() {
        return Ok(());
    }
    let id = key.to_string();
    claim_occurrences(transaction, doc! { "$or": [{ "_id": &id }, { "formerIds": &id }] }).await
}

async fn claim_occurrences(transaction: &mut Transaction<'_>, filter: Document) -> Attempt<()> {
    let set = vec![doc! { "$set": { "changeToken": other_tokens(transaction) } }];
    transaction.collection(&schema::OCCURRENCES).update_many(filter, set).await?;
    Ok(())
}

/// Materializes an occurrence.
pub(super) async fn store_occurrence(
    transaction: &mut Transaction<'_>,
    occurrence: &OccurrenceDocument,
) -> Attempt<()> {
    let inserted = transaction.collection(&schema::OCCURRENCES).insert(occurrence).await;
    inserted.map_err(|error| {
        // A concurrent registration materialized it: the retry will find it.
        if error.is_duplicate(None) { Interruption::Retry(error) } else { error.into() }
    })
}

/// Stores occurrences for their versions, as if an organizer had changed them: dates that come back, and dropped ones. Those that
/// inherit former ids need not be among them.
pub(super) async fn store_returned(
    transaction: &mut Transaction<'_>,
    event: &Event,
    returned: &[StoredOccurrence],
    mut inherited: BTreeMap<OccurrenceKey, Vec<OccurrenceKey>>,
    revision: i64,
) -> Attempt<()> {
    let (organization, policy) = (transaction.scope().organization(), &event.policy);
    let mut documents = Vec::with_capacity(returned.len());
    let mut pace = Pace::default();
    for occurrence in returned {
        pace.steps(STEPS_PER_DOCUMENT).await;
        let token = transaction.random();
        let mut document = OccurrenceDocument::returned(organization, occurrence, policy, revision, token);
        document.former_ids = inherited.remove(&occurrence.key).map_or_else(Vec::new, |ids| texts(&ids));
        documents.push(document);
    }
    transaction.collection(&schema::OCCURRENCES).insert_all(&documents).await?;
    let latest = i32::try_from(FORMER_IDS).map_or(i32::MIN, |number| -number);
    let statements = inherited.iter().map(|(heir, former)| {
        // Its own former ids are later ones.
        let first = doc! { "$each": texts(former), "$position": 0, "$slice": latest };
        let update = doc! { "$push": { "formerIds": first } };
        UpdateStatement { filter: doc! { "_id": heir.to_string() }, update: update.into(), many: false }
    });
    let statements: Vec<UpdateStatement> = statements.collect();
    for statements in statements.chunks(INHERITED_AT_ONCE) {
        transaction.collection(&schema::OCCURRENCES).update_in_order(statements.to_vec()).await?;
    }
    Ok(())
}

/// Applies the event's new policy to its stored occurrences that have not begun.
pub(super) async fn apply_policy(
    transaction: &mut Transaction<'_>,
    event: &Event,
    now: Instant,
) -> Attempt<()> {
    let RegistrationPolicy { opens, closes, cancellation_closes } = event.policy;
    let before_start = |lead: Option<convene_domain::duration::LeadTime>| {
        let milliseconds = lead.map_or(0, |lead| lead.get().whole_seconds().saturating_mul(1_000));
        Bson::from(doc! { "$subtract": ["$startsAt", milliseconds] })
    };
    let fields = doc! {
        "opensAt": opens.map_or(Bson::Null, |opens| before_start(Some(opens))),
        "closesAt": before_start(closes),
        "cancellationClosesAt": before_start(cancellation_closes),
        "changeToken": other_tokens(transaction),
    };
    let occurrences = &mut transaction.collection(&schema::OCCURRENCES);
    occurrences.update_many(ahead(event.id, now), vec![doc! { "$set": fields }]).await?;
    Ok(())
}

/// Marks the event as one that is being deleted, and cancels its upcoming occurrences, so that nobody registers any more.
pub(super) async fn close_for_deletion(
    transaction: &mut Transaction<'_>,
    event: EventId,
    revision: i64,
    now: Instant,
) -> Attempt<()> {
    let this = doc! { "_id": event.to_string() };
    let mark = doc! { "$set": { "isDeleting": true } };
    transaction.collection(&schema::EVENTS).update_one(this, mark).await?;
    let mut open = ahead(event, now);
    open.insert("status", EventStatus::Scheduled.as_str());
    loop {
        let query = Query::from(open.clone()).limited(CLOSED_AT_ONCE);
        let ids: Vec<String> = transaction.collection(&schema::OCCURRENCES).ids(query).await?;
        if !ids.is_empty() {
            let token = other_tokens(transaction);
            let status = EventStatus::Cancelled.as_str();
            let fields = doc! { "status": status, "changeToken": token, "revision": revision };
            let these = doc! { "_id": { "$in": &ids } };
            let set = vec![doc! { "$set": fields }];
            transaction.collection(&schema::OCCURRENCES).update_many(these, set).await?;
        }
        if ids.len() < CLOSED_AT_ONCE {
            return Ok(());
        }
    }
}

/// The expression for the change token of an occurrence that gets another one. Adding the same number to all tokens keeps
/// them different from each other. Each summand is halved so that the sum does not overflow.
fn other_tokens(transaction: &Transaction<'_>) -> Document {
    doc! { "$add": [{ "$mod": ["$changeToken", i64::MAX / 2] }, transaction.random() / 2] }
}

/// Marks the event's stored occurrences that have begun as exceptions of the edited event, so that they stay as they
/// were.
pub(super) async fn keep_begun(
    transaction: &mut Transaction<'_>,
    event: &Event,
    revision: i64,
    now: Instant,
) -> Attempt<()> {
    let begun = doc! {
        "event": event.id.to_string(),
        "startsAt": { "$lte": date(now) },
        "revision": { "$exists": false },
    };
    let mark = doc! { "$set": { "revision": revision } };
    transaction.collection(&schema::OCCURRENCES).update_many(begun, mark).await?;
    Ok(())
}
