//! Properties of every series.

use convene_domain::recurrence::{Rule, Series, SeriesParts, merge};
use convene_domain::time::{Instant, LocalDateTime, Zone};
use proptest::prelude::*;
use time::{Duration, macros::utc_datetime};

use crate::rules;

/// No series has an occurrence later.
const END: Instant = utc_datetime!(2101-01-01 0:00);

/// Zones that show every difficulty: changes at midnight, by half an hour, by a whole day.
const ZONES: [&str; 8] = [
    "UTC",
    "Europe/Paris",
    "America/Havana",
    "America/Sao_Paulo",
    "Africa/Cairo",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "America/New_York",
];

/// A series that exists: a random rule, from its first date on, less and plus a few dates.
fn series() -> impl Strategy<Value = Series> {
    let end = prop_oneof![
        2 => Just(String::new()),
        1 => (1..200_u32).prop_map(|count| format!(";COUNT={count}")),
        1 => (2036..2060_u32).prop_map(|year| format!(";UNTIL={year}0315T070000Z")),
    ];
    let zone = prop::sample::select(ZONES.to_vec());
    let dates = prop::collection::vec((0..40_usize, 0..72_i64), 0..3);
    (rules::any_rule(), end, rules::start(), zone, dates.clone(), dates).prop_filter_map(
        "the rule has a date",
        |(rule, end, start, zone, left_out, added)| {
            let once = SeriesParts::once(start, Zone::parse(zone).unwrap());
            // A rule's first date: what is left of one that begins on every day in turn.
            let rule = Rule::parse(&format!("{rule}{end}")).unwrap();
            let start = on_its_time(&rule, start);
            let mut candidate = (0..800).map(|days| start + Duration::days(days)).filter_map(|start| {
                Series::new(SeriesParts { start, rule: Some(rule.clone()), ..once.clone() }).ok()
            });
            let plain = candidate.next()?;
            let locals: Vec<_> = plain.from_start().take(40).map(|occurrence| occurrence.local).collect();
            let exdates = left_out.iter().filter_map(|(place, _)| locals.get(*place).copied()).collect();
            let rdates = added
                .iter()
                .filter_map(|(place, hours)| Some(*locals.get(*place)? + Duration::hours(*hours)))
                .filter(|date| date.year() < 2100)
                .collect();
            Series::new(SeriesParts { exdates, rdates, ..plain.parts().clone() }).ok()
        },
    )
}

/// The start at a time of day that the rule wants.
fn on_its_time(rule: &Rule, start: LocalDateTime) -> LocalDateTime {
    let part = |list: &[i32], else_part| list.first().map_or(else_part, |part| u8::try_from(*part).unwrap());
    let (hour, minute) = (part(rule.by_hour(), start.hour()), part(rule.by_minute(), start.minute()));
    start.date().with_hms(hour, minute, 0).unwrap()
}

proptest! {
    #![proptest_config(rules::cases(100))]

    #[test]
    fn a_window_is_a_part_of_a_longer_one(series in series(), skip in 0..60_usize, length in 1..60_usize, inside in 0..3_i64) {
        let all: Vec<_> = series.from_start().take(130).collect();
        prop_assert!(all.is_sorted_by(|one, next| one.start < next.start));
        let from = all[skip.min(all.len() - 1)].start + Duration::hours(inside);
        let to = all[(skip + length).min(all.len() - 1)].start + Duration::minutes(inside);
        let expected: Vec<_> = all.iter().copied().filter(|occurrence| from <= occurrence.start && occurrence.start < to).collect();
        prop_assert_eq!(series.between(from, to).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn every_occurrence_is_found_again(series in series()) {
        for occurrence in series.from_start().take(60) {
            prop_assert_eq!(series.occurrence_at(occurrence.start), Some(occurrence));
            prop_assert_eq!(series.occurrence_at_local(occurrence.local), Some(occurrence));
            prop_assert!(series.occurrences_on(occurrence.local.date()).any(|found| found == occurrence));
            prop_assert_eq!(series.between(occurrence.start, END).next(), Some(occurrence));
            let near = series.occurrence_at(occurrence.start + Duration::SECOND);
            prop_assert!(near.is_none(), "{:?}", near);
            prop_assert_eq!(series.zone().resolve(occurrence.local).instant, occurrence.start);
        }
    }

    #[test]
    fn the_bounds_are_those_of_the_occurrences(series in series()) {
        let mut starts = series.from_start().map(|occurrence| occurrence.start);
        prop_assert_eq!(starts.next(), Some(series.first_start()));
        if let Some(last) = series.last_start() {
            prop_assert_eq!(starts.last().unwrap_or(series.first_start()), last);
            prop_assert_eq!(series.between(last + Duration::NANOSECOND, END).next(), None);
        }
    }

    #[test]
    fn overlapping_finds_what_is_still_going_on(series in series(), minutes in 1..3_000_i64, hours in 0..2_000_i64) {
        let duration = Duration::minutes(minutes);
        let from = series.first_start() + Duration::hours(hours);
        let to = from + Duration::days(20);
        let expected: Vec<_> = series
            .from_start()
            .take_while(|occurrence| occurrence.start < to)
            .filter(|occurrence| occurrence.start + duration > from)
            .collect();
        prop_assert_eq!(series.overlapping(from, to, duration).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_rule_is_read_back_from_its_text(rule in rules::any_rule(), count in prop::option::of(1..=10_000_u32)) {
        let text = count.map_or_else(|| rule.clone(), |count| format!("{rule};COUNT={count}"));
        let parsed = Rule::parse(&text).unwrap();
        prop_assert_eq!(Rule::parse(&parsed.to_string()), Ok(parsed.clone()));
        prop_assert_eq!(Rule::from_parts(parsed.to_parts()), Ok(parsed.clone()));
        prop_assert_eq!(Rule::parse(&text.to_lowercase()), Ok(parsed.clone()));
        let folded = text.replace(';', "\r\n ;");
        prop_assert_eq!(Rule::parse(&format!("RRULE:{folded}\r\n")), Ok(parsed.clone()));
    }

    #[test]
    fn parts_make_the_same_series_again(series in series()) {
        let again = Series::new(series.parts().clone()).unwrap();
        prop_assert_eq!(&again, &series);
        prop_assert!(again.from_start().take(50).eq(series.from_start().take(50)));
    }
}

proptest! {
    #![proptest_config(rules::cases(40))]

    #[test]
    fn merging_is_sorting(all in prop::collection::vec(series(), 1..12), number in 0..40_usize, start in rules::start()) {
        let (from, to) = (start.as_utc(), start.as_utc() + Duration::days(400));
        // Keys that fall, so that the order of the series is not the order of the keys.
        let windows = || all.iter().enumerate().map(|(place, series)| (100 - place, series.between(from, to)));
        let mut expected: Vec<_> = windows().flat_map(|(key, dates)| dates.map(move |date| (key, date))).collect();
        expected.sort_by_key(|(key, date)| (date.start, *key));
        prop_assert_eq!(&merge::all(windows()), &expected);
        prop_assert_eq!(&merge::by_start(windows()).collect::<Vec<_>>(), &expected);
        prop_assert_eq!(&merge::first(number, windows())[..], &expected[..number.min(expected.len())]);
    }
}
