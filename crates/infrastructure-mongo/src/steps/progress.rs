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

use super::{Accepted, Progressing, Work, next::next};
use crate::{
    database::Database,
    documents::{idempotency::ResultDocument, job::JobDocument},
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
const MAX_WAIT_FOR_JOBS: Duration = Duration::from_secs(1);

/// The steps that a call carries out.
#[derive(Clone, Copy)]
pub(crate) struct Steps<'s> {
    database: &'s Database,
    scope: &'s TenantScope,
    now: Instant,
    /// The time by which the caller is answered, even if nothing is complete.
    pub(crate) until: time::Instant,
    work: Work,
}

impl Database {
    /// The steps of a change that begins now.
    pub(crate) fn steps<'s>(&'s self, scope: &'s TenantScope, now: Instant, work: Work) -> Steps<'s> {
        let until = time::Instant::now() + self.wait_for_steps();
        Steps { database: self, scope, now, until, work }
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

    /// Tests whether no job about this member is under way.
    pub(crate) async fn is_settled(&self, scope: &TenantScope, member: MemberId) -> Outcome<bool> {
        let under_way = doc! { "subject": member.to_string(), "finishedAt": null };
        let count = self.collection(scope, &schema::JOBS).count(under_way).await.map_err(Fault::from)?;
        Ok(count == 0)
    }
}

impl Steps<'_> {
    /// Continues the jobs about this member, before a repeat of the removal that began them.
    pub(crate) async fn settle(&self, member: MemberId) -> Outcome<()> {
        self.continue_jobs(self.database.under_way(self.scope, member).await?).await
    }

    /// Continues the jobs about this event, before a change that [waits for them](Transaction::verify_settled), if they end soon.
    /// A repeat of the change that began them does not wait.
    pub(crate) async fn settle_soon(&self, event: EventId) -> Outcome<()> {
        let under_way = self.database.under_way(self.scope, event).await?;
        if under_way.iter().fold(0, |sum: i64, job| sum.saturating_add(job.remaining)) > MAX_REMAINING {
            return Ok(());
        }
        let until = self.until.min(time::Instant::now() + MAX_WAIT_FOR_JOBS);
        Self { until, ..*self }.continue_jobs(under_way).await
    }

    async fn continue_jobs(&self, jobs: Vec<JobDocument>) -> Outcome<()> {
        for job in jobs {
            self.carry_out(job.id).await?;
        }
        Ok(())
    }

    /// Continues the job of a change that was accepted. Returns the result as it is then, with the progress.
    pub(crate) async fn continue_accepted<T: Progressing + Sync>(&self, accepted: Accepted<T>) -> Outcome<T> {
        let Accepted { result, job } = accepted;
        let Some(job) = job else { return Ok(result) };
        // The change is accepted, so a failure of a later step, or of reading the progress, is not its outcome.
        let carried_out = self.carry_out(job).await;
        if let Err(failure) = &carried_out {
            let error = format!("{failure:#}");
            tracing::warn!(error, %job, "a step of a large change failed; it will be repeated");
        }
        let stored = &result.to_document();
        let read = self
            .database
            .transact(self.scope, |transaction| advanced(transaction, stored, job).boxed())
            .await;
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
    async fn carry_out(&self, job: JobId) -> Outcome<()> {
        let Self { database, scope, now, until, work } = *self;
        while time::Instant::now() < until && next(database, scope, job, now, work).await? {}
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
