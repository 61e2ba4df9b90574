use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use convene_application::catalogue::Replica;
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore, watch};

use crate::admission::PARTS;

/// The size of a slot without a replica.
const EMPTY_BYTES: usize = 1_024;

/// The number of times that the time is doubled for which a catalogue that is too large is not loaded.
const MAX_DOUBLINGS: u32 = 6;

/// The growth from which on a replica is weighed again.
const GROWTH_BYTES: u32 = 64 << 10;

/// The place of an organization's replica.
#[derive(Default)]
pub(super) struct Slot {
    state: Mutex<State>,
    /// Held by the task that updates the replica.
    pub(super) updating: tokio::sync::Mutex<()>,
    /// The turns of the requests that read the database because there is no replica, until each has read all parts.
    reading: ReadPermits,
    /// The number of times that the catalogue was too large, since it was not.
    too_large: AtomicU32,
    /// The last error of a document, so that each is logged once.
    reported: Mutex<Option<String>>,
    /// The size that counts.
    weight: AtomicU32,
}

/// The turns to read the parts of a catalogue.
struct ReadPermits(Arc<Semaphore>);

impl Default for ReadPermits {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(PARTS)))
    }
}

#[derive(Clone, Default)]
pub(super) enum State {
    #[default]
    Empty,
    /// A task loads the replica; the channel closes at its end.
    Loading(watch::Receiver<()>),
    Ready(Arc<Replica>),
    /// The replica cannot be loaded. It is tried again after this time.
    Unavailable(Instant),
}

impl Slot {
    pub(super) fn set(&self, state: State) {
        if let State::Ready(_) = state {
            self.too_large.store(0, Ordering::Relaxed);
        }
        *self.lock() = state;
    }

    /// Makes the replica unavailable for some time.
    pub(super) fn close_for(&self, time: Duration) {
        self.set(State::Unavailable(Instant::now() + time));
    }

    /// Makes the replica unavailable because the catalogue is too large: for this time, and for twice the time with each repetition. To
    /// load it takes as much work as to load one that is just small enough.
    pub(super) fn close_as_too_large(&self, first: Duration) {
        let before = self.too_large.fetch_add(1, Ordering::Relaxed);
        self.close_for(first.saturating_mul(1 << before.min(MAX_DOUBLINGS)));
    }

    /// Begins to load the replica unless that is done already, or not to be tried now. Returns the channel that closes at the end
    /// of the loading, and its sender if the caller is the one who has to load it.
    pub(super) fn begin(&self) -> Option<(watch::Receiver<()>, Option<watch::Sender<()>>)> {
        let mut state = self.lock();
        match &*state {
            // A channel that is closed already belongs to a task that panicked.
            State::Loading(end) if end.has_changed().is_ok() => Some((end.clone(), None)),
            State::Unavailable(until) if Instant::now() < *until => None,
            State::Ready(_) => Some((watch::channel(()).1, None)),
            State::Empty | State::Loading(_) | State::Unavailable(_) => {
                let (sender, end) = watch::channel(());
                *state = State::Loading(end.clone());
                Some((end, Some(sender)))
            }
        }
    }

    /// Waits for a turn to read the parts of the catalogue, in the order of arrival.
    ///
    /// # Errors
    /// Never: the turns are not closed.
    pub(super) async fn turn(&self) -> Result<OwnedSemaphorePermit, AcquireError> {
        Arc::clone(&self.reading.0).acquire_owned().await
    }

    /// The replica, if there is one.
    pub(super) fn replica(&self) -> Option<Arc<Replica>> {
        match &*self.lock() {
            State::Ready(replica) => Some(Arc::clone(replica)),
            State::Empty | State::Loading(_) | State::Unavailable(_) => None,
        }
    }

    /// The approximate size in bytes, which counts from now on.
    pub(super) fn weigh(&self) -> u32 {
        let bytes = self.bytes();
        self.weight.store(bytes, Ordering::Relaxed);
        bytes
    }

    /// Tests whether the replica has grown much since it was weighed: its index of days grows while it is read.
    pub(super) fn has_grown(&self) -> bool {
        self.bytes() > self.weight.load(Ordering::Relaxed).saturating_add(GROWTH_BYTES)
    }

    /// Tests whether the replica is there and has at most this number of bytes.
    pub(super) fn is_small(&self, small: usize) -> bool {
        self.replica().is_some_and(|replica| replica.bytes() <= small)
    }

    fn bytes(&self) -> u32 {
        let replica = self.replica().map_or(0, |replica| replica.bytes());
        u32::try_from(EMPTY_BYTES + replica).unwrap_or(u32::MAX)
    }

    /// Tests whether this error is not the last one that was reported, and stores it.
    pub(super) fn is_new(&self, error: &str) -> bool {
        let mut reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = reported.as_deref() != Some(error);
        *reported = Some(error.to_owned());
        is_new
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The time for which the replica is not loaded again.
    fn closed_for(slot: &Slot) -> Duration {
        match &*slot.lock() {
            State::Unavailable(until) => until.saturating_duration_since(Instant::now()),
            _ => Duration::ZERO,
        }
    }

    #[test]
    fn a_catalogue_that_stays_too_large_is_loaded_less_and_less_often() {
        let (slot, minute) = (Slot::default(), Duration::from_secs(60));
        for minutes in [1, 2, 4, 8, 16, 32, 64, 64, 64] {
            slot.close_as_too_large(minute);
            let closed = closed_for(&slot).as_secs_f64();
            assert!((closed / 60.0 - f64::from(minutes)).abs() < 0.5, "{closed} s instead of {minutes} min");
        }
        slot.set(State::Ready(Arc::new(Replica::empty(1))));
        slot.close_as_too_large(minute);
        assert!(closed_for(&slot) <= minute);
    }
}
