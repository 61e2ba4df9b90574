use std::{collections::HashSet, sync::Arc};

use time::Duration;

use crate::{
    authentication::LocalOperator,
    failure::{Failure, Fault, Refusal},
    organization,
    ports::{Clock, Jobs, UnattendedJob},
};

/// The jobs that a process keeps from one turn to the next. Others wait for their turn in the storage.
const MAX_OPEN_JOBS: usize = 20;

/// The time after which [`ResumeJobs::execute`] returns although jobs remain, so that faults are reported in time.
const MAX_RUN_TIME: Duration = Duration::seconds(5);

/// Completes large changes whose process was stopped, or whose caller was answered before they were complete.
pub struct ResumeJobs {
    clock: Arc<dyn Clock>,
    jobs: Arc<dyn Jobs>,
    /// The jobs that this process has begun to complete, in the order of their last steps.
    open: Vec<UnattendedJob>,
}

impl ResumeJobs {
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, jobs: Arc<dyn Jobs>) -> Self {
        Self { clock, jobs, open: Vec::new() }
    }

    /// Tests whether jobs remain that this process has begun to complete: the next call should follow at once.
    #[must_use]
    pub const fn is_busy(&self) -> bool {
        !self.open.is_empty()
    }

    /// Carries out the steps of the jobs that no other process works on, until none remains or some seconds have passed.
    ///
    /// In each turn, every job has one step, and jobs that became unattended in the meantime join: a small change never waits for the
    /// end of a large one. A job that fails does not hold up the others; it is resumed with the next call.
    ///
    /// # Errors
    /// The first fault of a search or a step. The job is left as its last step left it, and can be resumed.
    #[tracing::instrument(name = "job.resume", skip_all)]
    pub async fn execute(&mut self, authority: &LocalOperator) -> Result<(), Fault> {
        let until = self.clock.now() + MAX_RUN_TIME;
        let (mut outcome, mut failed) = (Ok(()), HashSet::new());
        loop {
            let mut turn = std::mem::take(&mut self.open);
            let found = self.jobs.unattended().await?;
            let is_new = |found: &UnattendedJob| !failed.contains(&found.job) && !turn.contains(found);
            let found: Vec<UnattendedJob> = found.into_iter().filter(is_new).collect();
            turn.extend(found);
            for unattended in turn {
                match self.step(authority, unattended).await {
                    Ok(true) => self.open.push(unattended),
                    Ok(false) => {}
                    Err(fault) => {
                        failed.insert(unattended.job);
                        outcome = outcome.and(Err(fault));
                    }
                }
            }
            // The first ones are found again, after those that have waited longer.
            let surplus = self.open.len().saturating_sub(MAX_OPEN_JOBS);
            self.open.drain(..surplus);
            if self.open.is_empty() || self.clock.now() >= until {
                return outcome;
            }
        }
    }

    async fn step(&self, authority: &LocalOperator, unattended: UnattendedJob) -> Result<bool, Fault> {
        let scope = authority.scope_of(unattended.organization);
        match self.jobs.step(&scope, unattended.job, self.clock.now()).await {
            Ok(more) => {
                if !more && unattended.deletes_organization {
                    organization::record_completed_deletion(unattended.organization);
                }
                Ok(more)
            }
            // The deletion of the organization deletes the job.
            Err(Failure::Refused(refusals)) if *refusals == [Refusal::OrganizationSuspended] => Ok(false),
            Err(failure) => Err(fault(failure)),
        }
    }
}

/// A step refuses nothing else, so every other failure is a fault.
fn fault(failure: Failure) -> Fault {
    match failure {
        Failure::Fault(fault) => fault,
        Failure::Refused(_) => Fault::internal(failure),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use convene_domain::id::{JobId, OrganizationId};
    use mockall::Sequence;
    use tracing::{
        Event, Metadata, Subscriber,
        span::{Attributes, Id, Record},
    };

    use super::*;
    use crate::{
        ports::{MockDirectory, MockJobs},
        testing::{FixedClock, builders::fresh_uuid},
    };

    fn unattended() -> [UnattendedJob; 2] {
        [(); 2].map(|()| UnattendedJob {
            organization: OrganizationId::from_uuid(fresh_uuid()),
            job: JobId::from_uuid(fresh_uuid()),
            deletes_organization: false,
        })
    }

    async fn resume(port: MockJobs) -> Result<(), Fault> {
        let mut resume = ResumeJobs::new(Arc::new(FixedClock::at(FixedClock::START)), Arc::new(port));
        let outcome = resume.execute(&LocalOperator::new(Arc::new(MockDirectory::new()))).await;
        assert!(!resume.is_busy());
        outcome
    }

    #[tokio::test]
    async fn jobs_take_turns_in_their_organizations() {
        let jobs = unattended();
        let mut port = MockJobs::new();
        let mut order = Sequence::new();
        let mut turn = |found: &[UnattendedJob], steps: &[(UnattendedJob, bool)]| {
            let found = found.to_vec();
            port.expect_unattended().once().in_sequence(&mut order).return_once(move || Ok(found));
            for &(job, more) in steps {
                port.expect_step()
                    .once()
                    .in_sequence(&mut order)
                    .withf(move |scope, id, _| scope.organization() == job.organization && *id == job.job)
                    .return_once(move |_, _, _| Ok(more));
            }
        };
        let [large, small] = jobs;
        turn(&[large], &[(large, true)]);
        // It is found again if its step took long.
        turn(&[small, large], &[(large, true), (small, true)]);
        turn(&[], &[(large, true), (small, false)]);
        turn(&[], &[(large, false)]);
        resume(port).await.unwrap();
    }

    #[tokio::test]
    async fn a_job_that_fails_does_not_hold_up_the_others() {
        let jobs = unattended();
        let mut port = MockJobs::new();
        port.expect_unattended().times(2).returning(move || Ok(jobs.to_vec()));
        let failing = jobs[0].job;
        let mut more = true;
        port.expect_step().times(3).returning(move |_, job, _| {
            if job == failing {
                return Err(Fault::internal("the document is corrupt").into());
            }
            Ok(std::mem::take(&mut more))
        });
        assert!(resume(port).await.is_err());
    }

    #[tokio::test]
    async fn faults_are_reported_before_a_large_job_ends() {
        let [large, failing] = unattended();
        let clock = Arc::new(FixedClock::at(FixedClock::START));
        let mut port = MockJobs::new();
        port.expect_unattended().returning(move || Ok(vec![large, failing]));
        let advanced = Arc::clone(&clock);
        port.expect_step().returning(move |_, job, _| {
            advanced.advance(Duration::SECOND);
            if job == failing.job { Err(Fault::internal("the document is corrupt").into()) } else { Ok(true) }
        });
        let mut resume = ResumeJobs::new(clock, Arc::new(port));
        let authority = LocalOperator::new(Arc::new(MockDirectory::new()));
        assert!(resume.execute(&authority).await.is_err());
        assert!(resume.is_busy());
        assert!(resume.execute(&authority).await.is_err(), "it is tried again");
    }

    #[tokio::test]
    async fn the_job_of_an_organization_that_is_deleted_meanwhile_is_no_failure() {
        let jobs = unattended();
        let mut port = MockJobs::new();
        port.expect_unattended().return_once(move || Ok(jobs.to_vec()));
        let deleted = jobs[0].job;
        port.expect_step().times(2).returning(move |_, job, _| {
            if job == deleted { Err(Refusal::OrganizationSuspended.into()) } else { Ok(false) }
        });
        resume(port).await.unwrap();
    }

    /// Collects the targets of events.
    #[derive(Clone, Default)]
    struct Targets(Arc<Mutex<Vec<&'static str>>>);

    impl Subscriber for Targets {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }

        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }

        fn record(&self, _: &Id, _: &Record<'_>) {}

        fn record_follows_from(&self, _: &Id, _: &Id) {}

        fn event(&self, event: &Event<'_>) {
            self.0.lock().unwrap().push(event.metadata().target());
        }

        fn enter(&self, _: &Id) {}

        fn exit(&self, _: &Id) {}
    }

    #[tokio::test]
    async fn whoever_completes_the_deletion_of_an_organization_says_so() {
        let [deletion, other] = unattended();
        let jobs = [UnattendedJob { deletes_organization: true, ..deletion }, other];
        let mut port = MockJobs::new();
        port.expect_unattended().times(2).returning(move || Ok(jobs.to_vec()));
        let mut steps = 0;
        port.expect_step().returning(move |_, _, _| {
            steps += 1;
            Ok(steps == 1)
        });
        let targets = Targets::default();
        let _default = tracing::subscriber::set_default(targets.clone());
        resume(port).await.unwrap();
        assert_eq!(*targets.0.lock().unwrap(), ["security"]);
    }
}
