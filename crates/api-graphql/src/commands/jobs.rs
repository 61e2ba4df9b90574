//! The background task that completes large changes.

use std::time::Duration;

use convene_application::{authentication::LocalOperator, job::ResumeJobs};

/// The time between two searches for unattended jobs.
const INTERVAL: Duration = Duration::from_secs(5);

/// Completes unattended jobs until the task is aborted. A fault is logged; the job is resumed later, by any process.
pub(super) async fn complete(resume: ResumeJobs, authority: LocalOperator) {
    loop {
        tokio::time::sleep(INTERVAL).await;
        if let Err(fault) = resume.execute(&authority).await {
            let error = format!("{:#}", anyhow::Error::from(fault));
            tracing::warn!(error, "a large change could not be completed; it will be resumed");
        }
    }
}
