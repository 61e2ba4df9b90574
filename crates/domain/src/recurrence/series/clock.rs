//! Conversion of seconds into dates and times of day, optimized for consecutive occurrences.

use ::time::{Date, Time};

use super::date::{SeriesDate, SeriesOccurrence};
use crate::time::civil::{self, DAY_SECONDS};
use crate::time::{Instant, LocalDateTime};

/// Caches the values of the last occurrence: in a series the time of day and the offset rarely change, and the year
/// changes sometimes.
#[derive(Debug, Clone)]
pub(super) struct Clock {
    /// Seconds after local midnight, and seconds east of UTC.
    second: i64,
    offset: i64,
    /// The local time of day, and the one in UTC.
    local: Time,
    utc: Time,
    /// The number of days by which the date in UTC is ahead of the local one.
    days_ahead: i64,
    year: i32,
    /// The day number before 1 January of that year.
    year_eve: i64,
}

impl Clock {
    /// Midnight in UTC, on a day of 1970.
    pub(super) const START: Self = Self {
        second: 0,
        offset: 0,
        local: Time::MIDNIGHT,
        utc: Time::MIDNIGHT,
        days_ahead: 0,
        year: 1970,
        year_eve: -1,
    };

    /// The occurrence of a date.
    #[inline]
    pub(super) fn show(&mut self, date: SeriesDate) -> SeriesOccurrence {
        let day = date.local.div_euclid(DAY_SECONDS);
        let second = date.local - day * DAY_SECONDS;
        let offset = date.local - date.start;
        if second != self.second || offset != self.offset {
            self.set_time(second, offset);
        }
        let local_date = self.date(day);
        let date_in_utc =
            if self.days_ahead == 0 { local_date } else { civil::date_of(day + self.days_ahead) };
        SeriesOccurrence {
            start: Instant::new(date_in_utc, self.utc),
            local: LocalDateTime::new(local_date, self.local),
            shifted: date.shifted,
        }
    }

    #[inline]
    fn date(&mut self, day: i64) -> Date {
        // 31 December of a leap year and every change of the year take the slow path.
        let day_of_year = day - self.year_eve;
        let known = u16::try_from(day_of_year).ok().filter(|day_of_year| *day_of_year <= 365);
        match known.and_then(|day_of_year| Date::from_ordinal_date(self.year, day_of_year).ok()) {
            Some(date) => date,
            None => self.set_year(day),
        }
    }

    #[cold]
    fn set_time(&mut self, second: i64, offset: i64) {
        let in_utc = second - offset;
        self.second = second;
        self.offset = offset;
        self.local = civil::local_of(second).time();
        self.utc = civil::local_of(in_utc.rem_euclid(DAY_SECONDS)).time();
        self.days_ahead = in_utc.div_euclid(DAY_SECONDS);
    }

    #[cold]
    fn set_year(&mut self, day: i64) -> Date {
        let date = civil::date_of(day);
        self.year = date.year();
        self.year_eve = day - i64::from(date.ordinal());
        date
    }
}

impl SeriesDate {
    pub(in crate::recurrence) fn show(self) -> SeriesOccurrence {
        let mut clock = Clock::START;
        clock.show(self)
    }
}
