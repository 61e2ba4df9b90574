//! The longest time for which the tasks of a request keep a thread from other tasks.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::task_local;

task_local! {
    static OF_REQUEST: LongestPoll;
}

/// The longest time between two awaits of the tasks that work for one request. Clones share the value.
#[derive(Clone, Debug, Default)]
pub(crate) struct LongestPoll(Arc<AtomicU64>);

impl LongestPoll {
    /// The time in microseconds.
    pub(crate) fn as_micros(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Measures a future, and the tasks that it [starts](of_request).
    pub(crate) async fn measure<F: Future>(&self, future: F) -> F::Output {
        OF_REQUEST.scope(self.clone(), self.polls(future)).await
    }

    async fn polls<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|context| {
            let started = Instant::now();
            let polled = future.as_mut().poll(context);
            self.record(started.elapsed());
            polled
        })
        .await
    }

    fn record(&self, time: Duration) {
        let time = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.0.fetch_max(time, Ordering::Relaxed);
    }
}

/// Counts a future that becomes a task of its own to the request of the current task.
pub(crate) fn of_request<F: Future>(future: F) -> impl Future<Output = F::Output> {
    let longest = OF_REQUEST.try_with(LongestPoll::clone).unwrap_or_default();
    async move { longest.measure(future).await }
}

#[cfg(test)]
mod tests {
    use std::{hint::spin_loop, thread};

    use super::*;

    const LONG: Duration = Duration::from_millis(20);

    fn work(time: Duration) {
        let started = Instant::now();
        while started.elapsed() < time {
            spin_loop();
        }
    }

    #[tokio::test]
    async fn the_longest_time_between_two_awaits_counts() {
        let longest = LongestPoll::default();
        let waiting = async {
            work(LONG);
            tokio::time::sleep(10 * LONG).await;
            work(LONG / 4);
        };
        longest.measure(waiting).await;
        let micros = u128::from(longest.as_micros());
        assert!(micros >= LONG.as_micros() && micros < (10 * LONG).as_micros(), "{micros}");
    }

    #[test]
    fn tasks_that_a_request_starts_count() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let longest = LongestPoll::default();
        runtime.block_on(
            longest.measure(async { tokio::spawn(of_request(async { work(LONG) })).await.unwrap() }),
        );
        assert!(u128::from(longest.as_micros()) >= LONG.as_micros());
        // Outside a request, there is nothing to count to.
        thread::scope(|scope| scope.spawn(|| runtime.block_on(of_request(async {}))).join().unwrap());
    }
}
