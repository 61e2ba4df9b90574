use convene_domain::recurrence::Rule;
use rstest::rstest;
use time::macros::{datetime, time, utc_datetime};

use super::*;

/// A Wednesday.
const NOW: Instant = utc_datetime!(2031-03-05 11:00);

fn dates(in_days: i32, rule: Option<&str>) -> DatesSeed {
    let rule = rule.map(|text| Rule::parse(text).unwrap());
    DatesSeed { in_days, at: time!(18:30), rule, skip: vec![], extra_in_days: vec![] }
}

fn zone(name: &str) -> Zone {
    Zone::parse(name).unwrap()
}

fn fields(problems: Vec<(&'static str, String)>) -> Vec<&'static str> {
    problems.into_iter().map(|(field, _)| field).collect()
}

#[rstest]
#[case::ahead(7, datetime!(2031-03-12 18:30))]
#[case::today(0, datetime!(2031-03-05 18:30))]
#[case::ago(-5, datetime!(2031-02-28 18:30))]
fn days_count_from_today(#[case] in_days: i32, #[case] expected: LocalDateTime) {
    assert_eq!(dates(in_days, None).place(Zone::UTC, NOW).unwrap().start(), expected);
}

#[rstest]
#[case::tomorrow_there("Pacific/Kiritimati", datetime!(2031-03-06 18:30))]
#[case::still_today("Pacific/Pago_Pago", datetime!(2031-03-05 18:30))]
fn today_is_what_it_is_in_the_zone(#[case] name: &str, #[case] expected: LocalDateTime) {
    let series = dates(0, None).place(zone(name), NOW).unwrap();
    assert_eq!(series.start(), expected);
    assert_eq!(series.zone().name(), name);
}

#[rstest]
#[case::the_day_itself("FREQ=WEEKLY;BYDAY=WE", datetime!(2031-03-05 18:30))]
#[case::the_next_that_fits("FREQ=WEEKLY;BYDAY=MO,TU", datetime!(2031-03-10 18:30))]
#[case::months_ahead("FREQ=YEARLY;BYMONTH=12;BYDAY=2SA", datetime!(2031-12-13 18:30))]
#[case::a_leap_day("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", datetime!(2032-02-29 18:30))]
fn a_recurring_event_starts_when_its_rule_first_allows(#[case] rule: &str, #[case] expected: LocalDateTime) {
    assert_eq!(dates(0, Some(rule)).place(Zone::UTC, NOW).unwrap().start(), expected);
}

#[test]
fn skipped_occurrences_are_counted_from_the_first() {
    let dates = DatesSeed { skip: vec![1, 3], ..dates(0, Some("FREQ=DAILY;COUNT=5")) };
    let series = dates.place(Zone::UTC, NOW).unwrap();
    assert_eq!(series.exdates(), [datetime!(2031-03-05 18:30), datetime!(2031-03-07 18:30)]);
    assert_eq!(series.from_start().count(), 3);
}

#[test]
fn further_dates_count_from_today() {
    let dates = DatesSeed { extra_in_days: vec![2, -1], ..dates(-7, Some("FREQ=WEEKLY")) };
    let series = dates.place(Zone::UTC, NOW).unwrap();
    assert_eq!(series.start(), datetime!(2031-02-26 18:30));
    assert_eq!(series.rdates(), [datetime!(2031-03-04 18:30), datetime!(2031-03-07 18:30)]);
}

#[rstest]
#[case::no_such_hour(dates(0, Some("FREQ=DAILY;BYHOUR=9")), &["recurrence"])]
#[case::too_early(dates(-40_000, None), &["starts.inDays"])]
#[case::beyond_the_calendar(dates(i32::MAX, None), &["starts.inDays"])]
#[case::too_many_skipped(
    DatesSeed { skip: vec![6, 7], extra_in_days: vec![i32::MIN], ..dates(0, Some("FREQ=DAILY;COUNT=5")) },
    &["skip", "skip", "extraInDays"]
)]
#[case::all_skipped(DatesSeed { skip: vec![1], ..dates(0, Some("FREQ=DAILY;COUNT=1")) }, &["skip"])]
fn what_cannot_be_placed_is_named(#[case] dates: DatesSeed, #[case] expected: &[&str]) {
    assert_eq!(fields(dates.place(Zone::UTC, NOW).unwrap_err()), expected);
}

#[rstest]
#[case("18:30", true)]
#[case("00:00", true)]
#[case("24:00", false)]
#[case("9:00", false)]
#[case("18:30:00", false)]
#[case("half past six", false)]
fn times_of_day_have_one_form(#[case] text: &str, #[case] fine: bool) {
    assert_eq!(parse_time_of_day(text).is_ok(), fine);
}
