//! Recurring events, exact to RFC 5545.

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
