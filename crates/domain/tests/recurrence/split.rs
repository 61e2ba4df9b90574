//! Splitting a series at an occurrence.

use convene_domain::recurrence::{Rule, Series, SeriesParts};
use convene_domain::time::{Instant, Zone};
use rstest::rstest;
use time::macros::{datetime, utc_datetime};
use time::{Duration, PrimitiveDateTime};

const START: PrimitiveDateTime = datetime!(2026-01-05 9:00);

fn series(rule: &str) -> Series {
    let parts = SeriesParts {
        rule: Some(Rule::parse(rule).unwrap()),
        exdates: vec![datetime!(2026-01-12 9:00), datetime!(2026-04-13 9:00)],
        rdates: vec![datetime!(2026-01-10 12:00), datetime!(2026-05-09 12:00)],
        ..SeriesParts::once(START, Zone::parse("Europe/Paris").unwrap())
    };
    Series::new(parts).unwrap()
}

fn starts(series: &Series) -> Vec<Instant> {
    series.from_start().take(60).map(|occurrence| occurrence.start).collect()
}

#[rstest]
#[case::endless("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH")]
#[case::counted("FREQ=WEEKLY;BYDAY=MO;COUNT=30")]
#[case::until_local("FREQ=DAILY;INTERVAL=3;UNTIL=20260601")]
#[case::until_instant("FREQ=WEEKLY;UNTIL=20260601T000000Z")]
#[case::picked("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=3,-1;COUNT=14")]
#[case::several_a_day("FREQ=WEEKLY;BYHOUR=9,15;COUNT=25")]
fn both_parts_together_are_the_whole(#[case] rule: &str) {
    let whole = series(rule);
    for at in starts(&whole).into_iter().take(25) {
        let Some((before, after)) = whole.split_at(at) else {
            assert_eq!(at, whole.first_start());
            continue;
        };
        let mut both = starts(&before);
        both.extend(starts(&after));
        both.truncate(60);
        assert_eq!(both, starts(&whole), "{rule} split at {at}");
        assert!(before.last_start().is_some_and(|last| last < at));
    }
}

#[test]
fn a_count_is_divided_and_an_end_is_kept() {
    let whole = series("FREQ=WEEKLY;COUNT=10");
    let at = utc_datetime!(2026-02-02 8:00);
    let rules = |whole: &Series| {
        let (before, after) = whole.split_at(at).unwrap();
        [before, after].map(|part| part.rule().unwrap().to_string())
    };
    // The 12th of January is left out but counts.
    assert_eq!(rules(&whole), ["FREQ=WEEKLY;COUNT=4", "FREQ=WEEKLY;COUNT=6"]);

    let whole = series("FREQ=WEEKLY;UNTIL=20261231");
    assert_eq!(rules(&whole), ["FREQ=WEEKLY;UNTIL=20260126T090000", "FREQ=WEEKLY;UNTIL=20261231"]);
}

#[test]
fn nothing_is_left_before_the_first_or_after_the_last() {
    let whole = series("FREQ=WEEKLY;COUNT=3");
    assert_eq!(whole.split_at(whole.first_start()), None);
    let last = whole.last_start().unwrap();
    assert_eq!(whole.split_at(last + Duration::SECOND), None);
    let once = Series::once(START, Zone::UTC).unwrap();
    assert_eq!(once.split_at(once.first_start()), None);
}
