//! The system clock and sources of ids and random numbers, like those of the program.

use convene_application::ports::{Clock, Ids, Random};
use convene_domain::time::Instant;
use uuid::Uuid;

pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        now()
    }
}

pub(crate) struct TimeOrderedIds;

impl Ids for TimeOrderedIds {
    fn next(&self) -> Uuid {
        new_id()
    }
}

pub(crate) struct SystemRandom;

impl Random for SystemRandom {
    #[expect(clippy::disallowed_methods, reason = "the harness is not part of the program and has no ports")]
    fn number(&self) -> i64 {
        rand::random()
    }
}

/// A new UUID of version 7.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the harness is not part of the program and has no ports")]
pub fn new_id() -> Uuid {
    Uuid::now_v7()
}

#[expect(clippy::disallowed_methods, reason = "the harness is not part of the program and has no ports")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
