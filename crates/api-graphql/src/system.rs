//! The machine's clock and its sources of ids and random numbers: the only place that asks for them.

use convene_application::ports::{Clock, Ids, Random};
use convene_domain::time::Instant;
use uuid::Uuid;

/// The clock of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the adapter of the clock port")]
    fn now(&self) -> Instant {
        let now = Instant::now();
        // The database stores milliseconds. A response must equal the value that is read later.
        now.replace_millisecond(now.millisecond()).unwrap_or(now)
    }
}

/// Ids of UUID version 7 (RFC 9562): they sort by time and cannot be guessed.
#[derive(Clone, Copy, Debug, Default)]
pub struct TimeOrderedIds;

impl Ids for TimeOrderedIds {
    #[expect(clippy::disallowed_methods, reason = "the adapter of the ids port")]
    fn next(&self) -> Uuid {
        Uuid::now_v7()
    }
}

/// Random numbers that can't be guessed.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    #[expect(clippy::disallowed_methods, reason = "this is the source that all random numbers come from")]
    fn number(&self) -> i64 {
        rand::random()
    }
}

/// The time in seconds since the start of 1970, UTC.
#[must_use]
pub fn unix_time() -> i64 {
    SystemClock.now().unix_timestamp()
}

/// A new id for a request without one.
#[must_use]
pub fn new_request_id() -> String {
    TimeOrderedIds.next().simple().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_tells_whole_milliseconds() {
        assert_eq!(SystemClock.now().nanosecond() % 1_000_000, 0);
    }

    #[test]
    fn ids_rise() {
        let ids: Vec<Uuid> = (0..100).map(|_| TimeOrderedIds.next()).collect();
        assert!(ids.is_sorted_by(|one, next| one < next));
    }
}
