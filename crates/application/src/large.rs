//! Work on large values, which takes milliseconds in which other requests would wait. It is done on threads for such work.

use std::ops::Deref;

use tokio::{runtime::Handle, task::spawn_blocking};

use crate::failure::Fault;

/// The number of items from which on a value is dropped elsewhere.
const MIN_LARGE_SIZE: usize = 500;

/// A list that may be large: it is dropped elsewhere then.
#[derive(Debug)]
pub struct Large<T: Send + 'static>(Vec<T>);

impl<T: Send + 'static> From<Vec<T>> for Large<T> {
    fn from(items: Vec<T>) -> Self {
        Self(items)
    }
}

impl<T: Send + 'static> Deref for Large<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T: Send + 'static> Drop for Large<T> {
    fn drop(&mut self) {
        let items = std::mem::take(&mut self.0);
        drop_elsewhere(items.len(), items);
    }
}

/// The number of occurrences up to which a computation takes about a millisecond at most.
pub const MAX_SMALL_SIZE: usize = 50;

/// Computes something over this number of occurrences.
pub async fn compute<T: Send + 'static>(
    occurrences: usize,
    computation: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Fault> {
    if occurrences <= MAX_SMALL_SIZE {
        return Ok(computation());
    }
    spawn_blocking(computation).await.map_err(Fault::internal)
}

/// Drops a value with this number of items, on another thread if there are many.
pub fn drop_elsewhere<T: Send + 'static>(items: usize, value: T) {
    if items >= MIN_LARGE_SIZE
        && let Ok(runtime) = Handle::try_current()
    {
        let _task = runtime.spawn_blocking(move || drop(value));
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::mpsc::{Sender, channel},
        thread::{self, ThreadId},
    };

    use super::*;

    struct Noted(Sender<ThreadId>);

    impl Drop for Noted {
        fn drop(&mut self) {
            // Only the first one is received.
            self.0.send(thread::current().id()).ok();
        }
    }

    /// Drops a list of so many items, and returns the thread that did it.
    fn dropping(items: usize) -> ThreadId {
        let (sender, receiver) = channel();
        drop(Large::from((0..items).map(|_| Noted(sender.clone())).collect::<Vec<_>>()));
        receiver.recv().unwrap()
    }

    #[tokio::test]
    async fn a_list_of_many_items_is_dropped_on_another_thread() {
        let this = thread::current().id();
        assert_eq!(dropping(MIN_LARGE_SIZE - 1), this);
        assert_ne!(dropping(MIN_LARGE_SIZE), this);
    }

    #[test]
    fn a_list_is_dropped_without_a_runtime() {
        assert_eq!(dropping(MIN_LARGE_SIZE), thread::current().id());
    }
}
