//! Dates relative to the current date.

use convene_domain::{
    recurrence::{Rule, Series, SeriesPart, SeriesParts, SeriesProblem},
    time::{Instant, LocalDateTime, zone::Zone},
};
use time::{Date, Duration, Time, format_description::BorrowedFormatItem, macros::format_description};

/// The dates of an event, in days from the current date.
#[derive(Clone, Debug, PartialEq)]
pub struct DatesSeed {
    /// The day of the first start. With a rule, the first day that may be the first start.
    pub in_days: i32,
    /// The local time of day.
    pub at: Time,
    pub rule: Option<Rule>,
    /// The numbers of excluded occurrences, counted from 1.
    pub skip: Vec<usize>,
    /// Additional dates, in days from the current date.
    pub extra_in_days: Vec<i32>,
}

/// The number of days in which the first date of a rule is searched. Rules for rare days, such as 29 February or a leap
/// week, have a date within this time.
const SEARCH_DAYS: i64 = 6 * 366;

const TIME_OF_DAY: &[BorrowedFormatItem<'_>] = format_description!("[hour]:[minute]");

/// Reads a time of day such as `18:30`.
pub(super) fn parse_time_of_day(text: &str) -> Result<Time, &'static str> {
    Time::parse(text, TIME_OF_DAY).map_err(|_| "must be a time of day such as \"18:30\", in quotes")
}

impl DatesSeed {
    /// The series relative to the date that the zone has at `now`.
    ///
    /// # Errors
    /// The invalid fields, each with the text that follows its name.
    pub fn place(&self, zone: Zone, now: Instant) -> Result<Series, Vec<(&'static str, String)>> {
        let today = zone.to_local(now).date();
        let base = self.start(today, self.in_days);
        let base = base.ok_or_else(|| vec![out_of_range("starts.inDays")])?;
        let series = match &self.rule {
            None => Series::once(base, zone).map_err(|problems| by_field(&problems)),
            Some(rule) => first_accepted(base, zone, rule),
        }?;
        self.adjust(series, today)
    }

    /// Excludes skipped occurrences and adds additional ones.
    fn adjust(&self, series: Series, today: Date) -> Result<Series, Vec<(&'static str, String)>> {
        let mut parts = series.parts().clone();
        let mut problems = Vec::new();
        for &number in &self.skip {
            match number.checked_sub(1).and_then(|before| series.from_start().nth(before)) {
                Some(occurrence) => parts.exdates.push(occurrence.local),
                None => problems.push(("skip", format!("names occurrence {number}, which does not exist"))),
            }
        }
        for &days in &self.extra_in_days {
            match self.start(today, days) {
                Some(start) => parts.rdates.push(start),
                None => problems.push(out_of_range("extraInDays")),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        if parts == *series.parts() {
            Ok(series)
        } else {
            Series::new(parts).map_err(|problems| by_field(&problems))
        }
    }

    fn start(&self, today: Date, days: i32) -> Option<LocalDateTime> {
        Some(LocalDateTime::new(today.checked_add(Duration::days(days.into()))?, self.at))
    }
}

/// The series that starts on the first date from `base` on that the rule allows.
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
            // The rule may allow a later start.
            Err(problems) if problems.iter().all(|problem| problem.part == SeriesPart::Start) => {}
            Err(problems) => return Err(by_field(&problems)),
        }
    }
    let message = String::from("has no date at starts.at within six years after starts.inDays");
    Err(vec![("recurrence", message)])
}

fn out_of_range(field: &'static str) -> (&'static str, String) {
    (field, String::from("leads to a date out of range"))
}

/// The problems of a series by the fields of the file.
fn by_field(problems: &[SeriesProblem]) -> Vec<(&'static str, String)> {
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
