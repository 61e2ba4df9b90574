//! Validated recurrence rules.

mod parse;
mod print;
pub(super) mod shift;
mod summary;
mod validate;

use ::time::{Date, Weekday};

pub(super) use self::validate::weekday_index;
use super::problem::RuleProblem;
use crate::time::{Instant, LocalDateTime, Zone};

/// The frequency of a rule, before other parts expand or limit it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Frequency {
    /// `DAILY`
    Daily,
    /// `WEEKLY`
    Weekly,
    /// `MONTHLY`
    Monthly,
    /// `YEARLY`
    Yearly,
}

impl Frequency {
    /// The name in a rule's text, such as `WEEKLY`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Daily => "DAILY",
            Self::Weekly => "WEEKLY",
            Self::Monthly => "MONTHLY",
            Self::Yearly => "YEARLY",
        }
    }
}

/// A day of the week, or only the nth one of a month or year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WeekdayNumber {
    /// The day of the week.
    pub day: Weekday,
    /// The ordinal within the month or year: 1 is the first, -1 the last; `None` means every one.
    pub nth: Option<i32>,
}

impl WeekdayNumber {
    /// Every such day.
    #[must_use]
    pub const fn every(day: Weekday) -> Self {
        Self { day, nth: None }
    }

    /// Only the nth such day of each month or year; -1 is the last.
    #[must_use]
    pub const fn nth(nth: i32, day: Weekday) -> Self {
        Self { day, nth: Some(nth) }
    }
}

impl From<Weekday> for WeekdayNumber {
    fn from(day: Weekday) -> Self {
        Self::every(day)
    }
}

/// The latest possible start of an occurrence, inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Until {
    /// An instant, `UNTIL=20270630T220000Z`.
    Instant(Instant),
    /// A wall-clock time of the series' zone, `UNTIL=20270630T235959`.
    Local(LocalDateTime),
    /// A whole day of the series' zone, `UNTIL=20270630`.
    Date(Date),
}

/// The end of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RuleEnd {
    /// The rule is endless.
    Never,
    /// The number of dates, excluded ones included.
    Count(u32),
    /// The latest possible date.
    Until(Until),
}

/// The parts of a rule, unchecked: what [`Rule::from_parts`] takes.
///
/// An empty list means that the part is absent. [`Rule::from_parts`] refuses numbers that are out of range.
///
/// ```
/// use convene_domain::recurrence::{Frequency, Rule, RuleParts};
/// use time::Weekday;
///
/// let rule = Rule::from_parts(RuleParts {
///     by_weekday: vec![Weekday::Thursday.into(), Weekday::Monday.into()],
///     interval: 2,
///     ..RuleParts::every(Frequency::Weekly)
/// });
/// assert_eq!(rule, Rule::parse("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleParts {
    /// `FREQ`, required.
    pub frequency: Option<Frequency>,
    /// `INTERVAL`: the interval in days, weeks, months or years; 1 by default.
    pub interval: i32,
    /// `COUNT`: the number of dates, excluded ones included. It excludes `until`.
    pub count: Option<i32>,
    /// `UNTIL`: the latest possible date. It excludes `count`.
    pub until: Option<Until>,
    /// `BYMONTH`: 1 to 12.
    pub by_month: Vec<i32>,
    /// `BYWEEKNO`: 1 to 53, or -1 to -53 from the end of the year.
    pub by_week_number: Vec<i32>,
    /// `BYYEARDAY`: 1 to 366, or -1 to -366 from the end of the year.
    pub by_year_day: Vec<i32>,
    /// `BYMONTHDAY`: 1 to 31, or -1 to -31 from the end of the month.
    pub by_month_day: Vec<i32>,
    /// `BYDAY`
    pub by_weekday: Vec<WeekdayNumber>,
    /// `BYHOUR`: 0 to 23.
    pub by_hour: Vec<i32>,
    /// `BYMINUTE`: 0 to 59.
    pub by_minute: Vec<i32>,
    /// `BYSETPOS`: positions among the dates of one day, month or year; 1 to 366, or -1 to -366 from the last.
    pub by_set_position: Vec<i32>,
    /// `WKST`: the first day of the week; Monday by default.
    pub week_start: Weekday,
}

impl RuleParts {
    /// A rule with this frequency and no other part.
    #[must_use]
    pub const fn every(frequency: Frequency) -> Self {
        Self {
            frequency: Some(frequency),
            interval: 1,
            count: None,
            until: None,
            by_month: Vec::new(),
            by_week_number: Vec::new(),
            by_year_day: Vec::new(),
            by_month_day: Vec::new(),
            by_weekday: Vec::new(),
            by_hour: Vec::new(),
            by_minute: Vec::new(),
            by_set_position: Vec::new(),
            week_start: Weekday::Monday,
        }
    }
}

impl Default for RuleParts {
    /// No part, not even the frequency.
    fn default() -> Self {
        Self { frequency: None, ..Self::every(Frequency::Daily) }
    }
}

/// A valid recurrence rule of RFC 5545 that the engine supports.
///
/// Lists are sorted and free of duplicates, so equal rules compare equal regardless of their text. [`Display`](std::fmt::Display) prints the canonical text, which parses to the same rule.
///
/// ```
/// use convene_domain::recurrence::{Frequency, Rule};
///
/// let rule = Rule::parse("freq=weekly;byday=th,mo;interval=2")?;
/// assert_eq!(rule.frequency(), Frequency::Weekly);
/// assert_eq!(rule.to_string(), "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH");
/// assert_eq!(rule.summary(), "every 2 weeks on Monday and Thursday");
///
/// let problems = Rule::parse("FREQ=WEEKLY;INTERVAL=0;BYDAY=XX").unwrap_err();
/// let parts: Vec<_> = problems.iter().map(|problem| problem.part.name()).collect();
/// assert_eq!(parts, ["INTERVAL", "BYDAY"]);
/// # Ok::<(), Vec<convene_domain::recurrence::RuleProblem>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    frequency: Frequency,
    interval: i32,
    end: RuleEnd,
    by_month: Vec<i32>,
    by_week_number: Vec<i32>,
    by_year_day: Vec<i32>,
    by_month_day: Vec<i32>,
    by_weekday: Vec<WeekdayNumber>,
    by_hour: Vec<i32>,
    by_minute: Vec<i32>,
    by_set_position: Vec<i32>,
    week_start: Weekday,
}

impl Rule {
    /// Parses a rule's text: `FREQ=...;...`, in any case, folded or not, with or without `RRULE:`.
    ///
    /// # Errors
    ///
    /// All problems, at most one per part.
    pub fn parse(text: &str) -> Result<Self, Vec<RuleProblem>> {
        parse::parse(text)
    }

    /// Validates and sorts the parts of a rule.
    ///
    /// # Errors
    ///
    /// All problems, in the order of the parts.
    pub fn from_parts(parts: RuleParts) -> Result<Self, Vec<RuleProblem>> {
        validate::validate(parts)
    }

    /// The size of its lists in bytes.
    pub(super) fn bytes(&self) -> usize {
        let numbers = [
            &self.by_month,
            &self.by_week_number,
            &self.by_year_day,
            &self.by_month_day,
            &self.by_hour,
            &self.by_minute,
            &self.by_set_position,
        ];
        let numbers = numbers.into_iter().map(|numbers| size_of_val(numbers.as_slice()));
        numbers.sum::<usize>() + size_of_val(self.by_weekday.as_slice())
    }

    /// The parts, to change and validate them again.
    #[must_use]
    pub fn to_parts(&self) -> RuleParts {
        RuleParts {
            frequency: Some(self.frequency),
            interval: self.interval,
            count: match self.end {
                RuleEnd::Count(count) => i32::try_from(count).ok(),
                RuleEnd::Never | RuleEnd::Until(_) => None,
            },
            until: match self.end {
                RuleEnd::Until(until) => Some(until),
                RuleEnd::Never | RuleEnd::Count(_) => None,
            },
            by_month: self.by_month.clone(),
            by_week_number: self.by_week_number.clone(),
            by_year_day: self.by_year_day.clone(),
            by_month_day: self.by_month_day.clone(),
            by_weekday: self.by_weekday.clone(),
            by_hour: self.by_hour.clone(),
            by_minute: self.by_minute.clone(),
            by_set_position: self.by_set_position.clone(),
            week_start: self.week_start,
        }
    }

    /// The same rule with another end.
    #[must_use]
    pub(super) fn with_end(&self, end: RuleEnd) -> Self {
        Self { end, ..self.clone() }
    }

    /// The meaning of the rule without its end. WKST counts in weekly rules with an interval, and with BYWEEKNO.
    pub(super) fn without_end(&self) -> Self {
        let has_weeks = self.frequency == Frequency::Weekly && self.interval > 1;
        let week_start =
            if has_weeks || !self.by_week_number.is_empty() { self.week_start } else { Weekday::Monday };
        Self { week_start, ..self.with_end(RuleEnd::Never) }
    }

    /// `FREQ`
    #[must_use]
    pub const fn frequency(&self) -> Frequency {
        self.frequency
    }

    /// `INTERVAL`, 1 to 1,000.
    #[must_use]
    pub const fn interval(&self) -> i32 {
        self.interval
    }

    /// `COUNT` or `UNTIL`.
    #[must_use]
    pub const fn end(&self) -> RuleEnd {
        self.end
    }

    /// `BYMONTH`, ascending.
    #[must_use]
    pub fn by_month(&self) -> &[i32] {
        &self.by_month
    }

    /// `BYWEEKNO`, ascending.
    #[must_use]
    pub fn by_week_number(&self) -> &[i32] {
        &self.by_week_number
    }

    /// `BYYEARDAY`, ascending.
    #[must_use]
    pub fn by_year_day(&self) -> &[i32] {
        &self.by_year_day
    }

    /// `BYMONTHDAY`, ascending.
    #[must_use]
    pub fn by_month_day(&self) -> &[i32] {
        &self.by_month_day
    }

    /// `BYDAY`, from Monday to Sunday, then by number.
    #[must_use]
    pub fn by_weekday(&self) -> &[WeekdayNumber] {
        &self.by_weekday
    }

    /// `BYHOUR`, ascending.
    #[must_use]
    pub fn by_hour(&self) -> &[i32] {
        &self.by_hour
    }

    /// `BYMINUTE`, ascending.
    #[must_use]
    pub fn by_minute(&self) -> &[i32] {
        &self.by_minute
    }

    /// `BYSETPOS`, ascending.
    #[must_use]
    pub fn by_set_position(&self) -> &[i32] {
        &self.by_set_position
    }

    /// `WKST`, Monday by default.
    #[must_use]
    pub const fn week_start(&self) -> Weekday {
        self.week_start
    }

    /// The rule in plain English, such as "every 2 weeks on Monday and Thursday until 30 June 2027".
    ///
    /// An UNTIL in UTC is shown as its day in UTC; [`Series::summary`] uses the zone of the series.
    ///
    /// [`Series::summary`]: super::Series::summary
    #[must_use]
    pub fn summary(&self) -> String {
        self.summary_in(Zone::UTC)
    }

    pub(super) fn summary_in(&self, zone: Zone) -> String {
        summary::summary(self, zone)
    }
}
