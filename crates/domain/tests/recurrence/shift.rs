//! Moving a series by a wall-clock difference.

use convene_domain::recurrence::{Frequency, Rule, RuleParts, Series, SeriesParts, Until};
use convene_domain::time::{LocalDateTime, Zone};
use proptest::prelude::*;
use rstest::rstest;
use time::Duration;
use time::macros::datetime;

use crate::rules;

fn series(start: LocalDateTime, zone: &str, rule: &str) -> Series {
    let rule = Some(Rule::parse(rule).unwrap());
    Series::new(SeriesParts { rule, ..SeriesParts::once(start, Zone::parse(zone).unwrap()) }).unwrap()
}

fn locals(series: &Series) -> Vec<LocalDateTime> {
    series.from_start().take(400).map(|occurrence| occurrence.local).collect()
}

#[rstest]
#[case::daily("FREQ=DAILY", 26, "FREQ=DAILY")]
#[case::weekday_set("FREQ=WEEKLY;BYDAY=MO,WE", 24, "FREQ=WEEKLY;BYDAY=TU,TH")]
#[case::weekday_set_backwards("FREQ=WEEKLY;BYDAY=MO,SU", -24, "FREQ=WEEKLY;BYDAY=SA,SU")]
#[case::week_start_with_interval(
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR",
    72,
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH;WKST=TH"
)]
#[case::single_day_with_interval("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", 24, "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU")]
#[case::working_days("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", 24, "FREQ=DAILY;BYDAY=TU,WE,TH,FR,SA")]
#[case::day_of_month("FREQ=MONTHLY;BYMONTHDAY=1", 24, "FREQ=MONTHLY;BYMONTHDAY=2")]
#[case::implied_day_of_month("FREQ=MONTHLY", 24, "FREQ=MONTHLY")]
#[case::first_day_to_last("FREQ=MONTHLY", -24, "FREQ=MONTHLY;BYMONTHDAY=-1")]
#[case::implied_month_and_day("FREQ=YEARLY", -24, "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1")]
#[case::several_days("FREQ=MONTHLY;BYMONTHDAY=1,15", 24, "FREQ=MONTHLY;BYMONTHDAY=2,16")]
#[case::a_week_later("FREQ=MONTHLY;BYDAY=1MO", 168, "FREQ=MONTHLY;BYDAY=2MO")]
#[case::weekdays_of_the_month("FREQ=MONTHLY;BYDAY=MO,WE;COUNT=4", 24, "FREQ=MONTHLY;BYDAY=TU,TH;COUNT=4")]
#[case::one_weekday_by_more_than_a_week(
    "FREQ=MONTHLY;BYDAY=MO;COUNT=2",
    192,
    "FREQ=MONTHLY;BYDAY=TU;COUNT=2"
)]
#[case::weekdays_by_a_week("FREQ=MONTHLY;BYDAY=MO,WE;COUNT=4", 168, "FREQ=MONTHLY;BYDAY=MO,WE;COUNT=4")]
#[case::within_the_day(
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1",
    3,
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1"
)]
#[case::yearly("FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=1", 24 * 31, "FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=1")]
#[case::several_a_day("FREQ=DAILY;BYHOUR=9,14", 2, "FREQ=DAILY;BYHOUR=11,16")]
#[case::across_midnight("FREQ=DAILY;BYHOUR=9,23", 2, "FREQ=DAILY;BYHOUR=1,11")]
#[case::until("FREQ=DAILY;UNTIL=20270305T090000", 1, "FREQ=DAILY;UNTIL=20270305T100000")]
#[case::until_in_utc("FREQ=DAILY;UNTIL=20270305T080000Z", 1, "FREQ=DAILY;UNTIL=20270305T100000")]
#[case::until_a_day("FREQ=DAILY;UNTIL=20270305", 1, "FREQ=DAILY;UNTIL=20270305")]
#[case::until_a_day_later("FREQ=DAILY;UNTIL=20270305", 24, "FREQ=DAILY;UNTIL=20270306")]
#[case::count("FREQ=DAILY;COUNT=3", 16, "FREQ=DAILY;COUNT=3")]
fn every_date_moves_alike(#[case] rule: &str, #[case] hours: i64, #[case] expected: &str) {
    let by = Duration::hours(hours);
    let before = series(datetime!(2027-03-01 9:00), "Europe/Paris", rule);
    let after = before.shifted(by, before.zone()).unwrap();
    assert_eq!(after.rule(), Some(&Rule::parse(expected).unwrap()), "{}", after.rule().unwrap());
    let moved: Vec<_> = locals(&before).into_iter().map(|local| local + by).collect();
    assert_eq!(locals(&after), moved);
}

#[test]
fn one_date_moves_to_any_day() {
    // The first Monday of June is the 7th, and the 8th is the second Tuesday.
    let before = series(datetime!(2027-06-07 9:00), "Europe/Paris", "FREQ=MONTHLY;BYDAY=1MO;COUNT=1");
    let after = before.shifted(Duration::DAY, before.zone()).unwrap();
    assert_eq!(locals(&after), [datetime!(2027-06-08 9:00)]);
}

#[rstest]
#[case::the_31st_to_the_1st(datetime!(2027-01-31 9:00), "FREQ=MONTHLY", 24)]
#[case::the_28th_to_the_29th(datetime!(2027-01-28 9:00), "FREQ=MONTHLY;BYMONTHDAY=28", 24)]
#[case::the_first_monday(datetime!(2027-03-01 9:00), "FREQ=MONTHLY;BYDAY=1MO", 24)]
#[case::the_last_working_day(datetime!(2027-03-31 9:00), "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", 24)]
#[case::the_last_working_day_to_that_of_another_month(
    datetime!(2027-04-30 18:00),
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=5",
    153 * 24
)]
#[case::the_second_of_two_weekdays(datetime!(2027-04-07 9:00), "FREQ=MONTHLY;BYDAY=MO,WE;BYSETPOS=2;COUNT=3", 61 * 24)]
#[case::weekdays_by_more_than_a_week(datetime!(2027-03-01 9:00), "FREQ=MONTHLY;BYDAY=MO,WE;COUNT=3", 8 * 24)]
#[case::the_29th_of_february(datetime!(2028-02-29 9:00), "FREQ=YEARLY", 24)]
#[case::the_first_to_the_last_but_one(datetime!(2027-04-01 9:00), "FREQ=MONTHLY", -48)]
#[case::to_the_same_day_of_another_month(datetime!(2027-03-15 9:00), "FREQ=MONTHLY", -28 * 24)]
#[case::to_another_month(datetime!(2027-03-20 9:00), "FREQ=MONTHLY;BYMONTHDAY=20", -23 * 24)]
#[case::to_the_last_day_of_another_month(datetime!(2027-03-15 9:00), "FREQ=MONTHLY", -15 * 24)]
#[case::by_a_month_in_a_short_series(datetime!(2027-03-15 9:00), "FREQ=MONTHLY;COUNT=4", 31 * 24)]
#[case::with_an_interval(datetime!(2027-05-10 9:00), "FREQ=MONTHLY;INTERVAL=3", -30 * 24)]
#[case::yearly_to_another_month(datetime!(2027-03-15 9:00), "FREQ=YEARLY", -28 * 24)]
#[case::some_months(datetime!(2027-09-05 9:00), "FREQ=YEARLY;BYMONTH=9,10,11;BYMONTHDAY=5", 30 * 24)]
#[case::the_last_day_by_a_month(datetime!(2027-01-31 9:00), "FREQ=MONTHLY;BYMONTHDAY=-1", 28 * 24)]
#[case::some_times_of_the_weekday(datetime!(2027-03-01 9:00), "FREQ=WEEKLY;BYDAY=MO;BYHOUR=9,23", 2)]
fn a_rule_that_cannot_move_is_asked_for(
    #[case] start: LocalDateTime,
    #[case] rule: &str,
    #[case] hours: i64,
) {
    let before = series(start, "UTC", rule);
    let problems = before.shifted(Duration::hours(hours), before.zone()).unwrap_err();
    let texts: Vec<_> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert!(texts[0].contains("is required with this start"), "{texts:?}");
}

#[test]
fn a_start_out_of_range_is_named() {
    let before = series(datetime!(2027-03-01 9:00), "UTC", "FREQ=MONTHLY");
    let problems = before.shifted(Duration::days(-60 * 366), before.zone()).unwrap_err();
    assert_eq!(problems[0].to_string(), "DTSTART must lie in the years 1970 to 2099");
}

#[rstest]
#[case::by_a_week("20991231T090000", 168)]
#[case::by_a_day("20991231T090000", 24)]
#[case::the_last_second("20991231T235959", 24)]
#[case::a_day("20991231", 24)]
#[case::in_utc("20991231T080000Z", 24)]
#[case::past_midnight("20991231", 15)]
fn a_move_that_would_cut_dates_before_the_end_is_refused(#[case] until: &str, #[case] hours: i64) {
    let before = series(datetime!(2090-03-01 9:00), "Europe/Paris", &format!("FREQ=DAILY;UNTIL={until}"));
    let problems = before.shifted(Duration::hours(hours), before.zone()).unwrap_err();
    let texts: Vec<_> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(texts, ["UNTIL must lie in the years 1970 to 2099 after the move; leave it out for no end"]);
}

#[rstest]
#[case::local("FREQ=MONTHLY;UNTIL=20270401T090000", "FREQ=MONTHLY;UNTIL=20270501T090000")]
#[case::a_day("FREQ=MONTHLY;UNTIL=20270415", "FREQ=MONTHLY;UNTIL=20270501")]
#[case::in_utc("FREQ=MONTHLY;UNTIL=20270401T090000Z", "FREQ=MONTHLY;UNTIL=20270501T090000")]
#[case::count("FREQ=MONTHLY;COUNT=3", "FREQ=MONTHLY;COUNT=3")]
fn a_rule_that_starts_again_has_as_many_dates(#[case] rule: &str, #[case] expected: &str) {
    let before = series(datetime!(2027-02-01 9:00), "UTC", rule);
    let exdates = vec![datetime!(2027-03-01 9:00), datetime!(2027-03-02 9:00)];
    let rdates = vec![datetime!(2027-02-10 9:00)];
    let before = Series::new(SeriesParts { exdates, rdates, ..before.parts().clone() }).unwrap();
    let after = before.restarted(Duration::days(28)).unwrap();
    let expected = SeriesParts {
        rule: Some(Rule::parse(expected).unwrap()),
        exdates: vec![datetime!(2027-03-30 9:00), datetime!(2027-04-01 9:00)],
        rdates: vec![datetime!(2027-03-10 9:00)],
        ..SeriesParts::once(datetime!(2027-03-01 9:00), Zone::UTC)
    };
    assert_eq!(after, Series::new(expected).unwrap());
    assert_eq!(locals(&after)[2..], [datetime!(2027-05-01 9:00)]);
}

#[test]
fn an_end_and_a_date_out_of_range_are_named_together() {
    let daily = series(datetime!(2090-03-01 9:00), "UTC", "FREQ=DAILY;UNTIL=20991231T090000");
    let exdates = vec![datetime!(2099-12-31 9:00)];
    let before = Series::new(SeriesParts { exdates, ..daily.parts().clone() }).unwrap();
    let problems = before.shifted(Duration::DAY, before.zone()).unwrap_err();
    let parts: Vec<_> = problems.iter().map(|problem| problem.part.name()).collect();
    assert_eq!(parts, ["EXDATE", "UNTIL"]);
}

#[test]
fn an_end_after_the_last_date_does_not_hinder_a_move() {
    for until in ["20991231", "20991231T235959", "20991231T225959Z"] {
        let rule = format!("FREQ=DAILY;UNTIL={until}");
        let before = series(datetime!(2090-03-01 9:00), "Europe/Paris", &rule);
        let after = before.shifted(Duration::hours(14), before.zone()).unwrap();
        let back = after.shifted(-Duration::hours(14), before.zone()).unwrap();
        assert!(back.from_start().eq(before.from_start()), "{until}");
    }
}

#[test]
fn another_zone_keeps_wall_clock_times() {
    let before = series(datetime!(2027-03-01 9:00), "UTC", "FREQ=DAILY;UNTIL=20270305T090000Z");
    let after = before.shifted(Duration::ZERO, Zone::parse("America/New_York").unwrap()).unwrap();
    assert_eq!(locals(&after), locals(&before));
    assert_eq!(after.from_start().count(), 5);
}

#[test]
fn used_dates_are_left_out_and_move_along() {
    let used = vec![datetime!(2027-03-04 9:00)];
    let daily = series(datetime!(2027-03-01 9:00), "UTC", "FREQ=DAILY;COUNT=6");
    let series = daily.with_used(Some(datetime!(2027-03-02 9:00)), used).unwrap();
    let days = |series: &Series| locals(series).iter().map(|local| local.day()).collect::<Vec<_>>();
    assert_eq!(days(&series), [3, 5, 6]);
    assert_eq!(days(&series.shifted(Duration::days(2), Zone::UTC).unwrap()), [5, 7, 8]);
    let all = daily.with_used(Some(datetime!(2027-03-09 9:00)), vec![]).unwrap();
    assert_eq!(all.from_start().count(), 0, "a series may have no date left");
}

proptest! {
    #![proptest_config(rules::cases(300))]

    #[test]
    fn there_and_back_is_the_same(rule in rules::any_rule(), start in rules::start(), days in -40..40_i64, minutes in -1_500..1_500_i64) {
        let by = Duration::days(days) + Duration::minutes(minutes);
        let rule = Rule::parse(&rule).unwrap();
        let once = SeriesParts::once(start, Zone::parse("Europe/Paris").unwrap());
        let series = (0..400).find_map(|days| {
            Series::new(SeriesParts { rule: Some(rule.clone()), start: start + Duration::days(days), ..once.clone() }).ok()
        });
        let Some(before) = series else { return Ok(()) };
        let Ok(after) = before.shifted(by, before.zone()) else { return Ok(()) };
        let back = after.shifted(-by, before.zone());
        prop_assert!(back.is_ok(), "{:?} {:?}", after.rule().map(ToString::to_string), back);
        prop_assert_eq!(locals(&back.unwrap()), locals(&before));
    }

    #[test]
    fn no_series_shrinks_at_the_end_of_the_range(hour in 0..24_u8, until in 0..2_880_i64, form in 0..3, by in -4_000..4_000_i64) {
        let zone = Zone::parse("Europe/Paris").unwrap();
        let until = datetime!(2099-12-31 23:59:59) - Duration::minutes(until);
        let until = match form {
            0 => Until::Local(until),
            1 => Until::Date(until.date()),
            _ => Until::Instant(zone.resolve(until).instant),
        };
        let rule = Rule::from_parts(RuleParts { until: Some(until), ..RuleParts::every(Frequency::Daily) }).unwrap();
        let start = datetime!(2099-11-01 0:00) + Duration::hours(hour.into());
        let before = Series::new(SeriesParts { rule: Some(rule), ..SeriesParts::once(start, zone) }).unwrap();
        let by = Duration::minutes(by);
        let Ok(after) = before.shifted(by, zone) else {
            prop_assert!(locals(&before).last().unwrap().saturating_add(by).year() > 2099);
            return Ok(());
        };
        prop_assert_eq!(locals(&after.shifted(-by, zone).unwrap()), locals(&before));
    }
}
