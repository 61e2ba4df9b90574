use std::{num::NonZeroUsize, time::Duration};

#[cfg(any(test, feature = "testing"))]
use super::seats::Guards;
use crate::deadline::TRANSACTION;

/// How a process merges registrations.
#[derive(Debug, Clone, Copy)]
pub struct BookSettings {
    /// How many transactions of one organization are in flight at a time. More of them carry fewer calls
    /// each, and answered no more of them where that was measured.
    pub at_once: NonZeroUsize,
    /// How many calls may queue, before more are refused as too many.
    pub queue: NonZeroUsize,
    /// How many calls a transaction takes at most: it must end well within the seconds that the server gives it.
    pub batch: NonZeroUsize,
    /// How long a caller waits at most.
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

/// For negative controls, tests that must fail without it: what a book does not do itself.
#[cfg(any(test, feature = "testing"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingGuard {
    /// Seats are entered into agendas whether the time is free or not.
    Agenda,
    /// Seats are given out whether one is free or not.
    Capacity,
    /// Both.
    Both,
}

#[cfg(any(test, feature = "testing"))]
impl MissingGuard {
    /// What is left.
    pub(crate) fn rest(self) -> Guards {
        Guards { agenda: self == Self::Capacity, capacity: self == Self::Agenda }
    }
}
