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
        job::{JobDocument, JobKind, Step},
    },
    error::Attempt,
    events, members, organizations, schema, steps,
    transaction::Transaction,
    unscoped,
};
pub use crate::{database::STEP_SIZE, steps::MAX_REMAINING};

/// The number of jobs that a process resumes in a row.
const MAX_UNATTENDED: i64 = 20;

/// The jobs of all organizations.
#[derive(Clone)]
pub(crate) struct MongoJobs(pub(crate) Database);

#[async_trait]
impl Jobs for MongoJobs {
    async fn unattended(&self) -> Result<Vec<UnattendedJob>, Fault> {
        // The time is that of the database, so that it is the same for all processes.
        let is_unattended = doc! { "$lt": ["$attendedUntil", "$$NOW"] };
        let filter = doc! { "finishedAt": null, "$expr": is_unattended };
        let found: Vec<Unattended> =
            unscoped::find_some(&self.0, &schema::JOBS, filter, doc! {}, MAX_UNATTENDED).await?;
        let job = |Unattended { job, organization }| UnattendedJob { organization, job };
        Ok(found.into_iter().map(job).collect())
    }

    async fn step(&self, scope: &TenantScope, job: JobId, now: Instant) -> Outcome<bool> {
        steps::next(&self.0, scope, job, now, work).await
    }
}

/// The ids of a job and its organization.
#[derive(Deserialize)]
struct Unattended {
    #[serde(rename = "_id", deserialize_with = "read_id")]
    job: JobId,
    #[serde(deserialize_with = "read_id")]
    organization: OrganizationId,
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
