//! A rule compiled for one start: which days, and which times on each of them.
//!
//! Everything here is civil time, free of zones. Days come in *chunks*: a first day and a set of up to 64
//! days from it. A chunk is named by its *position*, a number whose meaning depends on the pattern; the
//! position for any day is found by division, so that nothing depends on the age of a series.

mod month_masks;
mod month_table;
mod select;
mod stride;
mod walk;
mod year_sets;

use self::month_masks::MonthMasks;
use self::month_table::MonthTable;
use self::stride::Stride;
pub(super) use self::walk::Walk;
use self::year_sets::YearSets;
use super::limits;
use super::rule::{Frequency, Rule};
use crate::time::LocalDateTime;
use crate::time::civil::{self, DAY_SECONDS};

/// The last local second that the engine expands to.
pub(super) fn horizon() -> i64 {
    i64::from(civil::year_start(limits::YEARS.end() + 1)) * DAY_SECONDS - 1
}

/// A compiled rule.
#[derive(Debug)]
pub(super) struct Plan {
    pattern: Pattern,
    /// Seconds after midnight of each occurrence of a day, rising.
    times: Times,
    /// BYSETPOS, where it chooses among days and times together; empty if it is already applied.
    picks: Vec<i32>,
    /// The local second of the start.
    first: i64,
    /// No date is later than this local second.
    last: i64,
}

/// Seconds after midnight, rising. Nearly all series have one, which needs no memory of its own.
#[derive(Debug)]
enum Times {
    One([i64; 1]),
    Several(Vec<i64>),
}

impl Times {
    fn as_slice(&self) -> &[i64] {
        match self {
            Self::One(time) => time,
            Self::Several(times) => times,
        }
    }
}

#[derive(Debug)]
enum Pattern {
    /// DAILY and WEEKLY: a fixed set of days that repeats.
    Stride(Stride),
    /// MONTHLY, and YEARLY rules that can be evaluated month by month.
    Months(Months),
    /// YEARLY where days are counted through the year.
    Years(Years),
}

#[derive(Debug)]
struct Months {
    first: i32,
    step: MonthStep,
    /// Boxed, to keep the other patterns small: many series in a row should fit into a cache.
    days: Box<MonthDays>,
}

#[derive(Debug)]
enum MonthDays {
    /// Days that depend on the shape of the month.
    Masks(MonthMasks),
    /// Days that depend on the month and the shape of the year.
    Table(Box<MonthTable>),
}

#[derive(Debug, Clone, Copy)]
enum MonthStep {
    /// Every so many months.
    Months(i32),
    /// Every month of every so many years.
    Years(i32),
}

#[derive(Debug)]
struct Years {
    first: i32,
    step: i32,
    sets: Box<YearSets>,
}

impl Plan {
    /// Compiles a rule for a start, up to the horizon; the start supplies a month, a day or a time
    /// that the rule omits.
    pub(super) fn new(rule: &Rule, start: LocalDateTime) -> Self {
        let first = civil::seconds_of(start);
        let mut times = times_of_day(rule, start);
        let mut picks = rule.by_set_position().to_vec();
        if rule.frequency() == Frequency::Daily && !picks.is_empty() {
            times = select::select(&times, &picks);
            picks.clear();
        }
        let pattern = Pattern::new(rule, civil::day_of(start.date()), times.len() > 1, &picks);
        if times.len() == 1 {
            picks.clear();
        }
        let times = <[i64; 1]>::try_from(times).map_or_else(Times::Several, Times::One);
        Self { pattern, times, picks, first, last: horizon() }
    }

    /// The approximate size in bytes of what it refers to.
    pub(super) fn bytes(&self) -> usize {
        let pattern = match &self.pattern {
            Pattern::Stride(stride) => stride.filter_bytes(),
            Pattern::Months(Months { days, .. }) => match **days {
                MonthDays::Masks(_) => size_of::<MonthDays>(),
                MonthDays::Table(_) => size_of::<MonthDays>() + size_of::<MonthTable>(),
            },
            Pattern::Years(_) => size_of::<YearSets>(),
        };
        pattern + size_of_val(self.times.as_slice()) + size_of_val(self.picks.as_slice())
    }

    /// The same plan with an earlier end, included.
    pub(super) fn ending_at(self, last: i64) -> Self {
        Self { last: last.min(self.last), ..self }
    }

    /// The local second that no date is after.
    pub(super) const fn last(&self) -> i64 {
        self.last
    }

    /// The first local second at or after `local`, and all that follow.
    pub(super) fn walk(&self, local: i64) -> Walk<'_> {
        Walk::new(self, local)
    }
}

/// BYHOUR times BYMINUTE, on the start's second.
fn times_of_day(rule: &Rule, start: LocalDateTime) -> Vec<i64> {
    let start_hour = [i32::from(start.hour())];
    let start_minute = [i32::from(start.minute())];
    let hours = if rule.by_hour().is_empty() { &start_hour } else { rule.by_hour() };
    let minutes = if rule.by_minute().is_empty() { &start_minute } else { rule.by_minute() };
    let second = i64::from(start.second());
    let times = hours
        .iter()
        .flat_map(|hour| minutes.iter().map(move |minute| i64::from(hour * 3600 + minute * 60) + second));
    times.collect()
}

impl Pattern {
    /// Applies `picks` to the days if there is one time per day.
    fn new(rule: &Rule, start_day: i32, several_times: bool, picks: &[i32]) -> Self {
        match rule.frequency() {
            Frequency::Daily | Frequency::Weekly => Self::Stride(Stride::new(rule, start_day)),
            Frequency::Monthly => {
                let days = MonthDays::new(rule, start_day, if several_times { &[] } else { picks });
                let step = MonthStep::Months(rule.interval());
                Self::Months(Months { first: civil::month_of_day(start_day), step, days: Box::new(days) })
            }
            Frequency::Yearly if picks.is_empty() && YearSets::are_months(rule) => Self::Months(Months {
                first: civil::month_of_day(start_day),
                step: MonthStep::Years(rule.interval()),
                days: Box::new(MonthDays::Masks(MonthMasks::new(rule, start_day))),
            }),
            Frequency::Yearly => {
                let mut sets = YearSets::new(rule, start_day);
                if !several_times {
                    sets.pick(picks);
                }
                Self::Years(Years {
                    first: civil::year_of_day(start_day),
                    step: rule.interval(),
                    sets: Box::new(sets),
                })
            }
        }
    }

    /// The position of the first chunk that can hold `day` or a later one.
    fn seek(&self, day: i32) -> i32 {
        match self {
            Self::Stride(stride) => stride.seek(day),
            Self::Months(months) => months.seek(day),
            Self::Years(years) => years.seek(day),
        }
    }

    /// The position after `position`.
    fn after(&self, position: i32) -> i32 {
        match self {
            Self::Stride(stride) => stride.after(position),
            Self::Months(months) => months.after(position),
            Self::Years(years) => years.after(position),
        }
    }

    /// The first day of the chunk at a position; a day past the horizon for any position past it.
    fn first_day(&self, position: i32) -> i32 {
        match self {
            Self::Stride(_) => position,
            Self::Months(_) => civil::month_start(position),
            Self::Years(_) => Years::first_day(position),
        }
    }

    /// The days of the chunk at a position that is not past the horizon: `first_day + i` for each bit `i`.
    fn days(&self, position: i32) -> u64 {
        match self {
            Self::Stride(stride) => stride.days(position),
            Self::Months(months) => u64::from(months.days.days(position)),
            Self::Years(years) => years.sets.days(position / YearSets::STEP, position % YearSets::STEP),
        }
    }

    /// The number of chunks in one period of the rule, which begins at the result of `seek_period`.
    fn chunks_in_period(&self) -> usize {
        if matches!(self, Self::Years(_)) { YearSets::WORDS } else { 1 }
    }

    /// The position of the first chunk of the first period that can hold `day` or a later one.
    fn seek_period(&self, day: i32) -> i32 {
        match self {
            Self::Years(years) => years.seek_year(day),
            Self::Stride(_) | Self::Months(_) => self.seek(day),
        }
    }
}

impl MonthDays {
    /// The days of a monthly rule, those at the positions `picks` if there are any.
    fn new(rule: &Rule, start_day: i32, picks: &[i32]) -> Self {
        if YearSets::are_months(rule) {
            let mut masks = MonthMasks::new(rule, start_day);
            masks.pick(picks);
            Self::Masks(masks)
        } else {
            let mut table = MonthTable::new(rule, start_day);
            table.pick(picks);
            Self::Table(Box::new(table))
        }
    }

    fn has_month(&self, month: i32) -> bool {
        match self {
            Self::Masks(masks) => masks.has_month(month),
            Self::Table(table) => table.has_month(month),
        }
    }

    fn days(&self, month: i32) -> u32 {
        match self {
            Self::Masks(masks) => masks.days(month),
            Self::Table(table) => table.days(month),
        }
    }
}

impl Months {
    // A position is a month number.

    fn seek(&self, day: i32) -> i32 {
        let month = civil::month_of_day(day).max(self.first);
        match self.step {
            MonthStep::Months(step) => self.settle(self.first + next_multiple(month - self.first, step)),
            MonthStep::Years(step) => {
                let first_year = self.first / 12;
                let year = first_year + next_multiple(month / 12 - first_year, step);
                self.settle(month.max(year * 12))
            }
        }
    }

    fn after(&self, position: i32) -> i32 {
        match self.step {
            MonthStep::Months(step) => self.settle(position + step),
            MonthStep::Years(step) if position % 12 == 11 => self.settle(position + 1 + (step - 1) * 12),
            MonthStep::Years(_) => self.settle(position + 1),
        }
    }

    /// This month, or the next one in step that BYMONTH accepts. Twelve steps reach every month that they can reach.
    fn settle(&self, mut month: i32) -> i32 {
        for _ in 0..12 {
            if self.days.has_month(month) {
                break;
            }
            month = match self.step {
                MonthStep::Months(step) => month + step,
                MonthStep::Years(step) if month % 12 == 11 => month + 1 + (step - 1) * 12,
                MonthStep::Years(_) => month + 1,
            };
        }
        month
    }
}

impl Years {
    // A position is a year times the words of its set, plus the word.

    fn seek(&self, day: i32) -> i32 {
        let position = self.seek_year(day);
        let start = civil::year_start(position / YearSets::STEP);
        position + (day - start).max(0) / 64
    }

    fn seek_year(&self, day: i32) -> i32 {
        let year = civil::year_of_day(day).max(self.first);
        (self.first + next_multiple(year - self.first, self.step)) * YearSets::STEP
    }

    fn after(&self, position: i32) -> i32 {
        if position % YearSets::STEP == YearSets::STEP - 1 {
            position + 1 + (self.step - 1) * YearSets::STEP
        } else {
            position + 1
        }
    }

    fn first_day(position: i32) -> i32 {
        civil::year_start(position / YearSets::STEP) + position % YearSets::STEP * 64
    }
}

/// The first multiple of `step` that is not below `distance`, which is not negative.
const fn next_multiple(distance: i32, step: i32) -> i32 {
    (distance + step - 1) / step * step
}
