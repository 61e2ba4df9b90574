use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::{Duration, Instant},
};

/// The interval in which a runtime shows that it makes progress.
const INTERVAL: Duration = Duration::from_secs(1);

/// The time without progress after which a runtime counts as stuck: longer than any request takes, and than a machine
/// pauses when it is overloaded.
const STUCK: Duration = Duration::from_secs(30);

/// The runtimes of the process and the times of their last progress.
#[derive(Default)]
pub(crate) struct Progress {
    /// Those of runtimes that have ended are gone.
    runtimes: Mutex<Vec<Weak<Mutex<Instant>>>>,
}

impl Progress {
    /// Watches a runtime: the result is a task that must be spawned on it.
    pub(crate) fn watch(&self) -> impl Future<Output = ()> + Send + use<> {
        let last = Arc::new(Mutex::new(Instant::now()));
        let mut runtimes = self.runtimes.lock().unwrap_or_else(PoisonError::into_inner);
        runtimes.retain(|runtime| runtime.strong_count() > 0);
        runtimes.push(Arc::downgrade(&last));
        async move {
            loop {
                *last.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
                tokio::time::sleep(INTERVAL).await;
            }
        }
    }

    /// Tests whether a runtime makes no progress.
    pub(super) fn is_stuck(&self) -> bool {
        self.is_stuck_at(Instant::now())
    }

    fn is_stuck_at(&self, now: Instant) -> bool {
        let runtimes = self.runtimes.lock().unwrap_or_else(PoisonError::into_inner);
        runtimes.iter().filter_map(Weak::upgrade).any(|last| {
            let last = *last.lock().unwrap_or_else(PoisonError::into_inner);
            now.saturating_duration_since(last) > STUCK
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_runtime_without_progress_is_stuck_and_one_that_has_ended_is_not() {
        let progress = Progress::default();
        let running = tokio::spawn(progress.watch());
        tokio::task::yield_now().await;
        assert!(!progress.is_stuck());
        let later = Instant::now() + STUCK + INTERVAL;
        assert!(progress.is_stuck_at(later));
        running.abort();
        assert!(running.await.is_err());
        assert!(!progress.is_stuck_at(later));
    }
}
