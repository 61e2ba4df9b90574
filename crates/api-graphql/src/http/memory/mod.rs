//! The memory that requests share, of which no caller and no number of organizations can take all.

mod ledger;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use self::ledger::Ledger;
use crate::auth::Owner;

const UNIT_BYTES: usize = 1_024;

/// The part of the memory that an organization may take while no other one has any: one of this number. It follows from the rules of
/// the [`Ledger`].
pub const ORGANIZATIONS: usize = 2;

/// The part of the memory that a caller may take while no other one has any: one of this number.
pub const CALLERS: usize = 4;

/// Memory that requests take until they are answered. A request that needs more than the largest part of a caller takes that part.
#[derive(Clone)]
pub struct SharedMemory(Shared);

type Shared = Arc<Mutex<Ledger<oneshot::Sender<Taken>>>>;

/// The memory of a request, until it is dropped.
#[derive(Debug, Default)]
pub struct Taken {
    _held: Option<Held>,
}

#[derive(Debug)]
struct Held {
    memory: Shared,
    owner: Owner,
    units: usize,
}

impl SharedMemory {
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        Self(Arc::new(Mutex::new(Ledger::new(bytes / UNIT_BYTES))))
    }

    /// Takes memory, and waits until it is free. A caller that stops waiting leaves nothing behind.
    pub async fn take(&self, owner: &Owner, bytes: usize) -> Taken {
        let mut waiting = {
            let mut ledger = lock(&self.0);
            let units = ledger.units(bytes / UNIT_BYTES);
            if ledger.enter(owner, units) {
                return self.taken(owner, units);
            }
            let (sender, granted) = oneshot::channel();
            let number = ledger.wait(owner, units, sender);
            Waiting { memory: &self.0, owner, number, granted }
        };
        // The ledger keeps the sender until it sends.
        (&mut waiting.granted).await.unwrap_or_default()
    }

    /// Takes memory that is free now.
    pub fn try_take(&self, owner: &Owner, bytes: usize) -> Option<Taken> {
        let mut ledger = lock(&self.0);
        let units = ledger.units(bytes / UNIT_BYTES);
        ledger.enter(owner, units).then(|| self.taken(owner, units))
    }

    fn taken(&self, owner: &Owner, units: usize) -> Taken {
        let held = Held { memory: Arc::clone(&self.0), owner: owner.clone(), units };
        Taken { _held: Some(held) }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        change(&self.memory, |ledger| ledger.leave(&self.owner, self.units));
    }
}

/// A request that waits. Dropping it removes it from the ledger.
struct Waiting<'m> {
    memory: &'m Shared,
    owner: &'m Owner,
    number: u64,
    granted: oneshot::Receiver<Taken>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        change(self.memory, |ledger| ledger.abandon(self.owner, self.number));
    }
}

/// Changes the ledger, and then gives memory to all waiting requests that may have it.
fn change(memory: &Shared, change: impl FnOnce(&mut Ledger<oneshot::Sender<Taken>>)) {
    let mut ledger = lock(memory);
    change(&mut ledger);
    let started: Vec<_> = std::iter::from_fn(|| ledger.start_next()).collect();
    drop(ledger);
    for (owner, units, request) in started {
        let held = Held { memory: Arc::clone(memory), owner, units };
        // Memory that nobody takes any more is returned when it is dropped, which takes the lock.
        drop(request.send(Taken { _held: Some(held) }));
    }
}

fn lock(memory: &Shared) -> MutexGuard<'_, Ledger<oneshot::Sender<Taken>>> {
    memory.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
