//! Calendar arithmetic on plain integers, for the inner loops of the recurrence engine.
//!
//! A *day number* counts days and a *local second* counts wall-clock seconds since 1970-01-01 00:00, a
//! *month number* counts months since January 1970. All three are in the proleptic Gregorian calendar.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "days, months and years of the years that are allowed are small numbers"
)]

use ::time::{Date, PrimitiveDateTime, UtcDateTime};

/// Seconds in a civil day.
pub(crate) const DAY_SECONDS: i64 = 86_400;

const FIRST_YEAR: i32 = 1970;
const LAST_YEAR: i32 = 2100;
const MONTHS: usize = ((LAST_YEAR - FIRST_YEAR + 1) * 12) as usize;
const EPOCH_JULIAN_DAY: i64 = 2_440_588;

/// The first day of each month from January 1970 to December 2100, and of the month after.
static MONTH_STARTS: [i32; MONTHS + 1] = month_starts();

const fn month_starts() -> [i32; MONTHS + 1] {
    let mut starts = [0; MONTHS + 1];
    let mut month = 0;
    while month < MONTHS {
        starts[month + 1] = starts[month] + length_of(FIRST_YEAR + (month / 12) as i32, month % 12);
        month += 1;
    }
    starts
}

const fn length_of(year: i32, month_index: usize) -> i32 {
    match month_index {
        1 if is_leap(year) => 29,
        1 => 28,
        3 | 5 | 8 | 10 => 30,
        _ => 31,
    }
}

/// Returns true if `year` has a 29 February.
pub(crate) const fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// The first day of a month, or of the nearest month in 1970..=2100.
pub(crate) fn month_start(month: i32) -> i32 {
    let index = usize::try_from(month).unwrap_or(0).min(MONTHS);
    MONTH_STARTS[index]
}

/// The month that a day of 1970..=2100 lies in.
pub(crate) fn month_of_day(day: i32) -> i32 {
    // A month start differs by less than a month from its place in a calendar of equal months.
    let mut month = (i64::from(day) * 4800 / 146_097) as i32;
    while month > 0 && month_start(month) > day {
        month -= 1;
    }
    while month_start(month + 1) <= day && (month as usize) < MONTHS {
        month += 1;
    }
    month
}

/// The first day of a year of 1970..=2101.
pub(crate) fn year_start(year: i32) -> i32 {
    month_start((year - FIRST_YEAR) * 12)
}

/// The year that a day lies in.
pub(crate) fn year_of_day(day: i32) -> i32 {
    FIRST_YEAR + month_of_day(day) / 12
}

/// The year that a month lies in.
pub(crate) const fn year_of_month(month: i32) -> i32 {
    FIRST_YEAR + month.div_euclid(12)
}

/// The first month of a year.
pub(crate) const fn first_month(year: i32) -> i32 {
    (year - FIRST_YEAR) * 12
}

/// The day of the week, 0 on Monday to 6 on Sunday.
pub(crate) const fn weekday(day: i32) -> i32 {
    (day + 3).rem_euclid(7)
}

/// The day number of a date.
pub(crate) const fn day_of(date: Date) -> i32 {
    date.to_julian_day() - EPOCH_JULIAN_DAY as i32
}

/// The date of a day number, clamped to the representable range.
#[inline]
pub(crate) fn date_of(day: i64) -> Date {
    let julian = i32::try_from(day + EPOCH_JULIAN_DAY).unwrap_or(if day < 0 { i32::MIN } else { i32::MAX });
    Date::from_julian_day(julian).unwrap_or(if day < 0 { Date::MIN } else { Date::MAX })
}

/// The local second of a wall-clock time, without its fraction.
pub(crate) fn seconds_of(local: PrimitiveDateTime) -> i64 {
    local.assume_utc().unix_timestamp()
}

/// The wall-clock time of a local second.
pub(crate) fn local_of(seconds: i64) -> PrimitiveDateTime {
    let instant = instant_of(seconds);
    PrimitiveDateTime::new(instant.date(), instant.time())
}

/// The instant of a number of seconds since 1970-01-01 00:00 UTC, clamped to the
/// representable range.
pub(crate) fn instant_of(seconds: i64) -> UtcDateTime {
    UtcDateTime::from_unix_timestamp(seconds).unwrap_or(if seconds < 0 {
        UtcDateTime::MIN
    } else {
        UtcDateTime::MAX
    })
}

/// The first whole second at or after an instant, since 1970-01-01 00:00 UTC.
pub(crate) fn ceil_seconds(instant: UtcDateTime) -> i64 {
    instant.unix_timestamp() + i64::from(instant.nanosecond() > 0)
}
