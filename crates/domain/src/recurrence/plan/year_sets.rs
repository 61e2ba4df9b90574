//! The days of a year that a rule selects, for every shape of year.
//!
//! YEARLY rules iterate over them; for the other frequencies they are a filter.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "days of a year and years since 1970 are small numbers from 0 on"
)]

use super::month_masks::{MonthMasks, weekday_places};
use super::select;
use crate::recurrence::rule::{Frequency, Rule, weekday_index};
use crate::time::civil;

/// Years come in 28 shapes, one after the other: from 1901 to 2099 every fourth year is a leap year, and
/// after 28 years the weekdays are the same again.
const CYCLE: i32 = 28;
const FIRST_YEAR: i32 = 1970;

type Days = [u64; YearSets::WORDS];

/// A set of days for each shape of year.
#[derive(Debug)]
pub(super) struct YearSets([Days; YearSets::SHAPES]);

impl YearSets {
    /// The number of shapes of years.
    pub(super) const SHAPES: usize = CYCLE as usize;
    /// The number of 64-day words of a year.
    pub(super) const WORDS: usize = Self::STEP as usize;
    /// The same number as `i32`.
    pub(super) const STEP: i32 = 6;

    /// Returns true if a rule can be evaluated month by month, without these sets.
    pub(super) fn are_months(rule: &Rule) -> bool {
        !names_days_of_year(rule) && !counts_through_year(rule)
    }

    /// The days selected by all BY parts except BYSETPOS; the start supplies the day if no part names one.
    pub(super) fn new(rule: &Rule, start_day: i32) -> Self {
        let through_year = counts_through_year(rule);
        let masks = if names_days_of_year(rule) || through_year {
            MonthMasks::filter(rule, !through_year)
        } else {
            MonthMasks::new(rule, start_day)
        };
        let mut sets = [[0; Self::WORDS]; Self::SHAPES];
        for (year, set) in (FIRST_YEAR..).zip(&mut sets) {
            *set = of_months(&masks, year);
            if through_year {
                keep(set, |wanted| add_weekdays(rule, year, wanted));
            }
            if !rule.by_year_day().is_empty() {
                keep(set, |wanted| add_year_days(rule, year, wanted));
            }
            if !rule.by_week_number().is_empty() {
                keep(set, |wanted| add_weeks(rule, year, wanted));
            }
        }
        Self(sets)
    }

    /// Keeps of every year only the days at these positions; all if there are none.
    pub(super) fn pick(&mut self, positions: &[i32]) {
        if positions.is_empty() {
            return;
        }
        for set in &mut self.0 {
            let days: Vec<_> = (0..366).filter(|day| has(set, *day)).map(i64::from).collect();
            let kept = select::select(&days, positions);
            *set = [0; Self::WORDS];
            kept.into_iter().filter_map(|day| i32::try_from(day).ok()).for_each(|day| add(set, day));
        }
    }

    /// One word of the selected days of a year.
    pub(super) fn days(&self, year: i32, word: i32) -> u64 {
        self.0[shape(year)][word as usize % Self::WORDS]
    }

    /// The selected days of a month; bit 0 is its first day.
    pub(super) fn days_of_month(&self, month: i32) -> u32 {
        let year = civil::year_of_month(month);
        let first = civil::month_start(month);
        let length = civil::month_start(month + 1) - first;
        let days = bits_from(&self.0[shape(year)], first - civil::year_start(year)) as u32;
        days & (u32::MAX >> (32 - length))
    }

    /// The selected days among the 64 from `first`.
    pub(super) fn days_from(&self, first: i32) -> u64 {
        let year = civil::year_of_day(first);
        let of_year = |year| bits_from(&self.0[shape(year)], first - civil::year_start(year));
        of_year(year) | of_year(year + 1)
    }
}

/// The index of a year's shape.
pub(super) const fn shape(year: i32) -> usize {
    (year - FIRST_YEAR).rem_euclid(CYCLE) as usize
}

/// Returns true if a rule names days or weeks of the year.
pub(super) fn names_days_of_year(rule: &Rule) -> bool {
    !rule.by_year_day().is_empty() || !rule.by_week_number().is_empty()
}

/// Returns true if numbered weekdays are counted through the year: in a yearly rule without BYMONTH.
fn counts_through_year(rule: &Rule) -> bool {
    rule.frequency() == Frequency::Yearly
        && rule.by_month().is_empty()
        && rule.by_weekday().iter().any(|day| day.nth.is_some())
}

/// 64 bits of a set from a day on, which may lie before or after the year.
fn bits_from(set: &Days, day: i32) -> u64 {
    let word = |word: i32| usize::try_from(word).ok().and_then(|word| set.get(word)).map_or(0, |bits| *bits);
    let (first, into) = (day.div_euclid(64), day.rem_euclid(64));
    let both = u128::from(word(first)) | u128::from(word(first + 1)) << 64;
    (both >> into) as u64
}

const fn length(year: i32) -> i32 {
    if civil::is_leap(year) { 366 } else { 365 }
}

const fn has(set: &Days, day: i32) -> bool {
    set[(day / 64) as usize] >> (day % 64) & 1 == 1
}

fn add(set: &mut Days, day: i32) {
    set[(day / 64) as usize] |= 1 << (day % 64);
}

/// Keeps the intersection of both sets.
fn keep(set: &mut Days, fill: impl FnOnce(&mut Days)) {
    let mut wanted = [0; YearSets::WORDS];
    fill(&mut wanted);
    for (word, wanted) in set.iter_mut().zip(wanted) {
        *word &= wanted;
    }
}

fn of_months(masks: &MonthMasks, year: i32) -> Days {
    let mut set = [0; YearSets::WORDS];
    let start = civil::year_start(year);
    for month in civil::first_month(year)..civil::first_month(year + 1) {
        let first = civil::month_start(month) - start;
        let days = u128::from(masks.days(month)) << (first % 64);
        let word = (first / 64) as usize;
        set[word] |= days as u64;
        if let Some(next) = set.get_mut(word + 1) {
            *next |= (days >> 64) as u64;
        }
    }
    set
}

fn add_weekdays(rule: &Rule, year: i32, set: &mut Days) {
    let first_weekday = civil::weekday(civil::year_start(year));
    for wanted in rule.by_weekday() {
        weekday_places(*wanted, first_weekday, length(year)).for_each(|day| add(set, day));
    }
}

fn add_year_days(rule: &Rule, year: i32, set: &mut Days) {
    let length = length(year);
    let places = rule.by_year_day().iter().map(|day| if *day > 0 { day - 1 } else { length + day });
    places.filter(|place| (0..length).contains(place)).for_each(|day| add(set, day));
}

/// Adds the days of this calendar year that lie in the selected weeks, including weeks that belong to the previous or
/// next year.
fn add_weeks(rule: &Rule, year: i32, set: &mut Days) {
    for week_year in year - 1..=year + 1 {
        let first_week = first_week_start(rule, week_year);
        let weeks = (first_week_start(rule, week_year + 1) - first_week) / 7;
        for number in rule.by_week_number() {
            let week = if *number > 0 { number - 1 } else { weeks + number };
            if (0..weeks).contains(&week) {
                let start = first_week + week * 7 - day_of_year_start(year);
                (start..start + 7)
                    .filter(|day| (0..length(year)).contains(day))
                    .for_each(|day| add(set, day));
            }
        }
    }
}

/// The first day of week 1: the first week with at least four days in the year.
fn first_week_start(rule: &Rule, year: i32) -> i32 {
    let january_first = day_of_year_start(year);
    let into_week = (civil::weekday(january_first) - weekday_index(rule.week_start())).rem_euclid(7);
    if into_week <= 3 { january_first - into_week } else { january_first - into_week + 7 }
}

/// The day number of 1 January, also of the years just before 1970.
const fn day_of_year_start(year: i32) -> i32 {
    let before = year - 1;
    before * 365 + before / 4 - before / 100 + before / 400 - 719_162
}
