//! Rules that may give the dates of another rule, all moved by the same difference.

use ::time::{Date, Weekday};

use super::{Frequency, Rule, RuleParts, WeekdayNumber, weekday_index};
use crate::time::LocalDateTime;
use crate::time::civil::{self, DAY_SECONDS};

const WEEKDAYS: [Weekday; 7] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
];

/// The days within which a first day of the month becomes a last one, or the other way round, and within which a set of weekdays of
/// months or years becomes another one. A series that moves further, such as from 15 March to 15 February, hardly means "the 14th
/// day before the end of each month", although the dates would be exact; nor does a last working day become the last of Sunday to
/// Thursday.
const ACROSS_MONTHS: i32 = 6;

/// The last day of a month, as a value of BYMONTHDAY.
const LAST_DAY: i32 = -1;

/// The candidates for a series that begins at `after` instead of `before`, the least changed ones first. The end is that of
/// `rule`. `is_single` is true for a rule with one date, which can move to any day. The caller must compare the dates.
pub(in crate::recurrence) fn candidates(
    rule: &Rule,
    before: LocalDateTime,
    after: LocalDateTime,
    is_single: bool,
) -> impl Iterator<Item = Rule> {
    let mut parts = RuleParts { count: None, until: None, ..rule.to_parts() };
    move_times(&mut parts, before, after);
    let days = i32::try_from((after.date() - before.date()).whole_days()).unwrap_or(0);
    let all = if days == 0 {
        vec![parts]
    } else {
        let mut all = with_other_days(&parts, before.date(), after.date(), days);
        all.extend(is_single.then(|| without_days(parts)));
        all
    };
    let end = rule.end();
    all.into_iter().filter_map(move |parts| Some(Rule::from_parts(parts).ok()?.with_end(end)))
}

/// Moves the times of day, which may change to another day of each date.
fn move_times(parts: &mut RuleParts, before: LocalDateTime, after: LocalDateTime) {
    let seconds = civil::seconds_of(after) - civil::seconds_of(before);
    let either = |list: &[i32], of_start: u8| match list {
        [] => vec![i32::from(of_start)],
        list => list.to_vec(),
    };
    let hours = either(&parts.by_hour, before.hour());
    let minutes = either(&parts.by_minute, before.minute());
    let moved = |hour: &i32, minute: &i32| {
        let time = i64::from(hour * 3_600 + minute * 60) + i64::from(before.second());
        civil::local_of((time + seconds).rem_euclid(DAY_SECONDS))
    };
    let moved: Vec<LocalDateTime> =
        hours.iter().flat_map(|hour| minutes.iter().map(move |minute| moved(hour, minute))).collect();
    let list = |of: fn(LocalDateTime) -> u8, was_given: bool| {
        let mut values: Vec<i32> = moved.iter().map(|time| i32::from(of(*time))).collect();
        values.sort_unstable();
        values.dedup();
        if was_given || values.len() > 1 { values } else { Vec::new() }
    };
    let by_hour = list(LocalDateTime::hour, !parts.by_hour.is_empty());
    let by_minute = list(LocalDateTime::minute, !parts.by_minute.is_empty());
    (parts.by_hour, parts.by_minute) = (by_hour, by_minute);
}

/// The rule without parts that name days.
fn without_days(parts: RuleParts) -> RuleParts {
    RuleParts {
        by_month: Vec::new(),
        by_week_number: Vec::new(),
        by_year_day: Vec::new(),
        by_month_day: Vec::new(),
        by_weekday: Vec::new(),
        by_set_position: Vec::new(),
        ..parts
    }
}

/// Every combination of the ways to move the parts that name days.
fn with_other_days(parts: &RuleParts, before: Date, after: Date, days: i32) -> Vec<RuleParts> {
    let mut all = Vec::new();
    for week_start in [parts.week_start, rotated(parts.week_start, days)] {
        for by_week_number in distinct([parts.by_week_number.clone(), by(&parts.by_week_number, days / 7)]) {
            for (by_month, by_month_day) in month_days(parts, before, after, days) {
                all.push(RuleParts {
                    week_start,
                    by_week_number: by_week_number.clone(),
                    by_month,
                    by_month_day,
                    by_year_day: by(&parts.by_year_day, days),
                    by_weekday: moved_weekdays(parts, days),
                    ..parts.clone()
                });
            }
        }
    }
    all
}

/// The ways to move BYMONTH and BYMONTHDAY.
fn month_days(parts: &RuleParts, before: Date, after: Date, days: i32) -> Vec<(Vec<i32>, Vec<i32>)> {
    let month = |date: Date| i32::from(u8::from(date.month()));
    let months = month(after) - month(before);
    let other_months: Vec<i32> =
        parts.by_month.iter().map(|month| (month + months - 1).rem_euclid(12) + 1).collect();
    let by_months = distinct([parts.by_month.clone(), other_months]);
    let is_near = days.abs() <= ACROSS_MONTHS;
    let to_last_day = is_near && after.day() == after.month().length(after.year());
    let to_last_day = || to_last_day.then(|| vec![LAST_DAY]);
    let day = || vec![i32::from(after.day())];
    let is_of_start = parts.by_month_day.is_empty()
        && parts.by_weekday.is_empty()
        && parts.by_year_day.is_empty()
        && parts.by_week_number.is_empty();
    let by_days: Vec<Vec<i32>> = match parts.by_month_day.as_slice() {
        [] if is_of_start && parts.frequency == Some(Frequency::Monthly) => {
            [vec![]].into_iter().chain(to_last_day()).collect()
        }
        [] => vec![vec![]],
        [only] if *only > 0 => [day()].into_iter().chain(to_last_day()).collect(),
        [LAST_DAY] if is_near => vec![day(), by(&[LAST_DAY], days)],
        days_of_month => vec![by(days_of_month, days)],
    };
    let mut all: Vec<_> = by_days
        .into_iter()
        .flat_map(|by_day| by_months.iter().map(move |by_month| (by_month.clone(), by_day.clone())))
        .collect();
    if is_of_start && parts.frequency == Some(Frequency::Yearly) {
        all.extend(to_last_day().map(|last| (vec![month(after)], last)));
    }
    all
}

fn distinct<T: PartialEq>([same, other]: [Vec<T>; 2]) -> Vec<Vec<T>> {
    if same == other { vec![same] } else { vec![same, other] }
}

/// Adds a number to each value. A value that would count from the other end becomes invalid.
fn by(values: &[i32], number: i32) -> Vec<i32> {
    let moved = |value: &i32| if (value + number).signum() == value.signum() { value + number } else { 0 };
    values.iter().map(moved).collect()
}

fn moved_weekdays(parts: &RuleParts, days: i32) -> Vec<WeekdayNumber> {
    let weekdays = &parts.by_weekday;
    let is_of_week = !matches!(parts.frequency, Some(Frequency::Monthly | Frequency::Yearly));
    let is_single = weekdays.windows(2).all(|pair| matches!(pair, [one, other] if one.day == other.day));
    if is_of_week || is_single || days % 7 == 0 || days.abs() <= ACROSS_MONTHS {
        weekdays.iter().map(|day| moved_weekday(*day, days)).collect()
    } else {
        weekdays.clone()
    }
}

fn moved_weekday(day: WeekdayNumber, days: i32) -> WeekdayNumber {
    let nth = match day.nth {
        Some(nth) if days % 7 == 0 => by(&[nth], days / 7).first().copied(),
        nth => nth,
    };
    WeekdayNumber { day: rotated(day.day, days), nth }
}

fn rotated(day: Weekday, days: i32) -> Weekday {
    let index = usize::try_from((weekday_index(day) + days).rem_euclid(7)).unwrap_or(0);
    WEEKDAYS.get(index).copied().unwrap_or(day)
}
