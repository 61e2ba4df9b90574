//! The reasons for refusing a rule or a series.

use std::fmt;

/// A part of a recurrence rule, with its name in RFC 5545, section 3.3.10.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RulePart {
    /// The rule as a whole.
    Rule,
    /// `FREQ`
    Frequency,
    /// `INTERVAL`
    Interval,
    /// `COUNT`
    Count,
    /// `UNTIL`
    Until,
    /// `BYMONTH`
    ByMonth,
    /// `BYWEEKNO`
    ByWeekNumber,
    /// `BYYEARDAY`
    ByYearDay,
    /// `BYMONTHDAY`
    ByMonthDay,
    /// `BYDAY`
    ByWeekday,
    /// `BYHOUR`
    ByHour,
    /// `BYMINUTE`
    ByMinute,
    /// `BYSECOND`
    BySecond,
    /// `BYSETPOS`
    BySetPosition,
    /// `WKST`
    WeekStart,
}

impl RulePart {
    /// Every part with a name in a rule's text.
    pub(super) const NAMED: [Self; 14] = [
        Self::Frequency,
        Self::Interval,
        Self::Count,
        Self::Until,
        Self::ByMonth,
        Self::ByWeekNumber,
        Self::ByYearDay,
        Self::ByMonthDay,
        Self::ByWeekday,
        Self::ByHour,
        Self::ByMinute,
        Self::BySecond,
        Self::BySetPosition,
        Self::WeekStart,
    ];

    /// The name in a rule's text, such as `BYDAY`; `RRULE` for the whole.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rule => "RRULE",
            Self::Frequency => "FREQ",
            Self::Interval => "INTERVAL",
            Self::Count => "COUNT",
            Self::Until => "UNTIL",
            Self::ByMonth => "BYMONTH",
            Self::ByWeekNumber => "BYWEEKNO",
            Self::ByYearDay => "BYYEARDAY",
            Self::ByMonthDay => "BYMONTHDAY",
            Self::ByWeekday => "BYDAY",
            Self::ByHour => "BYHOUR",
            Self::ByMinute => "BYMINUTE",
            Self::BySecond => "BYSECOND",
            Self::BySetPosition => "BYSETPOS",
            Self::WeekStart => "WKST",
        }
    }
}

impl fmt::Display for RulePart {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A reason for refusing a rule: the part, and the allowed values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{part} {message}")]
pub struct RuleProblem {
    /// The part of the rule to correct.
    pub part: RulePart,
    /// The problem and the allowed values, to be read after the part's name.
    pub message: String,
}

impl RuleProblem {
    pub(super) fn new(part: RulePart, message: impl Into<String>) -> Self {
        Self { part, message: message.into() }
    }
}

/// A part of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SeriesPart {
    /// The start of the first occurrence, `DTSTART`.
    Start,
    /// A part of the rule.
    Rule(RulePart),
    /// The excluded dates, `EXDATE`.
    ExceptionDates,
    /// The added dates, `RDATE`.
    AddedDates,
}

impl SeriesPart {
    /// The name in iCalendar, such as `DTSTART`, `EXDATE` or `BYDAY`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Start => "DTSTART",
            Self::Rule(part) => part.name(),
            Self::ExceptionDates => "EXDATE",
            Self::AddedDates => "RDATE",
        }
    }
}

impl fmt::Display for SeriesPart {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A reason for refusing a series: the part, and the allowed values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{part} {message}")]
pub struct SeriesProblem {
    /// The part of the series to correct.
    pub part: SeriesPart,
    /// The problem and the allowed values, to be read after the part's name.
    pub message: String,
}

impl SeriesProblem {
    pub(crate) fn new(part: SeriesPart, message: impl Into<String>) -> Self {
        Self { part, message: message.into() }
    }
}

impl From<RuleProblem> for SeriesProblem {
    fn from(problem: RuleProblem) -> Self {
        Self { part: SeriesPart::Rule(problem.part), message: problem.message }
    }
}
