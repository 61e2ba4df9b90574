//! A date of a series, in seconds.

use super::SeriesOccurrence;
use super::clock::Clock;
use crate::time::{LocalDateTime, Zone, civil};

/// The compact form of a [`SeriesOccurrence`], ordered by start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::recurrence) struct SeriesDate {
    /// Seconds since 1970-01-01 00:00 UTC.
    pub(in crate::recurrence) start: i64,
    pub(super) shifted: bool,
    /// Seconds since 1970-01-01 00:00 on the clock.
    pub(super) local: i64,
}

impl SeriesDate {
    pub(super) fn new(zone: Zone, local: LocalDateTime) -> Self {
        let resolved = zone.resolve(local);
        Self {
            start: resolved.instant.unix_timestamp(),
            shifted: resolved.shifted,
            local: civil::seconds_of(local),
        }
    }

    pub(in crate::recurrence) fn show(self) -> SeriesOccurrence {
        let mut clock = Clock::START;
        clock.show(self)
    }
}
