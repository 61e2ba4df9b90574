//! Every numeric limit of the engine, each with its reason.
//!
//! They bound the cost of any accepted rule, and are far beyond the needs of calendars.

use std::ops::RangeInclusive;

/// The years of starts, rdates, exdates and ends. The time-zone database is not reliable before 1970; until 2099 every
/// fourth year is a leap year. An end in UTC may be a day before or after them: clocks of some zone show a day in them.
pub const YEARS: RangeInclusive<i32> = 1970..=2099;

/// INTERVAL. A thousand days, weeks or months is beyond any schedule; a larger number is an error.
pub const INTERVAL: RangeInclusive<i32> = 1..=1_000;

/// COUNT. More than 27 years of a daily event; a longer series can omit COUNT.
pub const COUNT: RangeInclusive<i32> = 1..=10_000;

/// The number of starts in one day, from BYHOUR times BYMINUTE: one per hour.
pub const TIMES_A_DAY: usize = 24;

/// The number of exdates, and of rdates, of one series: one for each day of a year.
pub const EXTRA_DATES: usize = 366;

/// The number of single used dates of one series: each day of almost three years, or each hour of six weeks. They take 30 kB of the
/// event's document.
pub const USED_DATES: usize = 1_000;

/// The number of bytes of a rule's text. All values of all lists take less.
pub const RULE_TEXT: usize = 8 * 1024;

/// The number of parts of a rule's text: each named part may occur once.
pub const RULE_PARTS: usize = 14;

/// The number of bytes of a series in iCalendar lines: a rule and the maximum number of dates.
pub const SERIES_TEXT: usize = 64 * 1024;

/// The number of values of one BY list: no part has more distinct values.
pub const LIST_VALUES: usize = 732;
