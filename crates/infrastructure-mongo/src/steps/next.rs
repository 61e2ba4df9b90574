//! One step of a job: a transaction that takes the job forward, together with everything that it changes.

use std::time::Duration;

use bson::doc;
use convene_application::{
    caller::TenantScope,
    change::Change,
    failure::{Failure, Fault, Outcome},
};
use convene_domain::{
    activity::{Activity, Actor},
    id::JobId,
    time::Instant,
};
use futures::FutureExt;

use super::Work;
use crate::{
    database::Database,
    documents::{
        activity::ActivityDocument,
        convert::date,
        job::{JobDocument, Step},
    },
    error::Attempt,
    schema,
    transaction::Transaction,
};

/// The divisor of the size of a step after one that took too long.
const SIZE_DIVISOR: usize = 8;

/// The time for which the process of a step is assumed to carry out the next one: several times that of a step.
const ATTENDANCE: Duration = Duration::from_secs(10);

/// Carries out the next step, and a smaller one if the time was over. Returns `false` if nothing remains.
pub(crate) async fn next(
    database: &Database,
    scope: &TenantScope,
    job: JobId,
    now: Instant,
    work: Work,
) -> Outcome<bool> {
    let mut size = database.step_size();
    loop {
        let step = database
            .transact(scope, |transaction| carry_out_within(transaction, job, now, size, work).boxed());
        match step.await {
            Err(Failure::Fault(Fault::Unavailable(source))) if size > 1 => {
                tracing::debug!(error = %source, size, "repeating a step with fewer registrations");
                size = size.div_ceil(SIZE_DIVISOR);
            }
            outcome => return outcome,
        }
    }
}

/// Carries out the next step as a part of a transaction. Returns `false` if nothing remains.
pub(super) async fn carry_out_within(
    transaction: &mut Transaction<'_>,
    job: JobId,
    now: Instant,
    size: usize,
    work: Work,
) -> Attempt<bool> {
    // A concurrent step writes the job too, so that one of the two is run again after the other.
    let Some(job) = attend(transaction, job).await? else { return Ok(false) };
    let change = change_of(transaction, &job, now).await?;
    let promoted_before = transaction.promoted();
    let size = size.min(transaction.step_size());
    let step = work(transaction, &job, &change, size).await?;
    let promoted = transaction.promoted().saturating_sub(promoted_before);
    record(transaction, &job, step, promoted, &change).await?;
    Ok(!step.is_last)
}

/// Counts the step and reserves the next one for this process; `None` if the job is finished.
async fn attend(transaction: &mut Transaction<'_>, job: JobId) -> Attempt<Option<JobDocument>> {
    let seconds = i64::try_from(ATTENDANCE.as_secs()).unwrap_or(i64::MAX);
    let until = doc! { "$dateAdd": { "startDate": "$$NOW", "unit": "second", "amount": seconds } };
    let set = doc! { "$set": { "steps": { "$add": ["$steps", 1_i64] }, "attendedUntil": until } };
    let under_way = doc! { "_id": job.to_string(), "finishedAt": null };
    Ok(transaction.collection(&schema::JOBS).find_one_and_update(under_way, vec![set]).await?)
}

/// The context of a step: the actor and the request of the change, and the time of the step.
async fn change_of(transaction: &mut Transaction<'_>, job: &JobDocument, now: Instant) -> Attempt<Change> {
    let by_id = doc! { "_id": job.cause.to_string() };
    let found: Option<ActivityDocument> = transaction.collection(&schema::ACTIVITY).find_one(by_id).await?;
    let entry = found.map(Activity::try_from).transpose()?;
    let now = transaction.recorded_at(now);
    Ok(match entry {
        Some(Activity { at, actor, request_id, .. }) => {
            Change { actor, at: at.max(now), request_id, idempotency: None, is_dry_run: false }
        }
        // The entry has expired.
        None => {
            Change { actor: Actor::System, at: now, request_id: None, idempotency: None, is_dry_run: false }
        }
    })
}

/// Stores the progress.
async fn record(
    transaction: &mut Transaction<'_>,
    job: &JobDocument,
    step: Step,
    promoted: u32,
    change: &Change,
) -> Attempt<()> {
    let done = i64::try_from(step.done).unwrap_or(i64::MAX);
    let remaining = if step.is_last { 0 } else { job.remaining.saturating_sub(done).max(1) };
    let mut fields = doc! {
        "done": job.done.saturating_add(done),
        "promoted": job.promoted.saturating_add(promoted.into()),
        "remaining": remaining,
    };
    if step.is_last {
        fields.insert("finishedAt", date(change.at));
    }
    let this = doc! { "_id": job.id.to_string() };
    transaction.collection(&schema::JOBS).update_one(this, doc! { "$set": fields }).await?;
    Ok(())
}
