//! Mutations run apart from the connection they came over.

use std::time::Duration;

use futures::Future;
use tokio::{runtime::Handle, task::JoinHandle};
use tokio_util::task::TaskTracker;
use tracing::Instrument;

/// Runs mutations as tasks of their own on the runtime of the process, and knows when all of them are done.
///
/// A handler is dropped as soon as its client hangs up, wherever it happens to be; a mutation in it would be cut in
/// half and its outcome lost. A task is not.
#[derive(Clone, Debug)]
pub struct MutationTasks {
    runtime: Handle,
    tasks: TaskTracker,
}

impl MutationTasks {
    /// Tasks on this runtime, which has to outlive the HTTP workers.
    #[must_use]
    pub fn new(runtime: Handle) -> Self {
        Self { runtime, tasks: TaskTracker::new() }
    }

    /// Starts one.
    pub(crate) fn spawn<F>(&self, mutation: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.tasks.spawn_on(mutation.in_current_span(), &self.runtime)
    }

    /// Waits until all of them are done, but no longer than this. To be called when no new ones can come. Says
    /// whether all are done.
    pub async fn finish(&self, longest: Duration) -> bool {
        self.tasks.close();
        tokio::time::timeout(longest, self.tasks.wait()).await.is_ok()
    }
}
