//! The days of each month of every shape of year, where they depend on the year as a whole.

use super::select;
use super::year_sets::{self, YearSets};
use crate::recurrence::rule::Rule;
use crate::time::civil;

const MONTHS: usize = 12;

/// A set of days for each month of each shape of year: MONTHLY with BYYEARDAY or BYWEEKNO.
#[derive(Debug)]
pub(super) struct MonthTable {
    /// By shape of year and month; bit 0 is the first of the month.
    days: [[u32; MONTHS]; YearSets::SHAPES],
    /// The months that have a day in any year; bit 0 is January.
    months: u16,
}

impl MonthTable {
    /// The days selected by all BY parts except BYSETPOS.
    pub(super) fn new(rule: &Rule, start_day: i32) -> Self {
        let sets = YearSets::new(rule, start_day);
        let mut days = [[0; MONTHS]; YearSets::SHAPES];
        let mut months = 0;
        for (first_month, by_month) in (0..).step_by(MONTHS).zip(&mut days) {
            for ((month, index), mask) in (first_month..).zip(0..).zip(by_month) {
                *mask = sets.days_of_month(month);
                months |= u16::from(*mask != 0) << index;
            }
        }
        Self { days, months }
    }

    /// Keeps of every month only the days at these positions; all if there are none.
    pub(super) fn pick(&mut self, positions: &[i32]) {
        if !positions.is_empty() {
            self.days.as_flattened_mut().iter_mut().for_each(|mask| *mask = select::days(*mask, positions));
        }
    }

    /// Returns true if the month has a selected day in any year.
    pub(super) const fn has_month(&self, month: i32) -> bool {
        self.months >> (month % 12) & 1 == 1
    }

    /// The days wanted of a month; bit 0 is its first.
    pub(super) fn days(&self, month: i32) -> u32 {
        let shape = year_sets::shape(civil::year_of_month(month));
        let index = usize::try_from(month % 12).unwrap_or(0);
        self.days[shape][index]
    }
}
