//! The background task that completes large changes.

use std::time::Duration;

use convene_api_graphql::http::health::Health;
use convene_application::{authentication::LocalOperator, job::ResumeJobs};

/// The time between two searches for unattended jobs, while the process has none to complete.
const INTERVAL: Duration = Duration::from_secs(5);

/// The number of failures in a row that are worth a line of the log. The first one may be due to an outage of the database that
/// is not known yet, or that has just ended, and which has a line of its own.
const MIN_REPORTED_FAILURES: u32 = 2;

/// Completes unattended jobs until the task is aborted. One of several faults in a row is logged; jobs are resumed later, by any
/// process.
pub(super) async fn complete(mut resume: ResumeJobs, authority: LocalOperator, health: Health) {
    let mut failures = 0_u32;
    loop {
        if !resume.is_busy() {
            tokio::time::sleep(INTERVAL).await;
        }
        match resume.execute(&authority).await {
            Ok(()) => {
                if failures >= MIN_REPORTED_FAILURES {
                    tracing::info!("unfinished large changes are resumed again");
                }
                failures = 0;
            }
            Err(fault) if health.is_database_available() => {
                failures = failures.saturating_add(1);
                if failures == MIN_REPORTED_FAILURES {
                    let error = format!("{:#}", anyhow::Error::from(fault));
                    tracing::warn!(
                        error,
                        "unfinished large changes cannot be resumed; the search for them is repeated"
                    );
                }
            }
            Err(_) if failures < MIN_REPORTED_FAILURES => failures = 0,
            Err(_) => {}
        }
    }
}
