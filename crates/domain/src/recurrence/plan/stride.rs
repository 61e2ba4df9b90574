//! Days that repeat after a fixed number of days.

use super::month_masks::MonthMasks;
use super::year_sets::{self, YearSets};
use crate::recurrence::rule::{Frequency, Rule, weekday_index};
use crate::time::civil;

/// A week's days.
const EVERY_DAY: u64 = 0x7F;

/// DAILY and WEEKLY rules: a set of days within 64, again and again, less what a filter takes away.
#[derive(Debug)]
pub(super) struct Stride {
    /// A day at which the repetition begins; no later than the start.
    first: i32,
    /// After how many days the set repeats.
    length: i32,
    /// The set; bit 0 is the first day.
    set: u64,
    /// The days let through, if not all.
    filter: Option<Box<Filter>>,
}

#[derive(Debug)]
enum Filter {
    /// The days accepted by BYMONTH, BYMONTHDAY and BYDAY.
    Months(MonthMasks),
    /// The days accepted by all BY parts.
    Years(Box<YearSets>),
}

impl Stride {
    /// The size of the filter in bytes.
    pub(super) fn filter_bytes(&self) -> usize {
        match self.filter.as_deref() {
            None => 0,
            Some(Filter::Months(_)) => size_of::<Filter>(),
            Some(Filter::Years(_)) => size_of::<Filter>() + size_of::<YearSets>(),
        }
    }

    pub(super) fn new(rule: &Rule, start_day: i32) -> Self {
        let (first, period, days, width) = match rule.frequency() {
            Frequency::Weekly => {
                let week_start = weekday_index(rule.week_start());
                let into_week = (civil::weekday(start_day) - week_start).rem_euclid(7);
                let wanted = |day| (weekday_index(day) - week_start).rem_euclid(7);
                let days = rule.by_weekday().iter().fold(0, |days, day| days | 1_u64 << wanted(day.day));
                let days = match days {
                    0 if names_days_otherwise(rule) => EVERY_DAY,
                    0 => 1 << into_week,
                    days => days,
                };
                (start_day - into_week, 7 * rule.interval(), days, 7)
            }
            _ => (start_day, rule.interval(), 1, 1),
        };
        // As many repetitions as fit into one chunk.
        let repetitions = (64 - width) / period + 1;
        let set = (0..repetitions).fold(0, |all, repetition| all | days << (repetition * period));
        Self { first, length: repetitions * period, set, filter: Filter::of(rule, start_day) }
    }

    // A position is the first day of a chunk.

    pub(super) fn seek(&self, day: i32) -> i32 {
        // The last chunk that begins by this day may still reach it.
        self.first + ((day - self.first).max(0) / self.length) * self.length
    }

    pub(super) const fn after(&self, position: i32) -> i32 {
        position + self.length
    }

    pub(super) fn days(&self, position: i32) -> u64 {
        match &self.filter {
            None => self.set,
            Some(filter) => self.set & filter.days_from(position),
        }
    }
}

/// Returns true if a weekly rule without BYDAY specifies its days by parts other than the start.
fn names_days_otherwise(rule: &Rule) -> bool {
    !rule.by_month_day().is_empty() || year_sets::names_days_of_year(rule)
}

impl Filter {
    /// The filter of a rule, if it has any. A weekly rule's BYDAY is in the set of days already.
    fn of(rule: &Rule, start_day: i32) -> Option<Box<Self>> {
        if year_sets::names_days_of_year(rule) {
            return Some(Box::new(Self::Years(Box::new(YearSets::new(rule, start_day)))));
        }
        let weekdays = rule.frequency() == Frequency::Daily && !rule.by_weekday().is_empty();
        let any = weekdays || !rule.by_month().is_empty() || !rule.by_month_day().is_empty();
        any.then(|| Box::new(Self::Months(MonthMasks::filter(rule, weekdays))))
    }

    /// The accepted days among the 64 from `first`.
    fn days_from(&self, first: i32) -> u64 {
        match self {
            Self::Months(masks) => allowed(masks, first),
            Self::Years(sets) => sets.days_from(first),
        }
    }
}

/// The days that the month masks accept among the 64 from `first`.
fn allowed(masks: &MonthMasks, first: i32) -> u64 {
    let mut allowed = 0;
    let mut month = civil::month_of_day(first);
    loop {
        let offset = civil::month_start(month) - first;
        if offset >= 64 {
            return allowed;
        }
        let days = u64::from(masks.days(month));
        allowed |= if offset < 0 { days >> -offset } else { days << offset };
        month += 1;
    }
}
