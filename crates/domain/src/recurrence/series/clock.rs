//! Turning seconds into dates and times of day, fast where one occurrence is like the one before.

use ::time::Time;

use super::SeriesOccurrence;
use super::compile::Extra;
use crate::time::civil::{self, DAY_SECONDS};
use crate::time::{Instant, LocalDateTime};

/// Remembers what the last occurrence showed: in a series the time of day and the offset seldom change.
#[derive(Debug, Clone)]
pub(super) struct Clock {
    /// Seconds after local midnight, and seconds east of UTC.
    second: i64,
    offset: i64,
    /// What they are on the clock, and in UTC.
    local: Time,
    utc: Time,
    /// How many days the date in UTC is ahead of the local one.
    days_ahead: i64,
}

impl Clock {
    pub(super) const MIDNIGHT: Self =
        Self { second: 0, offset: 0, local: Time::MIDNIGHT, utc: Time::MIDNIGHT, days_ahead: 0 };

    /// The occurrence of a date.
    #[inline]
    pub(super) fn show(&mut self, date: Extra) -> SeriesOccurrence {
        let day = date.local.div_euclid(DAY_SECONDS);
        let second = date.local - day * DAY_SECONDS;
        let offset = date.local - date.start;
        if second != self.second || offset != self.offset {
            self.set(second, offset);
        }
        let local_date = civil::date_of(day);
        let date_in_utc =
            if self.days_ahead == 0 { local_date } else { civil::date_of(day + self.days_ahead) };
        SeriesOccurrence {
            start: Instant::new(date_in_utc, self.utc),
            local: LocalDateTime::new(local_date, self.local),
            shifted: date.shifted,
        }
    }

    #[cold]
    fn set(&mut self, second: i64, offset: i64) {
        let in_utc = second - offset;
        *self = Self {
            second,
            offset,
            local: civil::local_of(second).time(),
            utc: civil::local_of(in_utc.rem_euclid(DAY_SECONDS)).time(),
            days_ahead: in_utc.div_euclid(DAY_SECONDS),
        };
    }
}
