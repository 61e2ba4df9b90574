//! Every numeric limit of the engine, each with its reason.
//!
//! They keep the cost of any accepted rule small and bounded, and are far beyond what calendars hold.

use std::ops::RangeInclusive;

/// Years that starts, added and excluded dates and ends may lie in. Before 1970 the time-zone database
/// promises nothing; no one plans beyond 2099, and until then every fourth year is a leap year.
pub const YEARS: RangeInclusive<i32> = 1970..=2099;

/// INTERVAL. A thousand days, weeks or months is beyond any schedule; a larger number is a slip.
pub const INTERVAL: RangeInclusive<i32> = 1..=1_000;

/// COUNT. More than 27 years of a daily event; whoever wants more leaves COUNT out.
pub const COUNT: RangeInclusive<i32> = 1..=10_000;

/// Starts in one day, from BYHOUR times BYMINUTE: one an hour.
pub const TIMES_A_DAY: usize = 24;

/// Excluded dates, and added dates, of one series: one for each day of a year.
pub const EXTRA_DATES: usize = 366;

/// Bytes of a rule's text. All values of all lists, written out, take less.
pub const RULE_TEXT: usize = 8 * 1024;

/// Parts of a rule's text: as many as have names, for each may be given once.
pub const RULE_PARTS: usize = 14;

/// Bytes of a series written as iCalendar lines: a rule, and as many dates as there may be.
pub const SERIES_TEXT: usize = 64 * 1024;

/// Values of one BY list: no part has more different ones, so more are repetitions.
pub const LIST_VALUES: usize = 732;
