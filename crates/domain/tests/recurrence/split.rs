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

fn starts(series: Option<&Series>) -> Vec<Instant> {
    let occurrences =
        series.map(|series| series.from_start().take(60).map(|occurrence| occurrence.start).collect());
    occurrences.unwrap_or_default()
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
    for at in starts(Some(&whole)).into_iter().take(25) {
        let (before, after) = (whole.ending_before(at), whole.continuing_from(at));
        let mut both = starts(before.as_ref());
        both.extend(starts(after.as_ref()));
        both.truncate(60);
        assert_eq!(both, starts(Some(&whole)), "{rule} split at {at}");
        assert!(before.is_none_or(|before| before.last_start().is_some_and(|last| last < at)));
    }
}

#[test]
fn a_count_is_shared_out_and_an_end_is_kept() {
    let whole = series("FREQ=WEEKLY;COUNT=10");
    let at = utc_datetime!(2026-02-02 8:00);
    let rule = |part: Option<Series>| part.unwrap().rule().unwrap().to_string();
    // The 12th of January is left out but counts.
    assert_eq!(rule(whole.ending_before(at)), "FREQ=WEEKLY;COUNT=4");
    assert_eq!(rule(whole.continuing_from(at)), "FREQ=WEEKLY;COUNT=6");

    let whole = series("FREQ=WEEKLY;UNTIL=20261231");
    assert_eq!(rule(whole.ending_before(at)), "FREQ=WEEKLY;UNTIL=20260126T090000");
    assert_eq!(rule(whole.continuing_from(at)), "FREQ=WEEKLY;UNTIL=20261231");
}

#[test]
fn nothing_is_left_before_the_first_or_after_the_last() {
    let whole = series("FREQ=WEEKLY;COUNT=3");
    assert_eq!(whole.ending_before(whole.first_start()), None);
    let last = whole.last_start().unwrap();
    assert_eq!(whole.continuing_from(last + Duration::SECOND), None);
    let once = Series::once(START, Zone::UTC).unwrap();
    assert_eq!(once.ending_before(once.first_start()), None);
    assert_eq!(once.continuing_from(once.first_start()).as_ref(), Some(&once));
}
