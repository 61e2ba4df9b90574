//! The port of jobs.

use async_trait::async_trait;
use bson::doc;
use convene_application::{
    caller::TenantScope,
    change::Change,
    failure::{Fault, Outcome},
    ports::{Jobs, UnattendedJob},
};
use convene_domain::{
    id::{JobId, OrganizationId},
    time::Instant,
};
use futures::{FutureExt, future::BoxFuture};
use serde::Deserialize;

use crate::{
    database::Database,
    documents::{
        ids::read_id,
        job::{DELETE_ORGANIZATION, JobDocument, JobKind, Step},
    },
    error::Attempt,
    events, members, organizations, schema, steps,
    transaction::Transaction,
    unscoped,
};
pub use crate::{database::STEP_SIZE, steps::MAX_REMAINING};

/// The number of jobs that one search finds.
const MAX_UNATTENDED: i64 = 20;

/// The seconds for which no process tries a job again whose step failed, so that other jobs are found before it. Shorter than the time
/// between two searches.
const PAUSE: i64 = 4;

/// The jobs of all organizations.
#[derive(Clone)]
pub(crate) struct MongoJobs(pub(crate) Database);

#[async_trait]
impl Jobs for MongoJobs {
    async fn unattended(&self) -> Result<Vec<UnattendedJob>, Fault> {
        // The time is that of the database, so that it is the same for all processes.
        let is_unattended = doc! { "$lt": ["$attendedUntil", "$$NOW"] };
        let filter = doc! { "finishedAt": null, "$expr": is_unattended };
        let longest_first = doc! { "attendedUntil": 1 };
        let found: Vec<Unattended> =
            unscoped::find_some(&self.0, &schema::JOBS, filter, longest_first, MAX_UNATTENDED).await?;
        let job = |Unattended { job, organization, kind }| UnattendedJob {
            organization,
            job,
            deletes_organization: kind == DELETE_ORGANIZATION,
        };
        Ok(found.into_iter().map(job).collect())
    }

    async fn step(&self, scope: &TenantScope, job: JobId, now: Instant) -> Outcome<bool> {
        let outcome = steps::next(&self.0, scope, job, now, work).await;
        if outcome.is_err() {
            self.postpone(scope, job).await;
        }
        outcome
    }
}

impl MongoJobs {
    /// Lets other jobs go first. The transaction of the step that failed has stored nothing.
    async fn postpone(&self, scope: &TenantScope, job: JobId) {
        let postponed = self
            .0
            .transact(scope, |transaction| {
                async move {
                    let until =
                        doc! { "$dateAdd": { "startDate": "$$NOW", "unit": "second", "amount": PAUSE } };
                    let is_unattended = doc! { "$lt": ["$attendedUntil", "$$NOW"] };
                    let unattended = doc! { "_id": job.to_string(), "$expr": is_unattended };
                    let set = vec![doc! { "$set": { "attendedUntil": until } }];
                    transaction.collection(&schema::JOBS).update_one(unattended, set).await?;
                    Ok(())
                }
                .boxed()
            })
            .await;
        if let Err(failure) = postponed {
            let error = format!("{failure:#}");
            tracing::debug!(error, %job, "a job whose step failed was not postponed");
        }
    }
}

/// The ids of a job and its organization, and the kind of the job.
#[derive(Deserialize)]
struct Unattended {
    #[serde(rename = "_id", deserialize_with = "read_id")]
    job: JobId,
    #[serde(deserialize_with = "read_id")]
    organization: OrganizationId,
    kind: String,
}

/// The work of any job.
fn work<'t>(
    transaction: &'t mut Transaction<'_>,
    job: &'t JobDocument,
    change: &'t Change,
    size: usize,
) -> BoxFuture<'t, Attempt<Step>> {
    match job.kind() {
        Ok(JobKind::RemoveMember(_)) => members::step(transaction, job, change, size),
        Ok(JobKind::CancelRegistrations(_) | JobKind::DeleteEvent(_)) => {
            events::step(transaction, job, change, size)
        }
        Ok(JobKind::DeleteOrganization(_)) => organizations::step(transaction, job, change, size),
        Err(corrupt) => async move { Err(corrupt.into()) }.boxed(),
    }
}
