//! Runs mutations independently of their connections.

use std::time::Duration;

use futures::Future;
use tokio::{runtime::Handle, task::JoinHandle};
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::{
    errors::Outcome,
    telemetry::{RequestRecord, of_request},
};

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

    /// Runs a mutation. `note` notes the errors of its result in the record of the request; it is called if the request is over by
    /// then, and nobody else will.
    pub(crate) fn spawn<F>(
        &self,
        mutation: F,
        note: impl FnOnce(&F::Output) + Send + 'static,
    ) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let mutation = async move {
            let result = mutation.await;
            log_late_end(|| note(&result));
            result
        };
        self.tasks.spawn_on(of_request(mutation).in_current_span(), &self.runtime)
    }

    /// Waits until all mutations are completed, at most for `max_wait`. Returns true if all are completed. The caller
    /// ensures that no new mutation starts.
    pub async fn finish(&self, max_wait: Duration) -> bool {
        self.tasks.close();
        tokio::time::timeout(max_wait, self.tasks.wait()).await.is_ok()
    }
}

/// Writes a line about a mutation whose request is over: its client went away, or was told that the outcome is unknown. `note` notes
/// the errors of its result.
fn log_late_end(note: impl FnOnce()) {
    RequestRecord::with_current(|record| {
        if record.is_over() {
            note();
            let (outcome, code) = record
                .error()
                .map_or((Outcome::Done, None), |(outcome, error)| (outcome, Some(error.code())));
            let operation = record.operation().and_then(|operation| operation.field.as_deref());
            tracing::debug!(
                operation,
                outcome = outcome.as_str(),
                code,
                "a mutation ended after its request"
            );
        }
    });
}
