//! Rules with the instants that other engines agree on.
//!
//! `recurrence.jsonl` holds the examples of RFC 5545 and rules of the corpora of libical and dateutil, as
//! well as rules on which several engines agree. `generated.jsonl` was worked out with dateutil for the
//! wall-clock times and Python's zoneinfo for the instants; so was `filters.jsonl`, about the parts that only
//! limit: BYYEARDAY and BYWEEKNO in MONTHLY, WEEKLY and DAILY rules, BYMONTHDAY in WEEKLY ones, BYSETPOS
//! alone. Its first rules are those of dateutil's own tests, starting at the rule's first date.

use convene_domain::recurrence::{Rule, Series, SeriesParts};
use convene_domain::time::{Instant, LocalDateTime, Zone};
use serde::Deserialize;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

#[derive(Deserialize)]
struct Case {
    id: String,
    dtstart: String,
    tzid: String,
    rrule: String,
    #[serde(default)]
    exdates: Vec<String>,
    #[serde(default)]
    rdates: Vec<String>,
    limit: Option<usize>,
    window: Option<Window>,
    expected: Vec<String>,
}

#[derive(Deserialize)]
struct Window {
    from: String,
    to: String,
}

fn local(text: &str) -> LocalDateTime {
    LocalDateTime::parse(text, format_description!("[year][month][day]T[hour][minute][second]")).unwrap()
}

fn instant(text: &str) -> Instant {
    Instant::parse(text, &Rfc3339).unwrap()
}

impl Case {
    fn series(&self) -> Result<Series, String> {
        let rule = Rule::parse(&self.rrule).map_err(|problems| format!("{problems:?}"))?;
        let parts = SeriesParts {
            rule: Some(rule),
            exdates: self.exdates.iter().map(|date| local(date)).collect(),
            rdates: self.rdates.iter().map(|date| local(date)).collect(),
            ..SeriesParts::once(local(&self.dtstart), Zone::parse(&self.tzid).unwrap())
        };
        Series::new(parts).map_err(|problems| format!("{problems:?}"))
    }

    fn starts(&self, series: &Series) -> Vec<Instant> {
        let occurrences = match &self.window {
            Some(window) => series.between(instant(&window.from), instant(&window.to)),
            None => series.from_start(),
        };
        occurrences.take(self.limit.unwrap_or(usize::MAX)).map(|occurrence| occurrence.start).collect()
    }
}

/// Runs every case; answers with the refused ones.
fn check(data: &str) -> Vec<(String, String)> {
    let mut refused = Vec::new();
    for line in data.lines() {
        let case: Case = serde_json::from_str(line).unwrap();
        match case.series() {
            Ok(series) => {
                let expected: Vec<_> = case.expected.iter().map(|start| instant(start)).collect();
                assert_eq!(
                    case.starts(&series),
                    expected,
                    "{}: {} from {}",
                    case.id,
                    case.rrule,
                    case.dtstart
                );
                let ends = case.rrule.contains("COUNT") || case.rrule.contains("UNTIL");
                if ends && case.window.is_none() && expected.len() < case.limit.unwrap_or(0) {
                    assert_eq!(series.last_start(), expected.last().copied(), "{}: last start", case.id);
                }
            }
            Err(problems) => refused.push((case.id, problems)),
        }
    }
    refused
}

#[test]
fn examples_and_corpora_expand_as_other_engines_agree() {
    let refused = check(include_str!("../data/recurrence.jsonl"));
    // FREQ=YEARLY;BYMONTHDAY=29 without BYMONTH: every month, or the start's only? Engines disagree.
    let ids: Vec<_> = refused.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(ids, ["h0746"]);
    assert!(refused[0].1.contains("needs BYMONTH"), "{}", refused[0].1);
}

#[test]
fn generated_rules_expand_as_dateutil_and_zoneinfo_do() {
    assert_eq!(check(include_str!("../data/generated.jsonl")), []);
}

#[test]
fn parts_that_only_limit_do_so_as_in_dateutil() {
    assert_eq!(check(include_str!("../data/filters.jsonl")), []);
}
