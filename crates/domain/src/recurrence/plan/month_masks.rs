//! The days of a month that a rule selects, for every shape of month.

use super::select;
use crate::recurrence::rule::{Frequency, Rule, WeekdayNumber, weekday_index};
use crate::time::civil;

/// A set of days for each of the 28 shapes a month can have: seven weekdays to begin with, four lengths.
#[derive(Debug, Clone)]
pub(super) struct MonthMasks {
    /// By weekday of the first day and length above 28; bit `i` is the day `i + 1`.
    days: [[u32; 4]; 7],
    /// The selected months; bit 0 is January.
    months: u16,
}

const ALL_MONTHS: u16 = 0xFFF;

impl MonthMasks {
    /// The days selected by BYMONTH, BYMONTHDAY and BYDAY; the start supplies the day if no part names one.
    pub(super) fn new(rule: &Rule, start_day: i32) -> Self {
        let mut months = months_of(rule);
        let mut month_days = rule.by_month_day().to_vec();
        if rule.by_weekday().is_empty() && month_days.is_empty() {
            let start_month = civil::month_of_day(start_day);
            month_days.push(start_day - civil::month_start(start_month) + 1);
            if rule.frequency() == Frequency::Yearly && rule.by_month().is_empty() {
                months = 1 << (start_month % 12);
            }
        }
        Self::of(months, &month_days, rule.by_weekday())
    }

    /// The days that BYMONTH, BYMONTHDAY and, if requested, BYDAY accept.
    pub(super) fn filter(rule: &Rule, with_weekdays: bool) -> Self {
        let weekdays = if with_weekdays { rule.by_weekday() } else { &[] };
        Self::of(months_of(rule), rule.by_month_day(), weekdays)
    }

    fn of(months: u16, month_days: &[i32], weekdays: &[WeekdayNumber]) -> Self {
        let mut days = [[0; 4]; 7];
        for (first_weekday, by_length) in (0..).zip(&mut days) {
            for (length, mask) in (28..).zip(by_length) {
                let all = u32::MAX >> (32 - length);
                let by_month_day =
                    if month_days.is_empty() { all } else { month_day_mask(month_days, length) };
                let by_weekday =
                    if weekdays.is_empty() { all } else { weekday_mask(weekdays, first_weekday, length) };
                *mask = by_month_day & by_weekday;
            }
        }
        Self { days, months }
    }

    /// Keeps of every month only the days at these positions; all if there are none.
    pub(super) fn pick(&mut self, positions: &[i32]) {
        if positions.is_empty() {
            return;
        }
        self.days.as_flattened_mut().iter_mut().for_each(|mask| *mask = select::days(*mask, positions));
    }

    /// Returns true if BYMONTH accepts the month.
    pub(super) const fn has_month(&self, month: i32) -> bool {
        self.months >> (month % 12) & 1 == 1
    }

    /// The selected days of a month; bit 0 is its first day.
    pub(super) fn days(&self, month: i32) -> u32 {
        if !self.has_month(month) {
            return 0;
        }
        let first = civil::month_start(month);
        let length = civil::month_start(month + 1) - first;
        let (weekday, length) = (civil::weekday(first), length - 28);
        let by_length = usize::try_from(weekday).ok().and_then(|weekday| self.days.get(weekday));
        let days = by_length.zip(usize::try_from(length).ok()).and_then(|(days, length)| days.get(length));
        days.copied().unwrap_or(0)
    }
}

fn months_of(rule: &Rule) -> u16 {
    if rule.by_month().is_empty() {
        return ALL_MONTHS;
    }
    rule.by_month().iter().fold(0, |months, month| months | 1 << (month - 1))
}

fn month_day_mask(month_days: &[i32], length: i32) -> u32 {
    let places = month_days.iter().map(|day| if *day > 0 { day - 1 } else { length + day });
    places.filter(|place| (0..length).contains(place)).fold(0, |mask, place| mask | 1 << place)
}

fn weekday_mask(weekdays: &[WeekdayNumber], first_weekday: i32, length: i32) -> u32 {
    weekdays
        .iter()
        .flat_map(|day| weekday_places(*day, first_weekday, length))
        .fold(0, |mask, place| mask | 1 << place)
}

/// The places, from 0, that a numbered or every such weekday has in a stretch of days.
pub(super) fn weekday_places(
    wanted: WeekdayNumber,
    first_weekday: i32,
    length: i32,
) -> impl Iterator<Item = i32> {
    let first = (weekday_index(wanted.day) - first_weekday).rem_euclid(7);
    let count = (length - first + 6) / 7;
    let chosen = match wanted.nth {
        None => 0..count,
        Some(nth) => {
            let place = if nth > 0 { nth - 1 } else { count + nth };
            if (0..count).contains(&place) { place..place + 1 } else { 0..0 }
        }
    };
    chosen.map(move |week| first + week * 7)
}
