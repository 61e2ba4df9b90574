//! Admission control: a limit on the work in flight in front of the driver (ADR 11).
//!
//! The driver queues the calls for which it has no connection, in one line for all callers, and keeps the entries of calls
//! that were abandoned. Therefore no more calls are handed to it than it has connections, and the others wait in the
//! [gates](gate) of this module: a gate removes a call that was abandoned, and serves organizations and their members in
//! turn. A [permit](gate::Permit) covers one command outside a transaction, or a whole transaction.
//!
//! The connections are divided into [shares], so that neither the registration queue nor the look-ups of
//! authentication nor the readiness probe waits behind other requests.

mod gate;
mod ledger;
mod limits;
mod owner;
mod shares;

use std::sync::Arc;

pub(crate) use self::{
    gate::{Gate, Permit},
    limits::PARTS,
    owner::Owner,
};
use self::{ledger::Rules, limits::RULES_OF_OWN_WORK, shares::Shares};
pub use self::{
    limits::{MAX_WAITING, MAX_WAITING_OF_MEMBER, MAX_WAITING_OF_ORGANIZATION},
    shares::{DEFAULT_CONNECTIONS, MIN_CONNECTIONS},
};
pub use crate::deadline::WAIT;

/// The gates of one process. A clone is cheap.
#[derive(Clone)]
pub(crate) struct Admission {
    /// Calls on behalf of requests, except registrations.
    pub(crate) requests: Arc<Gate>,
    /// The transactions of the registration queue.
    pub(crate) registrations: Arc<Gate>,
    /// Short reads that others wait for: memberships, and the keys of a batch. While one is in flight it waits for nothing
    /// else, so the holder of another permit may wait for it.
    pub(crate) lookups: Arc<Gate>,
    /// The readiness probe.
    pub(crate) probe: Arc<Gate>,
}

impl Admission {
    /// Divides these connections.
    pub(crate) fn new(connections: u32) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let Shares { requests, registrations, lookups, probe } = Shares::of(connections, processors);
        let own = |work, permits| Arc::new(Gate::new(work, Rules { permits, ..RULES_OF_OWN_WORK }));
        Self {
            requests: Arc::new(Gate::new("requests", Rules::for_requests(requests))),
            registrations: own("registrations", registrations),
            lookups: own("lookups", lookups),
            probe: own("probe", probe),
        }
    }

    /// Counts the calls in flight of all gates.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn in_flight(&self) -> usize {
        let Self { requests, registrations, lookups, probe } = self;
        [requests, registrations, lookups, probe].iter().map(|gate| gate.in_flight()).sum()
    }
}
