//! The use of the database by a request, for its log line.
//!
//! Adapters record it without knowing the request: it belongs to whatever future is [measured](DatabaseUse::measure) on
//! the current thread.

use std::{
    cell::RefCell,
    future::poll_fn,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

thread_local! {
    static CURRENT: RefCell<Option<DatabaseUse>> = const { RefCell::new(None) };
}

/// The number of database commands, and their time. Clones share the values.
#[derive(Clone, Debug, Default)]
pub struct DatabaseUse(Arc<Totals>);

#[derive(Debug, Default)]
struct Totals {
    commands: AtomicU64,
    microseconds: AtomicU64,
}

impl DatabaseUse {
    /// The use that the current future counts to, if there is one.
    #[must_use]
    pub fn current() -> Option<Self> {
        CURRENT.with_borrow(Clone::clone)
    }

    /// Counts a command of the current future.
    pub fn record(time: Duration) {
        CURRENT.with_borrow(|current| {
            if let Some(current) = current {
                current.add(1, time);
            }
        });
    }

    /// Counts commands that were executed for this request elsewhere, perhaps together with those of other requests.
    pub fn add(&self, commands: u64, time: Duration) {
        let microseconds = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.0.commands.fetch_add(commands, Ordering::Relaxed);
        self.0.microseconds.fetch_add(microseconds, Ordering::Relaxed);
    }

    /// The number of commands.
    #[must_use]
    pub fn commands(&self) -> u64 {
        self.0.commands.load(Ordering::Relaxed)
    }

    /// The time of all commands. Of commands that run at the same time, each counts.
    #[must_use]
    pub fn time(&self) -> Duration {
        Duration::from_micros(self.0.microseconds.load(Ordering::Relaxed))
    }

    /// Counts the commands of a future, but not those of the tasks that it starts.
    pub async fn measure<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|context| {
            let _restored = Restored(CURRENT.replace(Some(self.clone())));
            future.as_mut().poll(context)
        })
        .await
    }
}

/// Restores the former use, also after a panic.
struct Restored(Option<DatabaseUse>);

impl Drop for Restored {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn command(milliseconds: u64) {
        DatabaseUse::record(Duration::from_millis(milliseconds));
        tokio::task::yield_now().await;
    }

    #[tokio::test]
    async fn commands_count_to_the_innermost_future_that_is_measured() {
        let (outer, inner) = (DatabaseUse::default(), DatabaseUse::default());
        let work = async {
            command(1).await;
            inner.measure(command(2)).await;
            command(4).await;
        };
        outer.measure(work).await;
        command(8).await;
        assert_eq!((outer.commands(), outer.time()), (2, Duration::from_millis(5)));
        assert_eq!((inner.commands(), inner.time()), (1, Duration::from_millis(2)));
        assert!(DatabaseUse::current().is_none());
    }

    #[tokio::test]
    async fn futures_that_take_turns_on_a_thread_have_totals_of_their_own() {
        let (one, two) = (DatabaseUse::default(), DatabaseUse::default());
        let twice = |time| async move {
            command(time).await;
            command(time).await;
        };
        futures::join!(one.measure(twice(1)), two.measure(twice(3)));
        assert_eq!((one.time(), two.time()), (Duration::from_millis(2), Duration::from_millis(6)));
    }
}
