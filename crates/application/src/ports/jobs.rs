use async_trait::async_trait;
use convene_domain::{
    id::{JobId, OrganizationId},
    time::Instant,
};

use crate::{
    caller::TenantScope,
    failure::{Fault, Outcome},
};

/// A job that no process has worked on for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnattendedJob {
    pub organization: OrganizationId,
    pub job: JobId,
    /// The job deletes the organization.
    pub deletes_organization: bool,
}

/// The steps of large changes that were accepted and are not complete.
///
/// A change that cancels or deletes more registrations than one transaction should is accepted by a first transaction,
/// which makes the change visible, admits no further registrations for what it concerns, writes the log entry and the
/// idempotency key, and stores a job. Each step of the job is one transaction that leaves all invariants intact, with one
/// log entry for each registration that it cancels. Any number of processes may work on one job.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Jobs: Send + Sync {
    /// The jobs of all organizations that no process works on, a few at a time: first those that have waited longest. A process that
    /// works on a job is assumed to have failed some seconds after its last step. A job whose step failed waits for some seconds, too.
    async fn unattended(&self) -> Result<Vec<UnattendedJob>, Fault>;

    /// Carries out the next step of a job at the time `now`. Returns `false` if nothing remains to be done.
    async fn step(&self, scope: &TenantScope, job: JobId, now: Instant) -> Outcome<bool>;
}
