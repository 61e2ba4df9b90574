use std::sync::{Mutex, MutexGuard, PoisonError};

use convene_domain::time::Instant;
use time::{Duration, macros::utc_datetime};

use crate::ports::Clock;

/// A clock that shows what it was set to.
#[derive(Debug)]
pub struct FixedClock(Mutex<Instant>);

impl FixedClock {
    /// What a new clock shows: a Monday morning, far enough ahead that no database expires what a test writes.
    pub const START: Instant = utc_datetime!(2031-03-03 08:00);

    /// A clock that shows `now`.
    #[must_use]
    pub const fn at(now: Instant) -> Self {
        Self(Mutex::new(now))
    }

    /// Sets the clock.
    pub fn set(&self, now: Instant) {
        *self.lock() = now;
    }

    /// Puts the clock forward.
    pub fn advance(&self, by: Duration) {
        *self.lock() += by;
    }

    fn lock(&self) -> MutexGuard<'_, Instant> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for FixedClock {
    fn default() -> Self {
        Self::at(Self::START)
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Instant {
        *self.lock()
    }
}
