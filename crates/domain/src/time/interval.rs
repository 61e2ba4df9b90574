//! Half-open intervals between two instants.

use ::time::Duration;

use super::Instant;

/// The instants from `start` (included) to `end` (not included); never empty.
///
/// Two intervals that only touch do not overlap, so one event can start when another one ends.
///
/// ```
/// use convene_domain::time::Interval;
/// use time::macros::utc_datetime;
///
/// let first = Interval::new(utc_datetime!(2026-11-22 9:00), utc_datetime!(2026-11-22 10:00))?;
/// let next = Interval::new(utc_datetime!(2026-11-22 10:00), utc_datetime!(2026-11-22 11:00))?;
/// assert!(!first.overlaps(&next));
/// assert!(first.contains(utc_datetime!(2026-11-22 9:00)));
/// assert!(!first.contains(utc_datetime!(2026-11-22 10:00)));
/// # Ok::<(), convene_domain::time::interval::EmptyInterval>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Interval {
    start: Instant,
    end: Instant,
}

/// The refusal of an interval whose end is not after its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an interval must end after it starts: {end} is not after {start}")]
pub struct EmptyInterval {
    /// The requested start.
    pub start: Instant,
    /// The requested end.
    pub end: Instant,
}

impl Interval {
    /// The interval `[start, end)`.
    ///
    /// # Errors
    ///
    /// [`EmptyInterval`] if `end` is not after `start`.
    pub const fn new(start: Instant, end: Instant) -> Result<Self, EmptyInterval> {
        // `<` on instants is not available in constant functions.
        if start.unix_timestamp_nanos() < end.unix_timestamp_nanos() {
            Ok(Self { start, end })
        } else {
            Err(EmptyInterval { start, end })
        }
    }

    /// The instants from `start` to `end`, which is known to be later.
    pub(crate) const fn between(start: Instant, end: Instant) -> Self {
        Self { start, end }
    }

    /// The first instant of the interval.
    #[must_use]
    pub const fn start(&self) -> Instant {
        self.start
    }

    /// The first instant after the interval.
    #[must_use]
    pub const fn end(&self) -> Instant {
        self.end
    }

    /// Returns true if the two intervals have an instant in common.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// Returns true if the interval contains `instant`.
    #[must_use]
    pub fn contains(&self, instant: Instant) -> bool {
        self.start <= instant && instant < self.end
    }

    /// The length of the interval, greater than zero.
    #[must_use]
    pub fn duration(&self) -> Duration {
        self.end - self.start
    }
}

#[cfg(test)]
mod tests {
    use ::time::macros::utc_datetime;

    use super::*;

    fn interval(start: Instant, end: Instant) -> Interval {
        Interval::new(start, end).unwrap()
    }

    #[test]
    fn an_interval_that_ends_when_it_starts_is_refused() {
        let at = utc_datetime!(2026-01-01 0:00);
        assert_eq!(Interval::new(at, at), Err(EmptyInterval { start: at, end: at }));
        let before = utc_datetime!(2025-12-31 0:00);
        assert_eq!(
            Interval::new(at, before).unwrap_err().to_string(),
            "an interval must end after it starts: 2025-12-31 0:00:00.0 +00 is not after 2026-01-01 0:00:00.0 +00"
        );
    }

    #[test]
    fn touching_intervals_do_not_overlap_but_nested_ones_do() {
        let noon = utc_datetime!(2026-01-01 12:00);
        let morning = interval(utc_datetime!(2026-01-01 8:00), noon);
        let afternoon = interval(noon, utc_datetime!(2026-01-01 18:00));
        let coffee = interval(utc_datetime!(2026-01-01 10:00), utc_datetime!(2026-01-01 10:15));
        assert!(!morning.overlaps(&afternoon) && !afternoon.overlaps(&morning));
        assert!(morning.overlaps(&coffee) && coffee.overlaps(&morning));
        assert_eq!(coffee.duration(), Duration::minutes(15));
    }
}
