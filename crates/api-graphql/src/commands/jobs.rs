//! The background task that completes large changes.

use std::time::Duration;

use convene_application::{authentication::LocalOperator, job::ResumeJobs};

/// The time between two searches for unattended jobs.
const INTERVAL: Duration = Duration::from_secs(5);

/// Completes unattended jobs until the task is aborted. The first of several faults is logged; jobs are resumed later, by any
/// process.
pub(super) async fn complete(resume: ResumeJobs, authority: LocalOperator) {
    let mut is_failing = false;
    loop {
        tokio::time::sleep(INTERVAL).await;
        match resume.execute(&authority).await {
            Ok(_) if is_failing => tracing::info!("unfinished large changes are resumed again"),
            Err(fault) if !is_failing => {
                let error = format!("{:#}", anyhow::Error::from(fault));
                tracing::warn!(
                    error,
                    "unfinished large changes cannot be resumed; the search for them is repeated"
                );
                is_failing = true;
                continue;
            }
            Ok(_) => {}
            Err(_) => continue,
        }
        is_failing = false;
    }
}
