use std::collections::{BTreeMap, BTreeSet};

use bson::doc;
use convene_application::{
    caller::TenantScope,
    change::Change,
    editing::dropped_versions,
    event::log,
    failure::{Field, Outcome},
    ports::EventDeleted,
};
use convene_domain::{event::Event, id::EventId, occurrence::OccurrenceKey, time::Instant};
use futures::FutureExt;

use super::{load, step, store};
use crate::{
    database::Database,
    documents::{
        event::EventDocument,
        ids::texts,
        job::{JobKind, Step},
    },
    error::Attempt,
    operation::Operation,
    registration::seats,
    schema,
    scoped::Query,
    steps::{Accepted, StepsOfEdit},
    transaction::Transaction,
};

/// Deletes an event without active registrations.
pub(super) async fn delete(
    database: &Database,
    scope: &TenantScope,
    id: EventId,
    change: &Change,
) -> Outcome<EventDeleted> {
    let steps = StepsOfEdit { operation: Operation::DeleteEvent, event: id, work: step };
    database.edit_in_steps(scope, change, steps, |transaction| begin(transaction, id, change).boxed()).await
}

/// Deletes the event, or closes it and begins a job that deletes it.
async fn begin(
    transaction: &mut Transaction<'_>,
    id: EventId,
    change: &Change,
) -> Attempt<Accepted<EventDeleted>> {
    let event = load::settled_event(transaction, id, Field::EventId).await?;
    let change = &transaction.recorded_after(event.updated_at, change);
    let cancelled = seats::count_cancelled(transaction, id).await?;
    let of_event = doc! { "event": id.to_string() };
    let occurrences = transaction.collection(&schema::OCCURRENCES).count(of_event).await?;
    let revision = transaction.next_revision(change.at).await?;
    let cause = transaction.log(change, log::deleted(&event));
    keep_versions(transaction, id, revision, change.at).await?;
    let size = transaction.step_size();
    if usize::try_from(cancelled + occurrences).is_ok_and(|documents| documents <= size) {
        // One more than there are, so that the event is deleted too.
        delete_part(transaction, id, change, size.saturating_add(1)).await?;
        return Ok(Accepted::complete(EventDeleted { id, remaining_registrations: 0 }));
    }
    store::replace(transaction, &event.cancelled(change.at), revision).await?;
    store::close_for_deletion(transaction, id, revision, change.at).await?;
    let job = transaction.new_job();
    transaction.begin_job(job, JobKind::DeleteEvent(id), cause, cancelled).await?;
    let remaining_registrations = u32::try_from(cancelled).unwrap_or(u32::MAX);
    Ok(Accepted { result: EventDeleted { id, remaining_registrations }, job: Some(job) })
}

/// Keeps the versions of occurrences that other events had before they were split: their ids can come back.
async fn keep_versions(
    transaction: &mut Transaction<'_>,
    deleted: EventId,
    revision: i64,
    now: Instant,
) -> Attempt<()> {
    let former = load::ids_of_others(transaction, deleted).await?;
    let others: BTreeSet<EventId> = former.keys().map(|key| key.event).collect();
    let ids = texts(&others);
    if ids.is_empty() {
        return Ok(());
    }
    let others = doc! { "_id": { "$in": ids }, "isDeleting": { "$ne": true } };
    let others: Vec<EventDocument> = transaction.collection(&schema::EVENTS).find(others).await?;
    for other in others {
        let other = Event::try_from(other)?;
        let kept = load::changed_ahead(transaction, other.id, now).await?.versions;
        let dropped = dropped_versions(&other, &former, kept, now);
        store::store_returned(transaction, &other, &dropped, BTreeMap::new(), revision).await?;
    }
    Ok(())
}

/// Deletes at most `size` registrations and occurrences of a closed event, and the event if it had no more of them.
pub(super) async fn delete_part(
    transaction: &mut Transaction<'_>,
    event: EventId,
    change: &Change,
    size: usize,
) -> Attempt<Step> {
    let done = seats::delete_registrations(transaction, event, size).await?;
    let of_event = Query::from(doc! { "event": event.to_string() }).limited(size - done);
    if done == size {
        return Ok(Step { done, is_last: false });
    }
    transaction.next_revision(change.at).await?;
    let keys: Vec<OccurrenceKey> =
        transaction.collection(&schema::OCCURRENCES).delete_found(of_event).await?;
    let deleted = keys.len();
    transaction.removed_exceptions(keys);
    let is_last = done + deleted < size;
    if is_last {
        transaction.collection(&schema::EVENTS).delete_one(doc! { "_id": event.to_string() }).await?;
        transaction.removed_event(event);
    }
    Ok(Step { done, is_last })
}
