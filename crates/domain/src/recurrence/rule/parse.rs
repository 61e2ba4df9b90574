//! The parser of rules. It works on ASCII and never panics.

use ::time::Weekday;

use super::{Frequency, Rule, RuleParts, Until, WeekdayNumber, validate};
use crate::recurrence::limits;
use crate::recurrence::problem::{RulePart, RuleProblem};
use crate::recurrence::text::{self, DateValue};

/// The two-letter names of the days, Monday first.
pub(super) const DAYS: [(&str, Weekday); 7] = [
    ("MO", Weekday::Monday),
    ("TU", Weekday::Tuesday),
    ("WE", Weekday::Wednesday),
    ("TH", Weekday::Thursday),
    ("FR", Weekday::Friday),
    ("SA", Weekday::Saturday),
    ("SU", Weekday::Sunday),
];

pub(super) fn parse(input: &str) -> Result<Rule, Vec<RuleProblem>> {
    let whole = |message: String| vec![RuleProblem::new(RulePart::Rule, message)];
    if input.len() > limits::RULE_TEXT {
        return Err(whole(format!("must be at most {} bytes long", limits::RULE_TEXT)));
    }
    if !input.is_ascii() {
        return Err(whole("must be ASCII text".to_owned()));
    }
    let unfolded = text::unfold(input).to_ascii_uppercase();
    let body = unfolded.trim_matches(|character: char| character.is_ascii_whitespace());
    let body = body.strip_prefix("RRULE:").unwrap_or(body);
    if body.is_empty() {
        return Err(whole("is empty: give at least FREQ".to_owned()));
    }
    if body.split(';').nth(limits::RULE_PARTS).is_some() {
        return Err(whole(format!("has more than {} parts; each may be given once", limits::RULE_PARTS)));
    }
    let mut reader = Reader::default();
    for part in body.split(';') {
        reader.read_part(part);
    }
    reader.finish()
}

/// The parts read so far, and their problems.
#[derive(Default)]
struct Reader {
    parts: RuleParts,
    seen: Vec<RulePart>,
    problems: Vec<RuleProblem>,
}

impl Reader {
    fn read_part(&mut self, part: &str) {
        let Some((name, value)) = part.split_once('=') else {
            return self.refuse(RulePart::Rule, "must be parts such as FREQ=DAILY, separated by semicolons");
        };
        let Some(part) = RulePart::NAMED.into_iter().find(|known| known.name() == name) else {
            return self
                .refuse(RulePart::Rule, "has a part that RFC 5545 does not know, or not in this place");
        };
        if self.seen.contains(&part) {
            return self.refuse(part, "may be given only once");
        }
        self.seen.push(part);
        self.read_value(part, value);
    }

    fn read_value(&mut self, part: RulePart, value: &str) {
        match part {
            RulePart::Frequency => self.read_frequency(value),
            RulePart::Interval => match number(value, Sign::None, usize::MAX) {
                Some(interval) => self.parts.interval = interval,
                None => self.refuse(part, "must be a whole number"),
            },
            RulePart::Count => match number(value, Sign::None, usize::MAX) {
                Some(count) => self.parts.count = Some(count),
                None => self.refuse(part, "must be a whole number"),
            },
            RulePart::Until => self.read_until(value),
            RulePart::WeekStart => match weekday(value) {
                Some(day) => self.parts.week_start = day,
                None => self.refuse(part, "must be one of MO, TU, WE, TH, FR, SA, SU"),
            },
            RulePart::ByWeekday => match list(value, weekday_number) {
                Some(days) => self.parts.by_weekday = days,
                None => self.refuse(part, "takes days such as MO, or 1MO and -1FR, separated by commas"),
            },
            RulePart::BySecond => self.refuse(part, "is not supported: the start gives the second"),
            _ => self.read_numbers(part, value),
        }
    }

    fn read_frequency(&mut self, value: &str) {
        let all = [Frequency::Daily, Frequency::Weekly, Frequency::Monthly, Frequency::Yearly];
        self.parts.frequency = all.into_iter().find(|frequency| frequency.name() == value);
        if self.parts.frequency.is_none() {
            let message = match value {
                "HOURLY" | "MINUTELY" | "SECONDLY" => {
                    "must be DAILY or coarser; BYHOUR gives several times a day"
                }
                _ => "must be DAILY, WEEKLY, MONTHLY or YEARLY",
            };
            self.refuse(RulePart::Frequency, message);
        }
    }

    fn read_until(&mut self, value: &str) {
        self.parts.until = match text::date_value(value) {
            Some(DateValue::Instant(instant)) => Some(Until::Instant(instant)),
            Some(DateValue::Local(local)) => Some(Until::Local(local)),
            Some(DateValue::Date(date)) => Some(Until::Date(date)),
            None => {
                let message = "must be a date such as 20270630, 20270630T180000 or 20270630T160000Z";
                return self.refuse(RulePart::Until, message);
            }
        };
    }

    fn read_numbers(&mut self, part: RulePart, value: &str) {
        let item = |value: &str| match part {
            RulePart::ByMonth | RulePart::ByHour | RulePart::ByMinute => number(value, Sign::None, 2),
            RulePart::ByYearDay | RulePart::BySetPosition => number(value, Sign::Any, 3),
            _ => number(value, Sign::Any, 2),
        };
        let Some(numbers) = list(value, item) else {
            return self.refuse(part, "takes whole numbers separated by commas");
        };
        match part {
            RulePart::ByMonth => self.parts.by_month = numbers,
            RulePart::ByWeekNumber => self.parts.by_week_number = numbers,
            RulePart::ByYearDay => self.parts.by_year_day = numbers,
            RulePart::ByMonthDay => self.parts.by_month_day = numbers,
            RulePart::ByHour => self.parts.by_hour = numbers,
            RulePart::ByMinute => self.parts.by_minute = numbers,
            RulePart::BySetPosition => self.parts.by_set_position = numbers,
            _ => self.refuse(part, "takes no list of numbers"),
        }
    }

    fn refuse(&mut self, part: RulePart, message: &str) {
        if self.problems.iter().all(|problem| problem.part != part) {
            self.problems.push(RuleProblem::new(part, message));
        }
    }

    fn finish(self) -> Result<Rule, Vec<RuleProblem>> {
        let mut problems = self.problems;
        let mut found = Vec::new();
        let rule = validate::check(self.parts, &mut found);
        for problem in found {
            if problems.iter().all(|known| known.part != problem.part) {
                problems.push(problem);
            }
        }
        problems.sort_by_key(|problem| problem.part);
        rule.filter(|_| problems.is_empty()).ok_or(problems)
    }
}

fn list<T>(value: &str, item: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    value.split(',').map(item).collect()
}

/// The signs that a number of a rule may have. RFC 5545 allows a plus only where numbers also count from the end.
#[derive(Clone, Copy, PartialEq)]
enum Sign {
    None,
    Any,
}

/// A whole number of at most `width` digits with its leading zeros. One too long to hold becomes the largest, which no
/// part allows.
fn number(value: &str, sign: Sign, width: usize) -> Option<i32> {
    let (negative, digits) = match value.as_bytes() {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] if sign == Sign::Any => (false, digits),
        digits => (false, digits),
    };
    let padded = digits.len() > width && digits.starts_with(b"0");
    if digits.is_empty() || padded || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let digit = |total: i32, byte: &u8| total.saturating_mul(10).saturating_add(i32::from(byte - b'0'));
    let magnitude = digits.iter().fold(0, digit);
    Some(if negative { -magnitude } else { magnitude })
}

fn weekday(value: &str) -> Option<Weekday> {
    DAYS.iter().find(|(name, _)| *name == value).map(|(_, day)| *day)
}

fn weekday_number(value: &str) -> Option<WeekdayNumber> {
    let (nth, name) = value.split_at_checked(value.len().checked_sub(2)?)?;
    let nth = if nth.is_empty() { None } else { Some(number(nth, Sign::Any, 2)?) };
    Some(WeekdayNumber { day: weekday(name)?, nth })
}
