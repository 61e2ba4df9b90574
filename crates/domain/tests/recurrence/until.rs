//! The end of a rule at the moments when clocks change.

use convene_domain::recurrence::{Frequency, Rule, RuleEnd, RuleParts, Series, SeriesParts, Until};
use convene_domain::time::{Instant, LocalDateTime, Zone};
use proptest::prelude::*;
use rstest::rstest;
use time::Duration;
use time::macros::{datetime, utc_datetime};

use crate::rules;

/// Days on which clocks change, and zones: forward and back by an hour, by half an hour, by two hours, at midnight, by a day.
const CHANGES: [(&str, LocalDateTime); 11] = [
    ("Europe/Paris", datetime!(2027-03-28 0:00)),
    ("Europe/Paris", datetime!(2027-10-31 0:00)),
    ("America/New_York", datetime!(2027-03-14 0:00)),
    ("America/New_York", datetime!(2027-11-07 0:00)),
    ("Australia/Lord_Howe", datetime!(2027-10-03 0:00)),
    ("Australia/Lord_Howe", datetime!(2027-04-04 0:00)),
    ("Antarctica/Troll", datetime!(2027-03-28 0:00)),
    ("America/Havana", datetime!(2027-03-14 0:00)),
    ("Asia/Beirut", datetime!(2027-10-31 0:00)),
    ("America/Sao_Paulo", datetime!(2018-02-18 0:00)),
    ("Pacific/Apia", datetime!(2011-12-30 0:00)),
];

/// Times of the night on which classes begin.
const TIMES: [&str; 8] = [
    "",
    ";BYHOUR=0,1",
    ";BYHOUR=2,3",
    ";BYHOUR=1,2,3,4",
    ";BYMINUTE=15,30",
    ";BYHOUR=2,3;BYMINUTE=15,30",
    ";BYHOUR=1,2,3;BYMINUTE=20,35,50",
    ";BYHOUR=2;BYMINUTE=20,35",
];

fn parts(rule: Rule, start: LocalDateTime, zone: Zone) -> SeriesParts {
    SeriesParts { rule: Some(rule), ..SeriesParts::once(start, zone) }
}

fn series(rule: &str, start: LocalDateTime, zone: &str) -> Series {
    Series::new(parts(Rule::parse(rule).unwrap(), start, Zone::parse(zone).unwrap())).unwrap()
}

fn starts(series: &Series) -> Vec<Instant> {
    series.from_start().map(|occurrence| occurrence.start).collect()
}

/// The rule's dates on the clock: those of a zone whose clocks never change.
fn locals(rule: &Rule, start: LocalDateTime) -> Vec<LocalDateTime> {
    let endless = Rule::from_parts(RuleParts { until: None, count: None, ..rule.to_parts() }).unwrap();
    let series = Series::new(parts(endless, start, Zone::UTC)).unwrap();
    series.from_start().take(200).map(|occurrence| occurrence.local).collect()
}

/// The dates of the rule up to its end, on the clock.
fn within(series: &Series) -> Vec<LocalDateTime> {
    let rule = series.rule().unwrap();
    let mut dates = locals(rule, series.start());
    match rule.end() {
        RuleEnd::Until(Until::Local(until)) => dates.retain(|date| *date <= until),
        RuleEnd::Until(Until::Date(until)) => dates.retain(|date| date.date() <= until),
        RuleEnd::Until(Until::Instant(until)) => {
            dates.retain(|date| series.zone().resolve(*date).instant <= until);
        }
        RuleEnd::Count(count) => dates.truncate(usize::try_from(count).unwrap()),
        RuleEnd::Never => {}
    }
    dates
}

/// The instants of dates on the clock, each once.
fn instants(locals: &[LocalDateTime], by: Duration, zone: Zone) -> Vec<Instant> {
    let mut all: Vec<_> = locals.iter().map(|local| zone.resolve(*local + by).instant).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// A series that ends near a change of the clocks.
fn ending() -> impl Strategy<Value = Series> {
    let change = prop::sample::select(CHANGES.to_vec());
    let times = prop::sample::select(TIMES.to_vec());
    // From three days before, at a time of the night.
    let start = (1..4_i64, 0..60_i64);
    (change, times, start, -240..480_i64, 0..4_u8).prop_filter_map(
        "the rule has a date",
        |((zone, midnight), times, (days, minutes), until, form)| {
            let zone = Zone::parse(zone).unwrap();
            let until = midnight + Duration::minutes(until - until % 5);
            let end = match form {
                0 => RuleEnd::Until(Until::Local(until)),
                1 => RuleEnd::Until(Until::Date(until.date())),
                2 => RuleEnd::Until(Until::Instant(zone.resolve(until).instant)),
                _ => RuleEnd::Count(u32::try_from(days).unwrap() * 3),
            };
            let rule = Rule::parse(&format!("FREQ=DAILY{times}")).unwrap().to_parts();
            let rule = match end {
                RuleEnd::Until(until) => RuleParts { until: Some(until), ..rule },
                RuleEnd::Count(count) => RuleParts { count: i32::try_from(count).ok(), ..rule },
                RuleEnd::Never => rule,
            };
            let rule = Rule::from_parts(rule).unwrap();
            let first = midnight - Duration::days(days) + Duration::minutes(minutes * 5);
            let mut candidates = (0..300).map(|later| first + Duration::minutes(later * 5));
            candidates.find_map(|start| Series::new(parts(rule.clone(), start, zone)).ok())
        },
    )
}

/// Zones at either end of the range, and others.
fn any_zone() -> impl Strategy<Value = Zone> {
    let names = ["Pacific/Kiritimati", "Pacific/Pago_Pago", "America/Los_Angeles", "Asia/Tokyo", "UTC"];
    let names = names.into_iter().chain(CHANGES.map(|(name, _)| name)).collect::<Vec<_>>();
    prop::sample::select(names).prop_map(|name| Zone::parse(name).unwrap())
}

/// A series in any zone that ends near the first or the last day of the range, or in between, and was perhaps moved there from
/// another zone.
fn any_ending() -> impl Strategy<Value = Series> {
    let first = prop::sample::select(vec![datetime!(1970-01-01 0:00), datetime!(2099-12-01 0:00)]);
    let first = prop_oneof![3 => first, 1 => rules::start()];
    let (days, form) = (0..32_i64, 0..3);
    let (start, until) = (0..1_440_i64, 0..86_400_i64);
    (first, days, form, start, until, any_zone(), prop::option::of(any_zone())).prop_filter_map(
        "the rule has a date",
        |(first, days, form, start, until, zone, other)| {
            let start = first + Duration::minutes(start);
            let until = first + Duration::days(days) + Duration::seconds(until);
            let until = match form {
                0 => Until::Local(until),
                1 => Until::Date(until.date()),
                _ => Until::Instant(zone.resolve(until).instant),
            };
            let rule = RuleParts { until: Some(until), ..RuleParts::every(Frequency::Daily) };
            let rule = Rule::from_parts(rule).ok()?;
            let series = Series::new(parts(rule, start, zone)).ok()?;
            other.map_or(Some(series.clone()), |other| series.shifted(Duration::ZERO, other).ok())
        },
    )
}

proptest! {
    #![proptest_config(rules::cases(1_000))]

    #[test]
    fn an_end_on_the_clock_ends_times_on_the_clock_and_an_end_in_utc_instants(series in ending()) {
        prop_assert_eq!(starts(&series), instants(&within(&series), Duration::ZERO, series.zone()));
    }

    #[test]
    fn the_text_with_an_end_in_utc_has_the_same_dates(series in ending()) {
        let text = series.rrule().unwrap();
        let rule = Rule::parse(&text).unwrap();
        prop_assert!(!matches!(rule.end(), RuleEnd::Until(Until::Local(_) | Until::Date(_))), "{}", text);
        let again = Series::new(parts(rule, series.start(), series.zone())).unwrap();
        prop_assert_eq!(starts(&again), starts(&series), "{}", text);
    }

    #[test]
    fn every_text_is_accepted(series in any_ending()) {
        let text = series.rrule().unwrap();
        let rule = Rule::parse(&text);
        prop_assert!(rule.is_ok(), "{}: {:?}", text, rule);
        let again = Series::new(parts(rule.unwrap(), series.start(), series.zone()));
        prop_assert!(again.is_ok(), "{}: {:?}", text, again);
        prop_assert!(starts(&again.unwrap()) == starts(&series), "{}", text);
    }

    #[test]
    fn no_date_is_lost_or_added_by_a_shift_or_another_zone(
        series in ending(),
        minutes in -40..40_i64,
        zone in prop::sample::select(CHANGES.to_vec()),
    ) {
        let (by, zone) = (Duration::minutes(minutes * 15), Zone::parse(zone.0).unwrap());
        match series.shifted(by, zone) {
            Ok(shifted) => prop_assert_eq!(starts(&shifted), instants(&within(&series), by, zone)),
            Err(problems) => {
                let is_one_a_day = series.rule().unwrap().by_hour().len().max(series.rule().unwrap().by_minute().len()) < 2;
                prop_assert!(!is_one_a_day, "{:?}", problems);
            }
        }
    }

    #[test]
    fn a_split_divides_the_dates_by_their_starts(series in ending()) {
        let all = starts(&series);
        for (number, at) in all.iter().enumerate() {
            let Some((before, after)) = series.split_at(*at) else {
                prop_assert_eq!(number, 0);
                continue;
            };
            prop_assert_eq!(starts(&before), &all[..number], "before {}", at);
            prop_assert_eq!(starts(&after), &all[number..], "from {}", at);
        }
    }
}

/// Samoa skipped 30 December 2011. Its times are those of the next day, which the rule names again.
#[test]
fn a_split_in_a_skipped_day_adds_no_date_after_an_end_in_utc() {
    let rule = Rule::parse("FREQ=DAILY;UNTIL=20111230T113500Z;BYHOUR=1,2;BYMINUTE=20,35,50").unwrap();
    let zone = Zone::parse("Pacific/Apia").unwrap();
    let series = Series::new(parts(rule, datetime!(2011-12-29 1:20), zone)).unwrap();
    let all = starts(&series);
    let (before, after) = series.split_at(all[7]).unwrap();
    assert_eq!(starts(&before), all[..7]);
    assert_eq!(starts(&after), all[7..]);
}

/// In Paris, the clocks skip 2:00 to 3:00 on 28 March 2027, at 1:00 in UTC.
#[rstest]
#[case::in_the_gap("FREQ=DAILY;UNTIL=20270328T023000", datetime!(2027-03-26 2:30), 3, "20270328T013000Z")]
#[case::before_the_class("FREQ=DAILY;UNTIL=20270328T022000", datetime!(2027-03-26 2:30), 2, "20270328T012000Z")]
#[case::after_the_gap("FREQ=DAILY;UNTIL=20270328T030000", datetime!(2027-03-26 2:30), 3, "20270328T013000Z")]
#[case::a_class_after_the_gap("FREQ=DAILY;UNTIL=20270328T023000", datetime!(2027-03-26 3:00), 2, "20270328T005959Z")]
#[case::the_first_second("FREQ=DAILY;UNTIL=20270328T020000", datetime!(2027-03-26 3:00), 2, "20270328T005959Z")]
#[case::the_day("FREQ=DAILY;UNTIL=20270328", datetime!(2027-03-26 2:30), 3, "20270328T215959Z")]
#[case::twice("FREQ=DAILY;UNTIL=20271031T023000", datetime!(2027-10-29 2:30), 3, "20271031T003000Z")]
fn a_text_has_the_end_of_the_dates(
    #[case] rule: &str,
    #[case] start: LocalDateTime,
    #[case] count: usize,
    #[case] until: &str,
) {
    let series = series(rule, start, "Europe/Paris");
    assert_eq!(starts(&series).len(), count);
    assert_eq!(series.rrule(), Some(format!("FREQ=DAILY;UNTIL={until}")));
}

#[test]
fn an_end_in_utc_keeps_its_dates_in_another_zone() {
    for (until, count) in [
        ("20270328T010000Z", 2),
        ("20270328T013000Z", 3),
        ("20271031T011000Z", 220),
        ("20271031T002900Z", 219),
    ] {
        let rule = format!("FREQ=DAILY;UNTIL={until}");
        let paris = series(&rule, datetime!(2027-03-26 2:30), "Europe/Paris");
        assert_eq!(starts(&paris).len(), count, "{until}");
        let utc = paris.shifted(Duration::ZERO, Zone::UTC).unwrap();
        assert_eq!(starts(&utc).len(), count, "{until}");
        let later = paris.shifted(Duration::HOUR, paris.zone()).unwrap();
        assert_eq!(starts(&later).len(), count, "{until}");
    }
}

#[test]
fn a_count_replaces_an_end_that_no_instant_expresses() {
    // On Lord Howe Island, 2:00 to 2:30 are skipped: 2:20 is the instant of 2:50, after 2:35.
    let rule = "FREQ=DAILY;BYMINUTE=20,35;UNTIL=20271003T022500";
    let series = series(rule, datetime!(2027-10-02 2:20), "Australia/Lord_Howe");
    assert_eq!(starts(&series).last(), Some(&utc_datetime!(2027-10-02 15:50)));
    assert_eq!(series.rrule(), Some("FREQ=DAILY;COUNT=3;BYMINUTE=20,35".to_owned()));
}
