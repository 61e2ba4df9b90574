//! Validation of the parts of a rule.

use std::ops::RangeInclusive;

use ::time::{Date, Duration, Weekday};

use super::{Frequency, Rule, RuleEnd, RuleParts, Until, WeekdayNumber};
use crate::recurrence::limits;
use crate::recurrence::problem::{RulePart, RuleProblem};

/// Checks parts that may say anything, and sorts their lists.
pub(super) fn validate(parts: RuleParts) -> Result<Rule, Vec<RuleProblem>> {
    let mut problems = Vec::new();
    let rule = check(parts, &mut problems);
    problems.sort_by_key(|problem| problem.part);
    rule.filter(|_| problems.is_empty()).ok_or(problems)
}

/// Adds to `problems` all that is wrong; answers only if there is a frequency.
pub(super) fn check(mut parts: RuleParts, problems: &mut Vec<RuleProblem>) -> Option<Rule> {
    let end = check_end(&parts, problems);
    if !limits::INTERVAL.contains(&parts.interval) {
        let (least, most) = limits::INTERVAL.into_inner();
        problems.push(RuleProblem::new(RulePart::Interval, format!("must be {least} to {most}")));
    }
    check_list(&mut parts.by_month, RulePart::ByMonth, 1..=12, problems);
    check_ends_list(&mut parts.by_week_number, RulePart::ByWeekNumber, 53, problems);
    check_ends_list(&mut parts.by_year_day, RulePart::ByYearDay, 366, problems);
    check_ends_list(&mut parts.by_month_day, RulePart::ByMonthDay, 31, problems);
    check_list(&mut parts.by_hour, RulePart::ByHour, 0..=23, problems);
    check_list(&mut parts.by_minute, RulePart::ByMinute, 0..=59, problems);
    check_ends_list(&mut parts.by_set_position, RulePart::BySetPosition, 366, problems);
    check_weekdays(&mut parts.by_weekday, problems);
    if parts.by_hour.len().max(1) * parts.by_minute.len().max(1) > limits::TIMES_A_DAY {
        let message = format!("together with BYMINUTE gives more than {} times a day", limits::TIMES_A_DAY);
        problems.push(RuleProblem::new(RulePart::ByHour, message));
    }
    let Some(frequency) = parts.frequency else {
        problems.push(RuleProblem::new(RulePart::Frequency, "is required: DAILY, WEEKLY, MONTHLY or YEARLY"));
        return None;
    };
    check_together(frequency, &parts, problems);
    Some(Rule {
        frequency,
        interval: parts.interval,
        end,
        by_month: parts.by_month,
        by_week_number: parts.by_week_number,
        by_year_day: parts.by_year_day,
        by_month_day: parts.by_month_day,
        by_weekday: parts.by_weekday,
        by_hour: parts.by_hour,
        by_minute: parts.by_minute,
        by_set_position: parts.by_set_position,
        week_start: parts.week_start,
    })
}

fn check_end(parts: &RuleParts, problems: &mut Vec<RuleProblem>) -> RuleEnd {
    if parts.count.is_some() && parts.until.is_some() {
        let message = "and UNTIL exclude each other: give one of them";
        problems.push(RuleProblem::new(RulePart::Count, message));
    }
    if let Some(count) = parts.count {
        if limits::COUNT.contains(&count) {
            return RuleEnd::Count(count.unsigned_abs());
        }
        let (least, most) = limits::COUNT.into_inner();
        problems.push(RuleProblem::new(RulePart::Count, format!("must be {least} to {most}")));
    }
    let Some(until) = parts.until else { return RuleEnd::Never };
    let is_in_range = |date: Date| limits::YEARS.contains(&date.year());
    let (is_in_range, fraction) = match until {
        // In some zone, it is still or already a day in the range.
        Until::Instant(instant) => {
            let days = [instant.saturating_sub(Duration::DAY), instant.saturating_add(Duration::DAY)];
            (days.into_iter().any(|day| is_in_range(day.date())), instant.nanosecond())
        }
        Until::Local(local) => (is_in_range(local.date()), local.nanosecond()),
        Until::Date(date) => (is_in_range(date), 0),
    };
    if !is_in_range {
        let (first, last) = limits::YEARS.into_inner();
        let message = format!("must lie in the years {first} to {last}; leave it out for no end");
        problems.push(RuleProblem::new(RulePart::Until, message));
    } else if fraction > 0 {
        problems.push(RuleProblem::new(RulePart::Until, "must be a whole second"));
    }
    RuleEnd::Until(until)
}

fn check_list(
    list: &mut Vec<i32>,
    part: RulePart,
    allowed: RangeInclusive<i32>,
    problems: &mut Vec<RuleProblem>,
) {
    if list.iter().any(|value| !allowed.contains(value)) {
        let (least, most) = allowed.into_inner();
        problems.push(RuleProblem::new(part, format!("takes numbers from {least} to {most}")));
    }
    list.sort_unstable();
    list.dedup();
}

/// Validates a list whose numbers count from either end.
fn check_ends_list(list: &mut Vec<i32>, part: RulePart, most: u32, problems: &mut Vec<RuleProblem>) {
    if list.iter().any(|value| !(1..=most).contains(&value.unsigned_abs())) {
        let message = format!("takes numbers from 1 to {most}, or from -1 to -{most} to count from the end");
        problems.push(RuleProblem::new(part, message));
    }
    list.sort_unstable();
    list.dedup();
}

fn check_weekdays(days: &mut Vec<WeekdayNumber>, problems: &mut Vec<RuleProblem>) {
    if days.iter().filter_map(|day| day.nth).any(|nth| !(1..=53).contains(&nth.unsigned_abs())) {
        let message = "takes numbers from 1 to 53 before a day, or from -1 to -53 to count from the end";
        problems.push(RuleProblem::new(RulePart::ByWeekday, message));
    }
    days.sort_unstable_by_key(|day| (day.day.number_from_monday(), day.nth));
    days.dedup();
}

/// Refuses combinations of parts on which engines disagree. Other parts for which RFC 5545 defines no use, such as
/// BYYEARDAY in DAILY rules, limit the dates.
fn check_together(frequency: Frequency, parts: &RuleParts, problems: &mut Vec<RuleProblem>) {
    let mut refuse = |part, message: &str| problems.push(RuleProblem::new(part, message));
    let yearly = frequency == Frequency::Yearly;
    let numbered = parts.by_weekday.iter().any(|day| day.nth.is_some());
    if numbered && matches!(frequency, Frequency::Daily | Frequency::Weekly) {
        refuse(RulePart::ByWeekday, "takes numbered days only in MONTHLY and YEARLY rules");
    }
    if yearly && !parts.by_week_number.is_empty() && parts.by_weekday.is_empty() {
        refuse(RulePart::ByWeekNumber, "needs BYDAY in YEARLY rules, to tell the days of the week");
    }
    if yearly && !parts.by_month_day.is_empty() && parts.by_month.is_empty() {
        refuse(RulePart::ByMonthDay, "needs BYMONTH in YEARLY rules; every month's day is FREQ=MONTHLY");
    }
    if frequency == Frequency::Weekly && !parts.by_set_position.is_empty() {
        refuse(RulePart::BySetPosition, "is not allowed in WEEKLY rules");
    }
}

/// The index of a day in the week: 0 is Monday, 6 is Sunday.
pub(in crate::recurrence) fn weekday_index(day: Weekday) -> i32 {
    i32::from(day.number_days_from_monday())
}
