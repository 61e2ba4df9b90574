use std::{num::NonZeroUsize, time::Duration};

use crate::{deadline::TRANSACTION, seats::Guards};

/// How a process merges registrations.
#[derive(Debug, Clone, Copy)]
pub struct BookSettings {
    /// How many transactions are in flight at a time. More of them meet more often; the defaults were the best
    /// that was measured, for spread load and for a rush.
    pub batchers: NonZeroUsize,
    /// How many calls may queue for a batcher, before more are refused as too many.
    pub queue: NonZeroUsize,
    /// How many calls a transaction takes at most: it must end well within the seconds that the server gives it.
    pub batch: NonZeroUsize,
    /// How long a caller waits at most.
    pub deadline: Duration,
    pub(crate) guards: Guards,
}

impl Default for BookSettings {
    fn default() -> Self {
        const fn number(number: usize) -> NonZeroUsize {
            match NonZeroUsize::new(number) {
                Some(number) => number,
                None => NonZeroUsize::MIN,
            }
        }
        Self {
            batchers: number(2),
            queue: number(10_000),
            batch: number(500),
            deadline: TRANSACTION,
            guards: Guards::ON,
        }
    }
}

/// For negative controls: tests that must fail once a guard is gone.
#[cfg(any(test, feature = "testing"))]
impl BookSettings {
    /// Enters seats into agendas whether the time is free or not.
    #[must_use]
    pub fn without_agenda_guard(mut self) -> Self {
        self.guards.agenda = false;
        self
    }

    /// Gives out seats whether one is free or not.
    #[must_use]
    pub fn without_capacity_guard(mut self) -> Self {
        self.guards.capacity = false;
        self
    }
}
