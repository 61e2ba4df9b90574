use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::{
    sync::oneshot,
    time::{Instant, timeout_at},
};

use super::{
    Owner,
    ledger::{Full, Ledger, Rules},
};
use crate::{error::StorageError, metrics::GateMetrics};

/// Limits the calls of one kind of work in flight. The others wait, in the order of the [ledger](Ledger).
pub(crate) struct Gate {
    ledger: Mutex<Ledger<oneshot::Sender<Permit>>>,
    metrics: GateMetrics,
}

/// The permission for a call to be in flight, until it is dropped.
pub(crate) struct Permit {
    gate: Arc<Gate>,
    owner: Owner,
}

impl Gate {
    /// A gate for this kind of work, which metrics name.
    pub(super) fn new(work: &'static str, rules: Rules) -> Self {
        Self { ledger: Mutex::new(Ledger::new(rules)), metrics: GateMetrics::new(work) }
    }

    /// A gate for the memory of parts of catalogues that are not kept in memory. One organization has all permits until another one
    /// waits.
    pub(crate) fn for_parts() -> Arc<Self> {
        Arc::new(Self::new("parts", Rules::for_parts()))
    }

    /// Waits for a permit, until this time at most. A caller that stops waiting leaves nothing behind.
    ///
    /// # Errors
    /// [`StorageError::Overloaded`] if too many calls wait already, or if the time is over.
    pub(crate) async fn enter(
        self: &Arc<Self>,
        owner: Owner,
        until: Instant,
    ) -> Result<Permit, StorageError> {
        let mut waiting = {
            let mut ledger = self.ledger();
            if ledger.enter(owner) {
                self.metrics.set(ledger.in_flight(), ledger.waiting());
                drop(ledger);
                self.metrics.waited(std::time::Duration::ZERO);
                return Ok(Permit { gate: Arc::clone(self), owner });
            }
            let (sender, granted) = oneshot::channel();
            let number = ledger.wait(owner, sender).map_err(|full| {
                self.metrics.refused(match full {
                    Full::Process => "process",
                    Full::Organization => "organization",
                    Full::Member => "member",
                });
                StorageError::Overloaded
            })?;
            self.metrics.set(ledger.in_flight(), ledger.waiting());
            WaitingCall { gate: self, owner, number, granted }
        };
        let since = Instant::now();
        match timeout_at(until, &mut waiting.granted).await {
            Ok(Ok(permit)) => {
                self.metrics.waited(since.elapsed());
                Ok(permit)
            }
            Ok(Err(_)) | Err(_) => {
                self.metrics.refused("deadline");
                Err(StorageError::Overloaded)
            }
        }
    }

    /// Counts the calls in flight.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn in_flight(&self) -> usize {
        self.ledger().in_flight()
    }

    /// Changes the ledger, and then starts every waiting call that may start.
    fn change<T>(self: &Arc<Self>, change: impl FnOnce(&mut Ledger<oneshot::Sender<Permit>>) -> T) -> T {
        let mut ledger = self.ledger();
        let result = change(&mut ledger);
        let started: Vec<_> = std::iter::from_fn(|| ledger.start_next()).collect();
        self.metrics.set(ledger.in_flight(), ledger.waiting());
        drop(ledger);
        for (owner, call) in started {
            // A permit that nobody takes any more is returned when it is dropped, which takes the lock.
            drop(call.send(Permit { gate: Arc::clone(self), owner }));
        }
        result
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger<oneshot::Sender<Permit>>> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let owner = self.owner;
        self.gate.change(|ledger| ledger.leave(owner));
    }
}

/// A call that waits for a permit. Dropping it removes it from the ledger.
struct WaitingCall<'g> {
    gate: &'g Arc<Gate>,
    owner: Owner,
    number: u64,
    granted: oneshot::Receiver<Permit>,
}

impl Drop for WaitingCall<'_> {
    fn drop(&mut self) {
        let (owner, number) = (self.owner, self.number);
        // The number is gone if a permit was granted.
        if self.gate.change(|ledger| ledger.abandon(owner, number)) {
            self.gate.metrics.abandoned();
        }
    }
}

#[cfg(test)]
mod tests;
