//! The steps that a process carries out while the caller of the change waits.

use std::{fmt::Display, time::Duration};

use bson::doc;
use convene_application::{
    caller::TenantScope,
    failure::{Fault, Outcome},
};
use convene_domain::{
    id::{EventId, JobId, MemberId},
    time::Instant,
};
use futures::FutureExt;
use tokio::time;

use super::{Accepted, Work, next::next};
use crate::{
    change::StoredResult,
    database::Database,
    documents::{
        idempotency::ResultDocument,
        job::{JobDocument, JobProgress},
    },
    error::Attempt,
    schema,
    scoped::Query,
    transaction::Transaction,
};

/// The number of jobs about one subject that are completed before a change of it.
const MAX_JOBS: usize = 10;

/// The registrations that remain for jobs which a change completes first, and the time for it. A change that would wait longer is
/// refused at once.
pub const MAX_REMAINING: i64 = 2_000;
const SOON: Duration = Duration::from_secs(1);

/// A result that states the progress of a large change.
pub(crate) trait Progressing: StoredResult {
    /// Adds what the steps of the job have done, and states what remains.
    fn advance(&mut self, progress: JobProgress);
}

impl Database {
    /// The time by which the caller of a change that begins now is answered, even if it is not complete.
    pub(crate) fn answer_by(&self) -> time::Instant {
        time::Instant::now() + self.wait_for_steps()
    }

    /// Continues the jobs about this member, before a repeat of the removal that began them.
    pub(crate) async fn settle(
        &self,
        scope: &TenantScope,
        member: MemberId,
        now: Instant,
        until: time::Instant,
        work: Work,
    ) -> Outcome<()> {
        let under_way = self.under_way(scope, member).await?;
        self.continue_jobs(scope, under_way, now, until, work).await
    }

    /// Continues the jobs about this event, before a change that [waits for them](Transaction::verify_settled), if they end soon.
    /// A repeat of the change that began them does not wait.
    pub(crate) async fn settle_soon(
        &self,
        scope: &TenantScope,
        event: EventId,
        now: Instant,
        work: Work,
    ) -> Outcome<()> {
        let under_way = self.under_way(scope, event).await?;
        if under_way.iter().fold(0, |sum: i64, job| sum.saturating_add(job.remaining)) > MAX_REMAINING {
            return Ok(());
        }
        let until = time::Instant::now() + self.wait_for_steps().min(SOON);
        self.continue_jobs(scope, under_way, now, until, work).await
    }

    async fn under_way(
        &self,
        scope: &TenantScope,
        subject: impl Display + Send,
    ) -> Result<Vec<JobDocument>, Fault> {
        let under_way = doc! { "subject": subject.to_string(), "finishedAt": null };
        let query = Query::from(under_way).limited(MAX_JOBS);
        Ok(self.collection(scope, &schema::JOBS).find(query).await?)
    }

    async fn continue_jobs(
        &self,
        scope: &TenantScope,
        jobs: Vec<JobDocument>,
        now: Instant,
        until: time::Instant,
        work: Work,
    ) -> Outcome<()> {
        for job in jobs {
            self.carry_out(scope, job.id, now, until, work).await?;
        }
        Ok(())
    }

    /// Tests whether no job about this member is under way.
    pub(crate) async fn is_settled(&self, scope: &TenantScope, member: MemberId) -> Outcome<bool> {
        let under_way = doc! { "subject": member.to_string(), "finishedAt": null };
        let count = self.collection(scope, &schema::JOBS).count(under_way).await.map_err(Fault::from)?;
        Ok(count == 0)
    }

    /// Continues the job of a change that was accepted. Returns the result as it is then, with the progress.
    pub(crate) async fn continue_accepted<T: Progressing + Sync>(
        &self,
        scope: &TenantScope,
        accepted: Accepted<T>,
        now: Instant,
        until: time::Instant,
        work: Work,
    ) -> Outcome<T> {
        let Accepted { result, job } = accepted;
        let Some(job) = job else { return Ok(result) };
        // The change is accepted, so a failure of a later step, or of reading the progress, is not its outcome.
        let carried_out = self.carry_out(scope, job, now, until, work).await;
        if let Err(failure) = &carried_out {
            let error = format!("{failure:#}");
            tracing::warn!(error, %job, "a step of a large change failed; it will be repeated");
        }
        let stored = &result.to_document();
        let read = self.transact(scope, |transaction| advanced(transaction, stored, job).boxed()).await;
        Ok(read.unwrap_or_else(|failure| {
            // One line for each request: an outage fails both.
            if carried_out.is_ok() {
                let error = format!("{failure:#}");
                tracing::warn!(error, %job, "the progress of a large change could not be read");
            }
            result
        }))
    }

    /// Carries out steps until nothing remains or the time is over.
    async fn carry_out(
        &self,
        scope: &TenantScope,
        job: JobId,
        now: Instant,
        until: time::Instant,
        work: Work,
    ) -> Outcome<()> {
        while time::Instant::now() < until && next(self, scope, job, now, work).await? {}
        Ok(())
    }
}

/// Loads a result with the progress of its job.
pub(super) async fn advanced<T: Progressing>(
    transaction: &mut Transaction<'_>,
    stored: &ResultDocument,
    job: JobId,
) -> Attempt<T> {
    let mut result = T::load(transaction, stored).await?;
    let by_id = doc! { "_id": job.to_string() };
    let found: Option<JobDocument> = transaction.collection(&schema::JOBS).find_one(by_id).await?;
    if let Some(job) = found {
        result.advance(job.progress());
    }
    Ok(result)
}
