//! Recurrence as defined by RFC 5545, at a cost that does not depend on the age of a series.
//!
//! - [`Rule`] is a validated recurrence rule. It can be parsed, built from parts, printed and summarized in
//!   English.
//! - [`Series`] is a rule with a start, a zone, exdates and rdates. It returns the occurrences in a window, the
//!   next one, the one at an instant, the first and the last, and it can be split in two.
//! - [`merge`] merges many series into one list.
//! - [`limits`] lists every numeric limit.
//!
//! ```
//! use convene_domain::recurrence::{Series, SeriesParts};
//! use time::macros::utc_datetime;
//!
//! // The last working day of each month at 09:30 in Cairo, where the clocks change at midnight.
//! let parts = SeriesParts::parse(
//!     "DTSTART;TZID=Africa/Cairo:20240131T093000\n\
//!      RRULE:FREQ=MONTHLY;BYDAY=SU,MO,TU,WE,TH;BYSETPOS=-1",
//! )?;
//! let series = Series::new(parts)?;
//!
//! let (from, to) = (utc_datetime!(2056-04-01 0:00), utc_datetime!(2056-06-01 0:00));
//! let starts: Vec<_> = series.between(from, to).map(|occurrence| occurrence.start).collect();
//! assert_eq!(starts, [utc_datetime!(2056-04-30 6:30), utc_datetime!(2056-05-31 6:30)]);
//! assert_eq!(
//!     series.summary(),
//!     "every month on the last Monday, Tuesday, Wednesday, Thursday or Sunday"
//! );
//! # Ok::<(), Vec<convene_domain::recurrence::SeriesProblem>>(())
//! ```
//!
//! # How it works
//!
//! A rule is compiled to sets of days, as bits, for each shape of a week, a month or a year. The set of a given day is
//! found by division. All of this is civil time; only [`Zone::resolve`] creates instants. COUNT is resolved to a last
//! date when a series is compiled.
//!
//! [`Zone::resolve`]: crate::time::Zone::resolve

pub mod limits;
pub mod merge;
mod plan;
pub mod problem;
pub mod rule;
pub mod series;
mod text;

pub use problem::{RulePart, RuleProblem, SeriesPart, SeriesProblem};
pub use rule::{Frequency, Rule, RuleEnd, RuleParts, Until, WeekdayNumber};
pub use series::{Occurrences, Series, SeriesOccurrence, SeriesParts};
