//! The engine against the `rrule` crate, on random rules.
//!
//! A few hundred rules in every build; the full run is
//! `PROPTEST_CASES=100000 cargo test --release -p convene-domain --test recurrence differential`.
//!
//! The two may differ only where a difference has a name below.

use std::cell::Cell;

use chrono::{DateTime, TimeZone};
use convene_domain::recurrence::{Frequency, Rule, Series, SeriesParts};
use convene_domain::time::{Instant, LocalDateTime, Zone};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use rrule::{RRule, RRuleSet, Tz, Unvalidated};

use crate::rules;

/// Zones whose clocks do not change at midnight: there the `rrule` crate loses dates.
const ZONES: [(&str, Tz); 6] = [
    ("UTC", Tz::UTC),
    ("Europe/Paris", Tz::Europe__Paris),
    ("America/New_York", Tz::America__New_York),
    ("Australia/Lord_Howe", Tz::Australia__Lord_Howe),
    ("Asia/Kolkata", Tz::Asia__Kolkata),
    ("Asia/Tokyo", Tz::Asia__Tokyo),
];

/// Dates compared from the start of each series.
const DATES: u16 = 24;

/// Why the two engines may differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Difference {
    /// A wall-clock time that the clocks skip or show twice: the crate has its own idea of it, we follow
    /// RFC 5545 section 3.3.5.
    ClockChange,
    /// A date after 2099, where our expansion ends.
    BeyondHorizon,
}

fn oracle(rule: &str, start: LocalDateTime, zone: Tz) -> Option<RRuleSet> {
    let naive = DateTime::from_timestamp(start.as_utc().unix_timestamp(), 0)?.naive_utc();
    let start = zone.from_local_datetime(&naive).single()?;
    let rule: RRule<Unvalidated> = rule.parse().ok()?;
    Some(RRuleSet::new(start).rrule(rule.validate(start).ok()?))
}

fn instant(date: &DateTime<Tz>) -> Instant {
    Instant::from_unix_timestamp(date.timestamp()).unwrap()
}

/// Moves the start to the rule's first date, as a calendar would.
fn first_date(rule: &str, start: LocalDateTime) -> Option<LocalDateTime> {
    let found = oracle(rule, start, Tz::UTC)?.all(1).dates;
    found.first().map(|date| Zone::UTC.to_local(instant(date)))
}

fn explain(series: &Series, ours: &[Instant], theirs: &[Instant]) -> Option<Difference> {
    let place = ours
        .iter()
        .zip(theirs)
        .position(|(ours, theirs)| ours != theirs)
        .unwrap_or(ours.len().min(theirs.len()));
    let disputed = [ours.get(place), theirs.get(place)];
    if ours.get(place).is_none() && theirs.get(place).is_some_and(|date| date.year() > 2099) {
        return Some(Difference::BeyondHorizon);
    }
    let zone = series.zone();
    let offset = |instant: Instant| zone.to_local(instant).as_utc() - instant;
    let near_change = |instant: &Instant| {
        let reach = time::Duration::hours(30);
        offset(*instant - reach) != offset(*instant + reach)
    };
    disputed.into_iter().flatten().any(near_change).then_some(Difference::ClockChange)
}

#[test]
fn the_rrule_crate_gives_the_same_dates() {
    let config = rules::cases(400);
    let wanted = config.cases;
    let compared = Cell::new(0_u32);
    let (changes, beyond) = (Cell::new(0_u32), Cell::new(0_u32));
    let inputs =
        (rules::endless_rule(), rules::start(), 0..ZONES.len(), prop::option::weighted(0.3, 1..40_u32));
    TestRunner::new(config)
        .run(&inputs, |(rule, start, zone, count)| {
            let Some(start) = first_date(&rule, start) else { return Ok(()) };
            let text = count.map_or_else(|| rule.clone(), |count| format!("{rule};COUNT={count}"));
            let parsed = Rule::parse(&text).unwrap();
            let (name, crate_zone) = ZONES[zone];
            let Some(set) = oracle(&text, start, crate_zone) else { return Ok(()) };
            let theirs: Vec<_> = set.all(DATES).dates.iter().map(instant).collect();
            let parts =
                SeriesParts { rule: Some(parsed), ..SeriesParts::once(start, Zone::parse(name).unwrap()) };
            let series = match Series::new(parts) {
                Ok(series) => series,
                Err(problems) => {
                    let reason = problems[0].to_string();
                    let beyond = reason.contains("2099") && (start.year() > 2040 || count.is_some());
                    prop_assert!(
                        beyond || theirs.first() != Some(&Zone::parse(name).unwrap().resolve(start).instant),
                        "{text} from {start} was refused: {reason}"
                    );
                    return Ok(());
                }
            };
            let ours: Vec<_> = series.from_start().take(usize::from(DATES)).map(|date| date.start).collect();
            compared.set(compared.get() + 1);
            if ours != theirs {
                let difference = explain(&series, &ours, &theirs);
                match difference {
                    Some(Difference::ClockChange) => changes.set(changes.get() + 1),
                    Some(Difference::BeyondHorizon) => beyond.set(beyond.get() + 1),
                    None => {}
                }
                prop_assert!(
                    difference.is_some(),
                    "{text} from {start} in {name}\nours   {ours:?}\ntheirs {theirs:?}"
                );
            }
            Ok(())
        })
        .unwrap();
    // The comparison is worth something only if most rules have dates and few differ.
    assert!(compared.get() * 2 > wanted, "only {} of {wanted} rules were compared", compared.get());
    let (changes, beyond) = (changes.get(), beyond.get());
    assert!((changes + beyond) * 20 < wanted.max(200), "{} of {wanted} rules differ", changes + beyond);
    println!(
        "{wanted} rules, {} compared, {changes} differ at a clock change, {beyond} after 2099",
        compared.get()
    );
}

#[test]
fn the_rrule_crate_gives_the_same_windows() {
    let inputs = (rules::endless_rule(), rules::start(), 0..40_i64, 1..400_i64);
    TestRunner::new(rules::cases(100))
        .run(&inputs, |(rule, start, years, days)| {
            let Some(start) = first_date(&rule, start) else { return Ok(()) };
            let parts = SeriesParts { rule: Rule::parse(&rule).ok(), ..SeriesParts::once(start, Zone::UTC) };
            let Ok(series) = Series::new(parts) else { return Ok(()) };
            // Walking there takes the crate long for frequent rules.
            let years = if series.rule().is_some_and(|rule| rule.frequency() == Frequency::Yearly) {
                years
            } else {
                years / 8
            };
            let from = start.as_utc() + time::Duration::days(years * 365);
            let to = (from + time::Duration::days(days)).min(time::macros::utc_datetime!(2099-12-31 0:00));
            let at = |instant: Instant| Tz::UTC.timestamp_opt(instant.unix_timestamp(), 0).unwrap();
            let theirs =
                oracle(&rule, start, Tz::UTC).unwrap().after(at(from)).before(at(to)).all(10_000).dates;
            let theirs: Vec<_> = theirs.iter().map(instant).filter(|date| *date < to).collect();
            let ours: Vec<_> = series.between(from, to).map(|date| date.start).collect();
            prop_assert_eq!(ours, theirs, "{} from {} between {} and {}", rule, start, from, to);
            Ok(())
        })
        .unwrap();
}
