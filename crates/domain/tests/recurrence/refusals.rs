//! Refused rules and series, with their messages.

use convene_domain::recurrence::{Frequency, Rule, RuleParts, Series, SeriesParts, WeekdayNumber};
use convene_domain::time::Zone;
use rstest::rstest;
use time::macros::datetime;
use time::{PrimitiveDateTime, Weekday};

const MONDAY: PrimitiveDateTime = datetime!(2030-01-07 9:00);

fn problems(rule: &str) -> String {
    let problems = Rule::parse(rule).unwrap_err();
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn series_problems(parts: SeriesParts) -> String {
    let problems = Series::new(parts).unwrap_err();
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn once() -> SeriesParts {
    SeriesParts::once(MONDAY, Zone::UTC)
}

#[rstest]
#[case("", "RRULE is empty: give at least FREQ")]
#[case("FREQ=HOURLY", "FREQ must be DAILY or coarser; BYHOUR gives several times a day")]
#[case("FREQ=MINUTELY", "FREQ must be DAILY or coarser; BYHOUR gives several times a day")]
#[case("FREQ=SOMETIMES", "FREQ must be DAILY, WEEKLY, MONTHLY or YEARLY")]
#[case("COUNT=3", "FREQ is required: DAILY, WEEKLY, MONTHLY or YEARLY")]
#[case("FREQ=DAILY;FREQ=WEEKLY", "FREQ may be given only once")]
#[case("FREQ=DAILY;BYSECOND=0", "BYSECOND is not supported: the start gives the second")]
#[case("FREQ=DAILY;INTERVAL=0", "INTERVAL must be 1 to 1000")]
#[case("FREQ=DAILY;INTERVAL=-7", "INTERVAL must be 1 to 1000")]
#[case("FREQ=DAILY;INTERVAL=1001", "INTERVAL must be 1 to 1000")]
#[case("FREQ=DAILY;INTERVAL=99999999999999", "INTERVAL must be 1 to 1000")]
#[case("FREQ=DAILY;INTERVAL=two", "INTERVAL must be a whole number")]
#[case("FREQ=DAILY;INTERVAL=+2", "INTERVAL must be a whole number")]
#[case("FREQ=DAILY;COUNT=+3", "COUNT must be a whole number")]
#[case("FREQ=DAILY;COUNT= 3", "COUNT must be a whole number")]
#[case("FREQ=DAILY;BYHOUR=+9", "BYHOUR takes whole numbers separated by commas")]
#[case("FREQ=DAILY;BYHOUR=009", "BYHOUR takes whole numbers separated by commas")]
#[case("FREQ=DAILY;BYMINUTE=+30", "BYMINUTE takes whole numbers separated by commas")]
#[case("FREQ=YEARLY;BYMONTH=+1", "BYMONTH takes whole numbers separated by commas")]
#[case("FREQ=YEARLY;BYYEARDAY=0001", "BYYEARDAY takes whole numbers separated by commas")]
#[case("FREQ=MONTHLY;BYMONTHDAY=001", "BYMONTHDAY takes whole numbers separated by commas")]
#[case("FREQ=MONTHLY;BYDAY=001MO", "BYDAY takes days such as MO, or 1MO and -1FR, separated by commas")]
#[case("FREQ=MONTHLY;BYDAY=++1MO", "BYDAY takes days such as MO, or 1MO and -1FR, separated by commas")]
#[case("FREQ=DAILY;COUNT=0", "COUNT must be 1 to 10000")]
#[case("FREQ=DAILY;COUNT=10001", "COUNT must be 1 to 10000")]
#[case("FREQ=DAILY;COUNT=2147483648", "COUNT must be 1 to 10000")]
#[case("FREQ=DAILY;COUNT=3;UNTIL=20300201T000000Z", "COUNT and UNTIL exclude each other: give one of them")]
#[case("FREQ=DAILY;UNTIL=2030", "UNTIL must be a date such as 20270630, 20270630T180000 or 20270630T160000Z")]
#[case(
    "FREQ=DAILY;UNTIL=20300231",
    "UNTIL must be a date such as 20270630, 20270630T180000 or 20270630T160000Z"
)]
#[case("FREQ=DAILY;UNTIL=21000101", "UNTIL must lie in the years 1970 to 2099; leave it out for no end")]
#[case("FREQ=YEARLY;BYMONTH=13", "BYMONTH takes numbers from 1 to 12")]
#[case("FREQ=YEARLY;BYMONTH=", "BYMONTH takes whole numbers separated by commas")]
#[case("FREQ=WEEKLY;BYDAY=XX", "BYDAY takes days such as MO, or 1MO and -1FR, separated by commas")]
#[case(
    "FREQ=MONTHLY;BYDAY=0MO",
    "BYDAY takes numbers from 1 to 53 before a day, or from -1 to -53 to count from the end"
)]
#[case("FREQ=WEEKLY;BYDAY=1MO", "BYDAY takes numbered days only in MONTHLY and YEARLY rules")]
#[case("FREQ=DAILY;BYDAY=-1MO", "BYDAY takes numbered days only in MONTHLY and YEARLY rules")]
#[case("FREQ=YEARLY;BYWEEKNO=20", "BYWEEKNO needs BYDAY in YEARLY rules, to tell the days of the week")]
#[case(
    "FREQ=YEARLY;BYWEEKNO=54;BYDAY=MO",
    "BYWEEKNO takes numbers from 1 to 53, or from -1 to -53 to count from the end"
)]
#[case(
    "FREQ=YEARLY;BYYEARDAY=367",
    "BYYEARDAY takes numbers from 1 to 366, or from -1 to -366 to count from the end"
)]
#[case(
    "FREQ=YEARLY;BYMONTHDAY=1",
    "BYMONTHDAY needs BYMONTH in YEARLY rules; every month's day is FREQ=MONTHLY"
)]
#[case(
    "FREQ=MONTHLY;BYMONTHDAY=32",
    "BYMONTHDAY takes numbers from 1 to 31, or from -1 to -31 to count from the end"
)]
#[case("FREQ=WEEKLY;BYDAY=MO,TU;BYSETPOS=1", "BYSETPOS is not allowed in WEEKLY rules")]
#[case(
    "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=367",
    "BYSETPOS takes numbers from 1 to 366, or from -1 to -366 to count from the end"
)]
#[case("FREQ=DAILY;BYHOUR=24", "BYHOUR takes numbers from 0 to 23")]
#[case("FREQ=DAILY;BYMINUTE=60", "BYMINUTE takes numbers from 0 to 59")]
#[case(
    "FREQ=DAILY;BYHOUR=1,2,3,4,5;BYMINUTE=0,10,20,30,40",
    "BYHOUR together with BYMINUTE gives more than 24 times a day"
)]
#[case("FREQ=WEEKLY;WKST=ZZ", "WKST must be one of MO, TU, WE, TH, FR, SA, SU")]
#[case("FREQ=DAILY;X-PART=1", "RRULE has a part that RFC 5545 does not know, or not in this place")]
#[case("FREQ=DAILY;;;;;;;;;;;;;;", "RRULE has more than 14 parts; each may be given once")]
#[case(
    ";;;;",
    "RRULE must be parts such as FREQ=DAILY, separated by semicolons; FREQ is required: DAILY, WEEKLY, MONTHLY or YEARLY"
)]
#[case("FREQ=DAILY;", "RRULE must be parts such as FREQ=DAILY, separated by semicolons")]
#[case("FREQ=DAILY;COUNT=\u{663}", "RRULE must be ASCII text")]
fn a_rule_is_refused_by_the_part_that_is_wrong(#[case] rule: &str, #[case] expected: &str) {
    assert_eq!(problems(rule), expected);
}

#[test]
fn all_problems_of_a_rule_come_at_once() {
    let all = problems("FREQ=WEEKLY;INTERVAL=0;COUNT=0;BYMONTH=13;BYDAY=XX;BYHOUR=24;WKST=ZZ");
    let parts: Vec<_> = all.split("; ").map(|problem| problem.split(' ').next().unwrap()).collect();
    assert_eq!(parts, ["INTERVAL", "COUNT", "BYMONTH", "BYDAY", "BYHOUR", "WKST"]);
}

#[test]
fn parts_are_refused_like_text() {
    let parts = RuleParts {
        interval: 0,
        count: Some(-1),
        by_month: vec![0],
        by_weekday: vec![WeekdayNumber::nth(2, Weekday::Monday)],
        ..RuleParts::every(Frequency::Weekly)
    };
    let found: Vec<_> =
        Rule::from_parts(parts).unwrap_err().iter().map(|problem| problem.part.name()).collect();
    assert_eq!(found, ["INTERVAL", "COUNT", "BYMONTH", "BYDAY"]);
    assert_eq!(Rule::from_parts(RuleParts::default()).unwrap_err()[0].part.name(), "FREQ");
}

#[rstest]
#[case("FREQ=WEEKLY;BYDAY=TU", "DTSTART must be a date of the rule, for it is the first one")]
#[case("FREQ=DAILY;BYHOUR=10", "DTSTART must be a date of the rule, for it is the first one")]
#[case(
    "FREQ=DAILY;BYMONTH=11;BYMONTHDAY=31;COUNT=5",
    "DTSTART must be a date of the rule, for it is the first one"
)]
#[case("FREQ=MONTHLY;BYSETPOS=2", "DTSTART must be a date of the rule, for it is the first one")]
#[case("FREQ=WEEKLY;BYMONTHDAY=14", "DTSTART must be a date of the rule, for it is the first one")]
#[case("FREQ=DAILY;UNTIL=20300106", "UNTIL lies before the start, so that there is no occurrence")]
#[case("FREQ=DAILY;UNTIL=19700101T000000Z", "UNTIL lies before the start, so that there is no occurrence")]
#[case("FREQ=DAILY;UNTIL=20300107T085959Z", "UNTIL lies before the start, so that there is no occurrence")]
#[case("FREQ=YEARLY;COUNT=71", "COUNT leads beyond the year 2099")]
fn a_series_is_refused_whose_rule_and_start_do_not_fit(#[case] rule: &str, #[case] expected: &str) {
    let rule = Some(Rule::parse(rule).unwrap());
    assert_eq!(series_problems(SeriesParts { rule, ..once() }), expected);
}

#[test]
fn the_longest_count_and_the_latest_end_that_fit_are_accepted() {
    for rule in [
        "FREQ=YEARLY;COUNT=70",
        "FREQ=DAILY;COUNT=10000",
        "FREQ=DAILY;UNTIL=20991231T235959",
        "FREQ=DAILY;UNTIL=20300107T090000Z",
    ] {
        let rule = Rule::parse(rule).unwrap();
        assert!(Series::new(SeriesParts { rule: Some(rule), ..once() }).is_ok());
    }
}

#[test]
fn dates_are_refused_that_are_too_many_or_out_of_range() {
    let many: Vec<_> = (0..367).map(|days| MONDAY + time::Duration::days(days)).collect();
    assert_eq!(
        series_problems(SeriesParts { exdates: many.clone(), ..once() }),
        "EXDATE takes at most 366 dates"
    );
    assert_eq!(
        series_problems(SeriesParts {
            rdates: many[..366].iter().copied().chain([datetime!(1969-12-31 0:00)]).collect(),
            ..once()
        }),
        "RDATE takes at most 366 dates; RDATE must lie in the years 1970 to 2099"
    );
    assert!(Series::new(SeriesParts { rdates: many[..366].to_vec(), ..once() }).is_ok());
    let start = datetime!(2100-01-01 0:00);
    assert_eq!(
        series_problems(SeriesParts { start, ..once() }),
        "DTSTART must lie in the years 1970 to 2099"
    );
    let start = datetime!(2030-01-07 9:00:00.5);
    assert_eq!(series_problems(SeriesParts { start, ..once() }), "DTSTART must be a whole second");
}

#[test]
fn a_series_whose_every_date_is_left_out_is_refused() {
    let parts = SeriesParts { exdates: vec![MONDAY], ..once() };
    assert_eq!(series_problems(parts.clone()), "EXDATE leaves no occurrence at all; keep at least one");
    assert!(Series::new(SeriesParts { rdates: vec![datetime!(2030-01-08 9:00)], ..parts }).is_ok());
}
