use std::sync::Arc;

use crate::{
    authentication::LocalOperator,
    failure::{Failure, Fault},
    ports::{Clock, Jobs, UnattendedJob},
};

/// Completes large changes whose process was stopped, or whose caller was answered before they were complete.
pub struct ResumeJobs {
    clock: Arc<dyn Clock>,
    jobs: Arc<dyn Jobs>,
}

impl ResumeJobs {
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, jobs: Arc<dyn Jobs>) -> Self {
        Self { clock, jobs }
    }

    /// Completes the jobs that no process works on, one after the other. A job that fails does not hold up the others.
    ///
    /// # Errors
    /// The first fault of a step. The job is left as its last step left it, and can be resumed.
    #[tracing::instrument(name = "job.resume", skip_all)]
    pub async fn execute(&self, authority: &LocalOperator) -> Result<(), Fault> {
        let mut outcome = Ok(());
        for unattended in self.jobs.unattended().await? {
            outcome = outcome.and(self.complete(authority, unattended).await);
        }
        outcome
    }

    async fn complete(&self, authority: &LocalOperator, unattended: UnattendedJob) -> Result<(), Fault> {
        let scope = authority.scope_of(unattended.organization);
        while self.jobs.step(&scope, unattended.job, self.clock.now()).await.map_err(fault)? {}
        Ok(())
    }
}

/// A step refuses nothing, so every failure is a fault.
fn fault(failure: Failure) -> Fault {
    match failure {
        Failure::Fault(fault) => fault,
        Failure::Refused(_) => Fault::internal(failure),
    }
}

#[cfg(test)]
mod tests {
    use convene_domain::id::{JobId, OrganizationId};
    use mockall::Sequence;

    use super::*;
    use crate::{
        ports::{MockDirectory, MockJobs},
        testing::{FixedClock, builders::fresh_uuid},
    };

    fn unattended() -> [UnattendedJob; 2] {
        [(); 2].map(|()| UnattendedJob {
            organization: OrganizationId::from_uuid(fresh_uuid()),
            job: JobId::from_uuid(fresh_uuid()),
        })
    }

    async fn resume(port: MockJobs) -> Result<(), Fault> {
        let resume = ResumeJobs::new(Arc::new(FixedClock::at(FixedClock::START)), Arc::new(port));
        resume.execute(&LocalOperator::new(Arc::new(MockDirectory::new()))).await
    }

    #[tokio::test]
    async fn each_job_is_completed_in_its_organization() {
        let jobs = unattended();
        let mut port = MockJobs::new();
        port.expect_unattended().return_once(move || Ok(jobs.to_vec()));
        let mut order = Sequence::new();
        for (job, more) in [(jobs[0], true), (jobs[0], false), (jobs[1], false)] {
            port.expect_step()
                .once()
                .in_sequence(&mut order)
                .withf(move |scope, id, _| scope.organization() == job.organization && *id == job.job)
                .return_once(move |_, _, _| Ok(more));
        }
        resume(port).await.unwrap();
    }

    #[tokio::test]
    async fn a_job_that_fails_does_not_hold_up_the_others() {
        let jobs = unattended();
        let mut port = MockJobs::new();
        port.expect_unattended().return_once(move || Ok(jobs.to_vec()));
        let failing = jobs[0].job;
        port.expect_step().times(2).returning(move |_, job, _| {
            if job == failing { Err(Fault::internal("the document is corrupt").into()) } else { Ok(false) }
        });
        assert!(resume(port).await.is_err());
    }
}
