//! The parser of series in iCalendar lines.

use super::SeriesParts;
use crate::recurrence::limits;
use crate::recurrence::problem::{RulePart, SeriesPart, SeriesProblem};
use crate::recurrence::rule::Rule;
use crate::recurrence::text::{self, DateValue};
use crate::time::{Instant, LocalDateTime, Zone};

/// The lines read so far, and their problems.
#[derive(Default)]
struct Lines {
    start: Option<(LocalDateTime, Zone)>,
    rule: Option<Rule>,
    exdates: Vec<Instant>,
    rdates: Vec<Instant>,
    problems: Vec<SeriesProblem>,
}

pub(super) fn parse(input: &str) -> Result<SeriesParts, Vec<SeriesProblem>> {
    if input.len() > limits::SERIES_TEXT {
        let message = format!("and all other lines must be at most {} bytes long", limits::SERIES_TEXT);
        return Err(vec![SeriesProblem::new(SeriesPart::Start, message)]);
    }
    let mut lines = Lines::default();
    for line in text::unfold(input).lines().filter(|line| !line.trim().is_empty()) {
        lines.read(line.trim());
    }
    lines.finish()
}

impl Lines {
    fn read(&mut self, line: &str) {
        // A quoted parameter may contain a colon, which otherwise ends the parameters.
        let mut quoted = false;
        let colon = line.find(|character: char| {
            quoted ^= character == '"';
            character == ':' && !quoted
        });
        let Some((head, value)) = colon.and_then(|colon| line.split_at_checked(colon)) else {
            return self.refuse(SeriesPart::Start, "and the other lines must look like NAME:value");
        };
        let value = value.trim_start_matches(':').to_ascii_uppercase();
        let (name, parameters) = head.split_once(';').unwrap_or((head, ""));
        let zone = match zone(parameters) {
            Ok(zone) => zone,
            Err(message) => return self.refuse(SeriesPart::Start, message),
        };
        match name.to_ascii_uppercase().as_str() {
            "DTSTART" => self.read_start(&value, zone),
            "RRULE" => self.read_rule(&value),
            "EXDATE" => match instants(&value, zone) {
                Some(dates) => self.exdates.extend(dates),
                None => self.refuse(SeriesPart::ExceptionDates, NO_DATES),
            },
            "RDATE" => match instants(&value, zone) {
                Some(dates) => self.rdates.extend(dates),
                None => self.refuse(SeriesPart::AddedDates, NO_DATES),
            },
            _ => self.refuse(SeriesPart::Start, "may come with RRULE, EXDATE and RDATE lines only"),
        }
    }

    fn read_start(&mut self, value: &str, zone: Option<Zone>) {
        if self.start.is_some() {
            return self.refuse(SeriesPart::Start, "may be given only once");
        }
        match (text::date_value(value), zone) {
            (Some(DateValue::Local(local)), Some(zone)) => self.start = Some((local, zone)),
            (Some(DateValue::Instant(instant)), None) => {
                self.start = Some((Zone::UTC.to_local(instant), Zone::UTC));
            }
            _ => self
                .refuse(SeriesPart::Start, "must be like 20270630T180000 with a TZID, or 20270630T160000Z"),
        }
    }

    fn read_rule(&mut self, value: &str) {
        if self.rule.is_some() {
            return self.refuse(SeriesPart::Rule(RulePart::Rule), "may be given only once");
        }
        match Rule::parse(value) {
            Ok(rule) => self.rule = Some(rule),
            Err(problems) => self.problems.extend(problems.into_iter().map(SeriesProblem::from)),
        }
    }

    fn refuse(&mut self, part: SeriesPart, message: &str) {
        if self.problems.iter().all(|problem| problem.part != part) {
            self.problems.push(SeriesProblem::new(part, message));
        }
    }

    fn finish(mut self) -> Result<SeriesParts, Vec<SeriesProblem>> {
        if self.start.is_none() {
            self.refuse(SeriesPart::Start, "is required");
        }
        match self.start {
            Some((start, zone)) if self.problems.is_empty() => {
                let local = |dates: Vec<Instant>| dates.into_iter().map(|date| zone.to_local(date)).collect();
                let (exdates, rdates) = (local(self.exdates), local(self.rdates));
                Ok(SeriesParts { rule: self.rule, exdates, rdates, ..SeriesParts::once(start, zone) })
            }
            _ => Err(self.problems),
        }
    }
}

const NO_DATES: &str =
    "takes times like 20270630T180000 with a TZID, or 20270630T160000Z, separated by commas";

/// The zone that `;TZID=` names; all that else may stand there is `VALUE=DATE-TIME`.
fn zone(parameters: &str) -> Result<Option<Zone>, &'static str> {
    let mut zone = None;
    for parameter in parameters.split(';').filter(|parameter| !parameter.is_empty()) {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        if name.eq_ignore_ascii_case("TZID") {
            let known = Zone::parse(value.trim_matches('"'));
            zone = Some(known.map_err(|_| "and all dates must have an IANA time zone as their TZID")?);
        } else if !(name.eq_ignore_ascii_case("VALUE") && value.eq_ignore_ascii_case("DATE-TIME")) {
            return Err("and all dates may have no parameter but TZID and VALUE=DATE-TIME");
        }
    }
    Ok(zone)
}

fn instants(value: &str, zone: Option<Zone>) -> Option<Vec<Instant>> {
    let instant = |date| match (text::date_value(date)?, zone) {
        (DateValue::Instant(instant), None) => Some(instant),
        (DateValue::Local(local), Some(zone)) => Some(zone.resolve(local).instant),
        _ => None,
    };
    value.split(',').map(instant).collect()
}

#[cfg(test)]
mod tests {
    use ::time::macros::datetime;
    use rstest::rstest;

    use super::*;

    #[test]
    fn lines_are_read_in_any_case_folded_and_with_a_quoted_zone() {
        let parts = parse(
            "dtstart;tzid=\"Europe/Paris\":20261022T100000\r\nRRULE:FREQ=WEEKLY;BYDAY=MO,\r\n TH\r\n\
             EXDATE;VALUE=DATE-TIME;TZID=Europe/Paris:20261026T100000\r\nRDATE:20261101T090000Z,20261102T090000Z\r\n",
        )
        .unwrap();
        assert_eq!(parts.start, datetime!(2026-10-22 10:00));
        assert_eq!(parts.zone.name(), "Europe/Paris");
        assert_eq!(parts.rule.unwrap().to_string(), "FREQ=WEEKLY;BYDAY=MO,TH");
        assert_eq!(parts.exdates, [datetime!(2026-10-26 10:00)]);
        assert_eq!(parts.rdates, [datetime!(2026-11-01 10:00), datetime!(2026-11-02 10:00)]);
    }

    #[rstest]
    #[case("", "DTSTART is required")]
    #[case(
        "DTSTART:20261022T100000",
        "DTSTART must be like 20270630T180000 with a TZID, or 20270630T160000Z"
    )]
    #[case(
        "DTSTART;TZID=Mars/Base:20261022T100000",
        "DTSTART and all dates must have an IANA time zone as their TZID"
    )]
    #[case(
        "DTSTART;VALUE=DATE:20261022",
        "DTSTART and all dates may have no parameter but TZID and VALUE=DATE-TIME"
    )]
    #[case("DTSTART:20261022T100000Z\nSUMMARY:x", "DTSTART may come with RRULE, EXDATE and RDATE lines only")]
    #[case("DTSTART:20261022T100000Z\nnothing", "DTSTART and the other lines must look like NAME:value")]
    #[case(
        "DTSTART:20261022T100000Z\nEXDATE:soon",
        "EXDATE takes times like 20270630T180000 with a TZID, or 20270630T160000Z, separated by commas"
    )]
    #[case("DTSTART:20261022T100000Z\nRRULE:FREQ=DAILY;COUNT=0", "COUNT must be 1 to 10000")]
    fn what_is_no_series_is_refused(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(parse(text).unwrap_err()[0].to_string(), expected);
    }
}
