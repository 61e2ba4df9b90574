//! Runs mutations independently of their connections.

use std::time::Duration;

use futures::Future;
use tokio::{runtime::Handle, task::JoinHandle};
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::telemetry::of_request;

/// Runs mutations as separate tasks on the runtime of the process.
///
/// A handler is dropped at any await point when its client disconnects; a mutation in it would be interrupted, with an
/// unknown outcome. A task is not dropped.
#[derive(Clone, Debug)]
pub struct MutationTasks {
    runtime: Handle,
    tasks: TaskTracker,
}

impl MutationTasks {
    /// Creates an empty set of tasks on this runtime, which must outlive the HTTP workers.
    #[must_use]
    pub fn new(runtime: Handle) -> Self {
        Self { runtime, tasks: TaskTracker::new() }
    }

    pub(crate) fn spawn<F>(&self, mutation: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.tasks.spawn_on(of_request(mutation).in_current_span(), &self.runtime)
    }

    /// Waits until all mutations are completed, at most for `max_wait`. Returns true if all are completed. The caller
    /// ensures that no new mutation starts.
    pub async fn finish(&self, max_wait: Duration) -> bool {
        self.tasks.close();
        tokio::time::timeout(max_wait, self.tasks.wait()).await.is_ok()
    }
}
