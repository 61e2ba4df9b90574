//! Writes events within a transaction.

use bson::{Bson, Document, doc};
use convene_domain::{
    event::{Event, EventStatus, RegistrationPolicy},
    id::EventId,
    occurrence::StoredOccurrence,
    time::Instant,
};

use super::load::ahead;
use crate::{
    documents::{convert::date, event::EventDocument, occurrence::OccurrenceDocument},
    error::{Attempt, Interruption},
    schema,
    scoped::Query,
    transaction::Transaction,
};

/// The number of occurrences that one command cancels.
const CLOSED_AT_ONCE: usize = 2_000;

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

/// Stores occurrences for their versions, as if an organizer had changed them: dates that come back, and dropped ones.
pub(super) async fn store_returned(
    transaction: &mut Transaction<'_>,
    event: &Event,
    returned: &[StoredOccurrence],
    revision: i64,
) -> Attempt<()> {
    let organization = transaction.scope().organization();
    let document = |occurrence| {
        OccurrenceDocument::returned(organization, occurrence, &event.policy, revision, transaction.random())
    };
    let documents: Vec<OccurrenceDocument> = returned.iter().map(document).collect();
    transaction.collection(&schema::OCCURRENCES).insert_all(&documents).await?;
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
