use std::{num::NonZeroUsize, time::Duration};

#[cfg(any(test, feature = "testing"))]
use super::seats::Guards;
use crate::deadline::TRANSACTION;

/// The limits of a process that merges registrations into batches.
#[derive(Debug, Clone, Copy)]
pub struct BookSettings {
    /// The number of batches of one organization in flight. More batches carry fewer requests each; measurements
    /// showed no higher throughput.
    pub at_once: NonZeroUsize,
    /// The number of requests that may wait; further ones are refused.
    pub queue: NonZeroUsize,
    /// The largest batch. Its transaction must end well within the time limit of the server.
    pub batch: NonZeroUsize,
    /// The time by which a call is answered.
    pub deadline: Duration,
}

impl Default for BookSettings {
    fn default() -> Self {
        const fn number(number: usize) -> NonZeroUsize {
            match NonZeroUsize::new(number) {
                Some(number) => number,
                None => NonZeroUsize::MIN,
            }
        }
        Self { at_once: number(2), queue: number(10_000), batch: number(500), deadline: TRANSACTION }
    }
}

/// The guard that a book lacks, for negative controls: tests that must fail without it.
#[cfg(any(test, feature = "testing"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingGuard {
    /// Seats are entered into agendas even if they overlap other entries.
    Agenda,
    /// Seats are taken even if none is free.
    Capacity,
    /// Both of these guards are missing.
    Both,
    /// Freed time does not conflict with freed seats.
    FreedTime,
}

#[cfg(any(test, feature = "testing"))]
impl MissingGuard {
    /// The remaining guards.
    pub(crate) fn rest(self) -> Guards {
        let is_missing = |guard| self == guard || (self == Self::Both && guard != Self::FreedTime);
        Guards {
            agenda: !is_missing(Self::Agenda),
            capacity: !is_missing(Self::Capacity),
            freed_time: !is_missing(Self::FreedTime),
        }
    }
}
