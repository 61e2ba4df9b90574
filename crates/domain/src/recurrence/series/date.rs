//! A date of a series.

use crate::time::{Instant, LocalDateTime, Zone, civil};

/// One occurrence of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SeriesOccurrence {
    /// The start, which identifies the occurrence within the series.
    pub start: Instant,
    /// The local start that the series specifies.
    pub local: LocalDateTime,
    /// True if the clocks skip this local time, so that the occurrence starts later by the length of the gap.
    pub shifted: bool,
}

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
}
