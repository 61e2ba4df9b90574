use std::sync::{Mutex, MutexGuard, PoisonError};

use convene_domain::time::Instant;
use time::{Duration, macros::utc_datetime};

use crate::ports::Clock;

/// A clock that is set by the test.
#[derive(Debug)]
pub struct FixedClock(Mutex<Instant>);

impl FixedClock {
    /// The initial time: a Monday morning, far enough in the future that no database expires test data.
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

    /// Advances the clock.
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
