use convene_domain::{
    duration::EventDuration,
    recurrence::Series,
    time::{Instant, LocalDateTime, interval::Interval, zone::Zone},
};

use super::window::window;
use crate::{
    caller::Caller,
    event::series::series_of,
    failure::{Outcome, Refusals},
    page::PageSize,
    ports::NewRecurrence,
};

/// The query for a preview of a series.
#[derive(Debug, Clone, PartialEq)]
pub struct PreviewRecurrenceCommand {
    pub time_zone: Zone,
    /// The local start of the first occurrence.
    pub starts_at: LocalDateTime,
    pub duration: EventDuration,
    pub recurrence: NewRecurrence,
    /// The earliest start; the first occurrence if absent.
    pub from: Option<Instant>,
    /// The end of the window, exclusive; at most [`LONGEST_WINDOW`](super::LONGEST_WINDOW) after `from`.
    pub to: Option<Instant>,
    /// The maximum number of occurrences.
    pub first: PageSize,
}

/// The preview of a series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// The occurrences, by start.
    pub occurrences: Vec<PreviewedOccurrence>,
    /// The rule in English.
    pub summary: String,
}

/// An occurrence of a preview.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PreviewedOccurrence {
    pub interval: Interval,
    /// The local time at the start.
    pub local_start: LocalDateTime,
    /// True if the clocks skip the local start that day, so that the occurrence starts later.
    pub shifted: bool,
}

/// Previews the occurrences of a series and stores nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct PreviewRecurrence;

impl PreviewRecurrence {
    /// The occurrences and the summary of the series.
    ///
    /// # Errors
    /// Refused with `InvalidInput` on `startsAt`, `recurrence` or its fields, and `to`.
    pub fn execute(&self, _caller: &Caller, command: PreviewRecurrenceCommand) -> Outcome<Preview> {
        let PreviewRecurrenceCommand { time_zone, starts_at, duration, recurrence, from, to, first } =
            command;
        let series = series_of(starts_at, time_zone, Some(recurrence));
        // Without a valid series, its start replaces the first occurrence, so that all problems are reported.
        let first_start = |series: &Series| series.first_start();
        let otherwise = time_zone.resolve(starts_at).instant;
        let from = from.unwrap_or_else(|| series.as_ref().map_or(otherwise, first_start));
        let window = to.map(|to| window(from, to)).transpose();
        let (series, window) = Refusals::both(series, window)?;
        let to = window.map_or(Instant::MAX, |window| window.end());
        let occurrences = series.between(from, to).take(first.get()).map(|origin| PreviewedOccurrence {
            interval: duration.interval(origin.start, origin.local, time_zone),
            local_start: time_zone.to_local(origin.start),
            shifted: origin.shifted,
        });
        Ok(Preview { occurrences: occurrences.collect(), summary: series.summary() })
    }
}

#[cfg(test)]
mod tests {
    use convene_domain::{member::Role, recurrence::Rule};
    use time::{
        Duration,
        macros::{datetime, utc_datetime},
    };

    use super::*;
    use crate::fixtures::{self, fields, refusals};

    fn command(rule: &str) -> PreviewRecurrenceCommand {
        let rule = Rule::parse(rule).unwrap();
        PreviewRecurrenceCommand {
            time_zone: Zone::parse("Europe/Paris").unwrap(),
            starts_at: datetime!(2027-03-27 2:30),
            duration: EventDuration::new(Duration::HOUR).unwrap(),
            recurrence: NewRecurrence { rule, exdates: vec![], rdates: vec![] },
            from: None,
            to: None,
            first: PageSize::new(3).unwrap(),
        }
    }

    fn preview(command: PreviewRecurrenceCommand) -> Outcome<Preview> {
        PreviewRecurrence.execute(&fixtures::caller(fixtures::BOB, Role::Member), command)
    }

    #[test]
    fn begins_with_the_start_and_marks_skipped_times() {
        let preview = preview(command("FREQ=DAILY")).unwrap();
        let told = |o: &PreviewedOccurrence| (o.interval.start(), o.local_start, o.shifted);
        assert_eq!(
            preview.occurrences.iter().map(told).collect::<Vec<_>>(),
            [
                (utc_datetime!(2027-03-27 1:30), datetime!(2027-03-27 2:30), false),
                (utc_datetime!(2027-03-28 1:30), datetime!(2027-03-28 3:30), true),
                (utc_datetime!(2027-03-29 0:30), datetime!(2027-03-29 2:30), false),
            ]
        );
        assert_eq!(preview.occurrences[0].interval.duration(), Duration::HOUR);
        assert!(!preview.summary.is_empty());
    }

    #[test]
    fn keeps_to_the_window() {
        let (from, to) = (utc_datetime!(2030-01-01 1:30), utc_datetime!(2030-01-03 1:30));
        let preview =
            preview(PreviewRecurrenceCommand { from: Some(from), to: Some(to), ..command("FREQ=DAILY") });
        let starts = preview.unwrap().occurrences.into_iter().map(|o| o.interval.start());
        assert_eq!(starts.collect::<Vec<_>>(), [from, utc_datetime!(2030-01-02 1:30)]);
    }

    #[test]
    fn refuses_everything_at_once() {
        let to = Some(utc_datetime!(2027-03-27 1:30));
        let wrong = PreviewRecurrenceCommand { to, ..command("FREQ=WEEKLY;BYDAY=MO") };
        assert_eq!(fields(&refusals(preview(wrong))), ["startsAt", "to"]);
        let to = Some(utc_datetime!(2028-03-27 1:30));
        let long = PreviewRecurrenceCommand { to, ..command("FREQ=DAILY") };
        assert!(preview(long).is_ok());
        let to = Some(utc_datetime!(2028-03-27 1:31));
        let too_long = PreviewRecurrenceCommand { to, ..command("FREQ=DAILY") };
        assert_eq!(fields(&refusals(preview(too_long))), ["to"]);
    }
}
