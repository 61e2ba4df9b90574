//! Dates at the moments when clocks change.

use convene_domain::recurrence::{Rule, Series, SeriesParts};
use convene_domain::time::{Instant, LocalDateTime, Zone};
use time::Duration;
use time::macros::{datetime, utc_datetime};

fn series(rule: &str, start: LocalDateTime, zone: &str) -> Series {
    let rule = Some(Rule::parse(rule).unwrap());
    Series::new(SeriesParts { rule, ..SeriesParts::once(start, Zone::parse(zone).unwrap()) }).unwrap()
}

fn starts(series: &Series) -> Vec<Instant> {
    series.from_start().map(|occurrence| occurrence.start).collect()
}

/// In New York the clocks went from 02:00 to 03:00 on 8 March 2026, at 07:00 in UTC.
fn around_the_gap() -> Series {
    series(
        "FREQ=DAILY;BYHOUR=1,2,3;BYMINUTE=0,30;UNTIL=20260308",
        datetime!(2026-03-08 1:00),
        "America/New_York",
    )
}

#[test]
fn skipped_times_that_meet_later_ones_come_once_and_in_order() {
    let half_hours = (0..4).map(|step| utc_datetime!(2026-03-08 6:00) + Duration::minutes(step * 30));
    let occurrences: Vec<_> = around_the_gap().from_start().collect();
    assert!(occurrences.iter().map(|occurrence| occurrence.start).eq(half_hours));
    // 02:00 and 03:00 are the same instant: the time that clocks show is kept.
    assert_eq!(occurrences[2].local, datetime!(2026-03-08 3:00));
    assert!(occurrences.iter().all(|occurrence| !occurrence.shifted));
}

#[test]
fn a_skipped_time_alone_is_told_as_shifted() {
    let daily = series("FREQ=DAILY;COUNT=3", datetime!(2026-03-07 2:30), "America/New_York");
    let shifted: Vec<_> =
        daily.from_start().map(|occurrence| (occurrence.local.hour(), occurrence.shifted)).collect();
    assert_eq!(shifted, [(2, false), (2, true), (2, false)]);
    let expected =
        [utc_datetime!(2026-03-07 7:30), utc_datetime!(2026-03-08 7:30), utc_datetime!(2026-03-09 6:30)];
    assert_eq!(starts(&daily), expected);
    // Both wall-clock times of that instant find it.
    for local in [datetime!(2026-03-08 2:30), datetime!(2026-03-08 3:30)] {
        assert_eq!(daily.occurrence_at_local(local).map(|found| found.start), Some(expected[1]));
    }
}

#[test]
fn a_window_may_begin_and_end_anywhere_around_a_gap() {
    let series = around_the_gap();
    let all = starts(&series);
    for from in 0..20_i64 {
        for to in from..20_i64 {
            let at = |quarters| utc_datetime!(2026-03-08 5:00) + Duration::minutes(quarters * 15);
            let (from, to) = (at(from), at(to));
            let found: Vec<_> = series.between(from, to).map(|occurrence| occurrence.start).collect();
            let expected: Vec<_> =
                all.iter().copied().filter(|start| from <= *start && *start < to).collect();
            assert_eq!(found, expected, "from {from} to {to}");
        }
    }
}

#[test]
fn a_time_that_comes_twice_is_the_first() {
    let weekly = series("FREQ=WEEKLY;COUNT=2", datetime!(2026-10-25 1:30), "America/New_York");
    assert_eq!(starts(&weekly), [utc_datetime!(2026-10-25 5:30), utc_datetime!(2026-11-01 5:30)]);
    // An end in the second pass is after every time of the first.
    let until = series(
        "FREQ=DAILY;BYMINUTE=30,45;UNTIL=20261101T061000Z",
        datetime!(2026-11-01 1:30),
        "America/New_York",
    );
    assert_eq!(starts(&until), [utc_datetime!(2026-11-01 5:30), utc_datetime!(2026-11-01 5:45)]);
}

#[test]
fn an_end_within_a_gap_cuts_by_the_instant() {
    // 02:45 in the gap is 07:45 in UTC; 03:30, later on the clock, is 07:30.
    let rule = "FREQ=DAILY;BYHOUR=2,3;BYMINUTE=30,45;UNTIL=20260308T073500Z";
    let before_the_end = series(rule, datetime!(2026-03-07 2:30), "America/New_York");
    assert_eq!(starts(&before_the_end).last(), Some(&utc_datetime!(2026-03-08 7:30)));
    assert_eq!(before_the_end.last_start(), Some(utc_datetime!(2026-03-08 7:30)));
}

#[test]
fn no_midnight_is_lost_where_clocks_change_at_midnight() {
    for zone in ["America/Havana", "Asia/Beirut", "Africa/Cairo", "America/Santiago", "America/Sao_Paulo"] {
        let daily = series("FREQ=DAILY;COUNT=4000", datetime!(2008-01-01 0:00), zone);
        let all: Vec<_> = daily.from_start().collect();
        assert_eq!(all.len(), 4000, "{zone}");
        assert_eq!(all[3999].local, datetime!(2008-01-01 0:00) + Duration::days(3999), "{zone}");
        assert!(all.iter().any(|occurrence| occurrence.shifted), "{zone}");
    }
}

#[test]
fn a_whole_day_left_out_gives_one_occurrence_and_is_excluded_by_either_date() {
    // Apia had no 30 December 2011.
    let daily = series("FREQ=DAILY;COUNT=4", datetime!(2011-12-29 9:00), "Pacific/Apia");
    assert_eq!(starts(&daily).len(), 3);
    for exdate in [datetime!(2011-12-30 9:00), datetime!(2011-12-31 9:00)] {
        let without = Series::new(SeriesParts { exdates: vec![exdate], ..daily.parts().clone() }).unwrap();
        assert_eq!(starts(&without).len(), 2, "{exdate}");
    }
}
