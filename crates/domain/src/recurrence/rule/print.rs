//! The canonical text of a rule.

use std::fmt;

use super::parse::DAYS;
use super::{Rule, RuleEnd, Until, WeekdayNumber};
use crate::recurrence::problem::RulePart;
use crate::time::LocalDateTime;
use ::time::{Date, Weekday};

/// Prints RFC 5545 text without `RRULE:`, parts in a fixed order, defaults left out.
impl fmt::Display for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "FREQ={}", self.frequency.name())?;
        if self.interval != 1 {
            write!(formatter, ";INTERVAL={}", self.interval)?;
        }
        match self.end {
            RuleEnd::Never => {}
            RuleEnd::Count(count) => write!(formatter, ";COUNT={count}")?,
            RuleEnd::Until(until) => write!(formatter, ";UNTIL={until}")?,
        }
        print_list(formatter, RulePart::ByMonth, &self.by_month)?;
        print_list(formatter, RulePart::ByWeekNumber, &self.by_week_number)?;
        print_list(formatter, RulePart::ByYearDay, &self.by_year_day)?;
        print_list(formatter, RulePart::ByMonthDay, &self.by_month_day)?;
        print_list(formatter, RulePart::ByWeekday, &self.by_weekday)?;
        print_list(formatter, RulePart::ByHour, &self.by_hour)?;
        print_list(formatter, RulePart::ByMinute, &self.by_minute)?;
        print_list(formatter, RulePart::BySetPosition, &self.by_set_position)?;
        if self.week_start != Weekday::Monday {
            write!(formatter, ";WKST={}", weekday_name(self.week_start))?;
        }
        Ok(())
    }
}

impl fmt::Display for WeekdayNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(nth) = self.nth {
            write!(formatter, "{nth}")?;
        }
        formatter.write_str(weekday_name(self.day))
    }
}

impl fmt::Display for Until {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instant(instant) => {
                print_local(formatter, LocalDateTime::new(instant.date(), instant.time()))?;
                formatter.write_str("Z")
            }
            Self::Local(local) => print_local(formatter, *local),
            Self::Date(date) => print_date(formatter, *date),
        }
    }
}

fn print_list<T: fmt::Display>(
    formatter: &mut fmt::Formatter<'_>,
    part: RulePart,
    list: &[T],
) -> fmt::Result {
    for (index, value) in list.iter().enumerate() {
        if index == 0 {
            write!(formatter, ";{part}={value}")?;
        } else {
            write!(formatter, ",{value}")?;
        }
    }
    Ok(())
}

fn print_date(formatter: &mut fmt::Formatter<'_>, date: Date) -> fmt::Result {
    write!(formatter, "{:04}{:02}{:02}", date.year(), u8::from(date.month()), date.day())
}

fn print_local(formatter: &mut fmt::Formatter<'_>, local: LocalDateTime) -> fmt::Result {
    print_date(formatter, local.date())?;
    write!(formatter, "T{:02}{:02}{:02}", local.hour(), local.minute(), local.second())
}

fn weekday_name(day: Weekday) -> &'static str {
    DAYS.iter().find(|(_, known)| *known == day).map_or("MO", |(name, _)| name)
}
