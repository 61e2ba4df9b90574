use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use convene_application::catalogue::Replica;
use tokio::sync::watch;

/// The size of a slot without a replica.
const EMPTY_BYTES: usize = 1_024;

/// The growth from which on a replica is weighed again.
const GROWTH_BYTES: u32 = 64 << 10;

/// The place of an organization's replica.
#[derive(Default)]
pub(super) struct Slot {
    state: Mutex<State>,
    /// Held by the task that updates the replica.
    pub(super) updating: tokio::sync::Mutex<()>,
    /// Held by the request that reads the database because there is no replica, until it has read all parts.
    pub(super) reading: Arc<tokio::sync::Mutex<()>>,
    /// The last error of a document, so that each is logged once.
    reported: Mutex<Option<String>>,
    /// The size that counts.
    weight: AtomicU32,
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
        *self.lock() = state;
    }

    /// Makes the replica unavailable for some time.
    pub(super) fn close_for(&self, time: Duration) {
        self.set(State::Unavailable(Instant::now() + time));
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
