//! The machine's clock and sources of ids and random numbers, as the program has them.

use convene_application::ports::{Ids, Random};
use convene_domain::time::Instant;
use uuid::Uuid;

/// Ids of UUID version 7.
pub(crate) struct TimeOrderedIds;

impl Ids for TimeOrderedIds {
    fn next(&self) -> Uuid {
        new_id()
    }
}

/// Random numbers that can't be guessed.
pub(crate) struct SystemRandom;

impl Random for SystemRandom {
    #[expect(
        clippy::disallowed_methods,
        reason = "the harness runs beside the program, not behind its ports"
    )]
    fn number(&self) -> i64 {
        rand::random()
    }
}

/// A new id of UUID version 7.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the harness runs beside the program, not behind its ports")]
pub fn new_id() -> Uuid {
    Uuid::now_v7()
}

/// The current time.
#[expect(clippy::disallowed_methods, reason = "the harness runs beside the program, not behind its ports")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
