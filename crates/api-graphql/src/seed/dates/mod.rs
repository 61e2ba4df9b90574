//! Dates that are relative to today.

use convene_domain::{
    recurrence::{Rule, Series, SeriesPart, SeriesParts, SeriesProblem},
    time::{Instant, LocalDateTime, zone::Zone},
};
use time::{Date, Duration, Time, format_description::BorrowedFormatItem, macros::format_description};

/// When an event takes place, as days from today.
#[derive(Clone, Debug, PartialEq)]
pub struct DatesSeed {
    /// The first start, or the day from which on the first start is looked for.
    pub in_days: i32,
    /// The time of day, in the event's zone.
    pub at: Time,
    /// How it repeats.
    pub rule: Option<Rule>,
    /// Which occurrences do not take place, counted from 1.
    pub skip: Vec<usize>,
    /// Further dates beside the rule, as days from today.
    pub extra_in_days: Vec<i32>,
}

/// How far ahead the first date of a rule is looked for, in days: rules that name a rare day (the 29 February, a
/// leap week) have one within this many days.
const SEARCH_DAYS: i64 = 6 * 366;

const TIME_OF_DAY: &[BorrowedFormatItem<'_>] = format_description!("[hour]:[minute]");

/// Reads a time of day such as `18:30`.
pub(super) fn parse_time_of_day(text: &str) -> Result<Time, &'static str> {
    Time::parse(text, TIME_OF_DAY).map_err(|_| "must be a time of day such as \"18:30\", in quotes")
}

impl DatesSeed {
    /// The series around the day that it is in the zone at `now`.
    ///
    /// # Errors
    ///
    /// The fields that are wrong, each with what to read after its name.
    pub fn place(&self, zone: Zone, now: Instant) -> Result<Series, Vec<(&'static str, String)>> {
        let today = zone.to_local(now).date();
        let base = self.start(today, self.in_days);
        let base = base.ok_or_else(|| vec![beyond("starts.inDays")])?;
        let series = match &self.rule {
            None => Series::once(base, zone).map_err(|problems| named(&problems)),
            Some(rule) => first_accepted(base, zone, rule),
        }?;
        self.adjust(series, today)
    }

    /// Takes out the occurrences to skip and adds the further ones.
    fn adjust(&self, series: Series, today: Date) -> Result<Series, Vec<(&'static str, String)>> {
        let mut parts = series.parts().clone();
        let mut problems = Vec::new();
        for &number in &self.skip {
            match number.checked_sub(1).and_then(|before| series.from_start().nth(before)) {
                Some(occurrence) => parts.exdates.push(occurrence.local),
                None => problems.push(("skip", format!("names occurrence {number}, which there is not"))),
            }
        }
        for &days in &self.extra_in_days {
            match self.start(today, days) {
                Some(start) => parts.rdates.push(start),
                None => problems.push(beyond("extraInDays")),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        if parts == *series.parts() {
            Ok(series)
        } else {
            Series::new(parts).map_err(|problems| named(&problems))
        }
    }

    fn start(&self, today: Date, days: i32) -> Option<LocalDateTime> {
        Some(LocalDateTime::new(today.checked_add(Duration::days(days.into()))?, self.at))
    }
}

/// The series that begins on the first date from `base` on which the rule allows.
fn first_accepted(
    base: LocalDateTime,
    zone: Zone,
    rule: &Rule,
) -> Result<Series, Vec<(&'static str, String)>> {
    let series_from =
        |start| Series::new(SeriesParts { rule: Some(rule.clone()), ..SeriesParts::once(start, zone) });
    for days in 0..SEARCH_DAYS {
        let Some(start) = base.checked_add(Duration::days(days)) else { break };
        match series_from(start) {
            Ok(series) => return Ok(series),
            // Another day may do, unless something else is wrong too.
            Err(problems) if problems.iter().all(|problem| problem.part == SeriesPart::Start) => {}
            Err(problems) => return Err(named(&problems)),
        }
    }
    let message = String::from("has no date that goes with starts.at within six years from starts.inDays on");
    Err(vec![("recurrence", message)])
}

fn beyond(field: &'static str) -> (&'static str, String) {
    (field, String::from("leads to a date that is too far off"))
}

/// The fields of the file that the parts of a series come from.
fn named(problems: &[SeriesProblem]) -> Vec<(&'static str, String)> {
    let field = |problem: &SeriesProblem| match problem.part {
        SeriesPart::Start => "starts.inDays",
        SeriesPart::Rule(_) => "recurrence",
        SeriesPart::ExceptionDates => "skip",
        SeriesPart::AddedDates => "extraInDays",
    };
    problems.iter().map(|problem| (field(problem), format!("is not allowed: {problem}"))).collect()
}

#[cfg(test)]
mod tests;
