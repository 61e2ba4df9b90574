//! The background task that forgets deleted organizations.

use std::time::Duration;

use convene_application::organization::ForgetDeleted;

/// The time between two searches for deleted organizations.
const INTERVAL: Duration = Duration::from_secs(5);

/// Forgets deleted organizations until the task is aborted. A failed search is made up for by the next one.
pub(super) async fn forget(mut forget: ForgetDeleted) {
    loop {
        tokio::time::sleep(INTERVAL).await;
        if let Err(fault) = forget.execute().await {
            let error = format!("{:#}", anyhow::Error::from(fault));
            tracing::debug!(error, "deleted organizations could not be looked up");
        }
    }
}
