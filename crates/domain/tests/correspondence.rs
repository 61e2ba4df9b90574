//! The correspondence of occurrences before and after an edit that gives a rule.
//!
//! Dates are those of March 2027, whose 1st is a Monday, at nine o'clock unless a time is given: `3` and `3T14`.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use convene_domain::{
    capacity::Capacity,
    correspondence::{Correspondence, DateEdit, shift_of_rule},
    duration::EventDuration,
    event::{Event, EventStatus, RegistrationPolicy},
    id::EventId,
    occurrence::{StoredOccurrence, StoredState},
    recurrence::{Rule, Series, SeriesParts},
    text::{Description, Location, Title},
    time::{Instant, LocalDateTime, zone::Zone},
};
use rstest::rstest;
use time::{
    Duration,
    macros::{datetime, utc_datetime},
};
use uuid::Uuid;

const NOW: Instant = utc_datetime!(2027-02-15 0:00);

fn local(text: &str) -> LocalDateTime {
    let (day, hour) = text.split_once('T').unwrap_or((text, "9"));
    let (day, hour): (i64, i64) = (day.parse().unwrap(), hour.parse().unwrap());
    datetime!(2027-02-28 0:00) + Duration::days(day) + Duration::hours(hour)
}

fn text(local: LocalDateTime) -> String {
    match local.hour() {
        9 => local.day().to_string(),
        hour => format!("{}T{hour}", local.day()),
    }
}

/// The series with this start; of one date if the rule is empty.
fn series(start: &str, rule: &str) -> Series {
    let rule = (!rule.is_empty()).then(|| Rule::parse(&format!("FREQ={rule}")).unwrap());
    Series::new(SeriesParts { rule, ..SeriesParts::once(local(start), Zone::UTC) }).unwrap()
}

fn event(series: Series) -> Event {
    Event {
        id: EventId::from_uuid(Uuid::from_u128(1)),
        title: Title::parse("Rehearsal").unwrap(),
        description: Description::parse("").unwrap(),
        location: Location::parse("").unwrap(),
        series,
        duration: EventDuration::new(Duration::HOUR).unwrap(),
        earlier: Vec::new(),
        capacity: Capacity::new(10).unwrap(),
        policy: RegistrationPolicy::default(),
        status: EventStatus::Scheduled,
        version: 1,
        created_at: NOW,
        updated_at: NOW,
    }
}

/// An occurrence that is held, waitlisted, empty or cancelled by itself, such as `1h`, `3T14w`, `8e` or `10c`.
fn stored(event: &Event, given: &str) -> StoredOccurrence {
    let (date, state) = given.split_at(given.len() - 1);
    let origin = event.series.occurrence_at_local(local(date)).unwrap();
    let mut stored = StoredOccurrence::from_rule(event, origin);
    match state {
        "h" => stored.taken = 1,
        "w" => stored.waiting = 1,
        "c" => {
            stored.exception.cancelled = true;
            stored.state = StoredState::Cancelled;
        }
        state => assert_eq!(state, "e"),
    }
    stored
}

const MO_WE: &str = "WEEKLY;BYDAY=MO,WE";
const MO_WE_FR: (&str, &str) = ("1", "WEEKLY;BYDAY=MO,WE,FR");

#[rstest]
// Weekdays.
#[case::same(("1", MO_WE), ("1", MO_WE), "1h 3h 8h 10h", "1 3 8 10")]
#[case::without_the_first(("1", MO_WE), ("3", "WEEKLY;BYDAY=WE"), "1h 3h 8h 10h", "x 3 x 10")]
#[case::without_the_last(("1", MO_WE), ("1", "WEEKLY;BYDAY=MO"), "1h 3h 8h 10h", "1 x 8 x")]
#[case::one_more(("1", MO_WE), ("1", "WEEKLY;BYDAY=MO,WE,FR"), "1h 3h 8h 10h", "1 3 8 10")]
#[case::one_between(("1", MO_WE), ("1", "WEEKLY;BYDAY=MO,TU,WE"), "1h 3h 8h 10h", "1 3 8 10")]
#[case::one_more_before(("3", "WEEKLY;BYDAY=WE"), ("1", MO_WE), "3h 10h", "3 10")]
#[case::the_first_leaves_and_one_comes(("1", MO_WE), ("3", "WEEKLY;BYDAY=WE,TH"), "1h 3h 8h 10h", "x 3 x 10")]
#[case::the_first_of_three_leaves_and_one_comes(MO_WE_FR, ("3", "WEEKLY;BYDAY=WE,FR,SA"), "1h 3h 5h 8h 10h", "x 3 5 x 10")]
#[case::a_later_start_of_more(("1", "DAILY;COUNT=8"), ("2", "DAILY;COUNT=10"), "1h 8h", "2 9")]
#[case::the_last_leaves_and_one_comes(("1", MO_WE), ("1", "WEEKLY;BYDAY=MO,TH"), "1h 3h 8h 10h", "1 x 8 x")]
#[case::all_move(("1", MO_WE), ("2", "WEEKLY;BYDAY=TU,TH"), "1h 3h 8h 10h", "2 4 9 11")]
#[case::all_move_to_a_common_day(("1", MO_WE), ("3", "WEEKLY;BYDAY=WE,FR"), "1h 3h 8h 10h", "3 5 10 12")]
#[case::all_move_back(("2", "WEEKLY;BYDAY=TU,TH"), ("1", MO_WE), "2h 4h", "1 3")]
#[case::one_moves_and_one_stays(("1", MO_WE), ("2", "WEEKLY;BYDAY=TU,WE"), "1h 3h 8h 10h", "2 3 9 10")]
#[case::one_day_becomes_two_others(("3", "WEEKLY;BYDAY=WE"), ("1", "WEEKLY;BYDAY=MO,TU"), "3h 10h", "1 8")]
#[case::one_day_to_another(("1", "WEEKLY;BYDAY=MO"), ("2", "WEEKLY;BYDAY=TU"), "1h 8h", "2 9")]
#[case::working_days_to_weekends(
    ("1", "WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
    ("6", "WEEKLY;BYDAY=SA,SU"),
    "1h 2h 3h 4h 5h",
    "6 7 x x x"
)]
#[case::every_second_week(("1", MO_WE), ("1", "WEEKLY;INTERVAL=2;BYDAY=MO,WE"), "1h 3h 8h 10h 15h", "1 3 x x 15")]
#[case::daily_to_weekly(("1", "DAILY"), ("1", "WEEKLY"), "1h 2h 8h", "1 x 8")]
#[case::weekly_to_daily(("1", "WEEKLY"), ("1", "DAILY"), "1h 8h", "1 8")]
#[case::monthly_to_weekly(("1", "MONTHLY;BYDAY=1MO"), ("1", "WEEKLY"), "1h", "1")]
#[case::day_of_the_month(("1", "MONTHLY"), ("15", "MONTHLY;BYMONTHDAY=15"), "1h", "15")]
#[case::weekday_of_the_month(("1", "MONTHLY;BYDAY=1MO"), ("8", "MONTHLY;BYDAY=2MO"), "1h", "8")]
// Ends.
#[case::fewer(("1", "DAILY"), ("1", "DAILY;COUNT=3"), "1h 3h 4h", "1 3 x")]
#[case::more(("1", "DAILY;COUNT=3"), ("1", "DAILY;COUNT=5"), "1h 3h", "1 3")]
#[case::an_end(("1", "DAILY"), ("1", "DAILY;UNTIL=20270303"), "1h 3h 4w", "1 3 x")]
#[case::an_earlier_start(("3", "DAILY;COUNT=3"), ("1", "DAILY;COUNT=5"), "3h 5h", "3 5")]
#[case::a_later_start_of_fewer(("1", "DAILY;COUNT=5"), ("2", "DAILY;COUNT=4"), "1h 2h", "x 2")]
#[case::a_later_start_of_as_many(("1", "DAILY;COUNT=5"), ("2", "DAILY;COUNT=5"), "1h 2h", "2 3")]
#[case::only_the_first(("1", "DAILY"), ("1", ""), "1h 2h", "1 x")]
#[case::only_the_third(("1", "DAILY"), ("3", ""), "1h 3h", "x 3")]
#[case::from_one_to_many(("1", ""), ("1", "DAILY"), "1h", "1")]
#[case::from_one_to_many_later(("1", ""), ("3", "DAILY"), "1h", "3")]
#[case::a_later_start_of_many(("1", "DAILY;COUNT=2000"), ("3", "DAILY;COUNT=1998"), "1h 3h 5h", "x 3 5")]
// Other days and another time.
#[case::only_the_last_later(("1", "DAILY;COUNT=5"), ("5T10", ""), "1h 5h", "x 5T10")]
#[case::without_the_first_later(("1", MO_WE), ("3T10", "WEEKLY;BYDAY=WE"), "1h 3h 8h 10h", "x 3T10 x 10T10")]
#[case::without_the_first_of_three_later(MO_WE_FR, ("3T10", "WEEKLY;BYDAY=WE,FR"), "1h 3h 5h", "x 3T10 5T10")]
#[case::without_the_first_earlier(("1", "DAILY;COUNT=5"), ("2T8", "DAILY;COUNT=4"), "1h 2h 5h", "x 2T8 5T8")]
#[case::without_the_first_at_night(("1", MO_WE), ("3T22", "WEEKLY;BYDAY=WE"), "1h 3h 8h", "x 3T22 x")]
#[case::one_more_before_later(("3", "WEEKLY;BYDAY=WE"), ("1T10", MO_WE), "3h 10h", "3T10 10T10")]
#[case::one_more_before_much_earlier(("2T22", "DAILY;COUNT=5"), ("1", "DAILY;COUNT=6"), "2T22h 6T22h", "2 6")]
#[case::without_the_first_across_midnight(("1T23", "DAILY;COUNT=5"), ("3T1", "DAILY;COUNT=4"), "1T23h 2T23h 5T23h", "x 3T1 6T1")]
#[case::one_leaves_and_one_comes_later(MO_WE_FR, ("3T10", "WEEKLY;BYDAY=WE,FR,SA"), "1h 3h 5h", "x 3T10 5T10")]
#[case::all_move_later(("1", MO_WE), ("2T10", "WEEKLY;BYDAY=TU,TH"), "1h 3h 8h", "2T10 4T10 9T10")]
#[case::all_move_and_one_comes_later(("1", MO_WE), ("2T10", "WEEKLY;BYDAY=TU,TH,SA"), "1h 3h", "2T10 4T10")]
#[case::at_night_of_fewer(("1", "DAILY"), ("1T22", "DAILY;COUNT=9"), "1h 2h", "1T22 2T22")]
#[case::across_midnight_of_fewer(("1T23", "DAILY"), ("2T1", "DAILY;COUNT=9"), "1T23h 2T23h", "2T1 3T1")]
// Times.
#[case::later(("1", MO_WE), ("1T14", MO_WE), "1h 3h 8h", "1T14 3T14 8T14")]
#[case::later_and_another_day(("1", "WEEKLY"), ("1T14", "WEEKLY;BYDAY=MO,TU"), "1h 8h", "1T14 8T14")]
#[case::across_midnight(("1T23", "DAILY"), ("2T1", "DAILY"), "1T23h 2T23h", "2T1 3T1")]
#[case::a_second_time(("1", "DAILY"), ("1", "DAILY;BYHOUR=9,14"), "1h 2h", "1 2")]
#[case::a_time_before(("1", "DAILY"), ("1T8", "DAILY;BYHOUR=8,9"), "1h 2h", "1 2")]
#[case::without_the_first_time(("1", "DAILY;BYHOUR=9,10"), ("1T10", "DAILY;BYHOUR=10"), "1h 1T10h", "x 1T10")]
#[case::without_the_last_time(("1", "DAILY;BYHOUR=9,14"), ("1", "DAILY;BYHOUR=9"), "1h 1T14h", "1 x")]
#[case::both_times(("1", "DAILY;BYHOUR=9,10"), ("1T11", "DAILY;BYHOUR=11,12"), "1h 1T10h", "1T11 1T12")]
#[case::two_times_become_one(("1", "DAILY;BYHOUR=9,10"), ("1T14", "DAILY;BYHOUR=14"), "1h 1T10h", "1T14 x")]
#[case::the_moved_date_before_the_day(("1", "DAILY;BYHOUR=9,10"), ("1T14", "DAILY;BYHOUR=14"), "1e 1T10h", "1T14 x")]
#[case::one_by_the_shift_and_one_by_the_day(
    ("1", "DAILY;BYHOUR=9,10"),
    ("1T11", "DAILY;BYHOUR=11,14"),
    "1h 1T10h",
    "1T11 1T14"
)]
// What is left over, on the same day.
#[case::held(("1", "DAILY;BYHOUR=9,10"), ("1", "DAILY;BYHOUR=9,14"), "1T10h 2T10h", "1T14 2T14")]
#[case::waitlisted(("1", "DAILY;BYHOUR=9,10"), ("1", "DAILY;BYHOUR=9,14"), "1T10w", "1T14")]
#[case::empty(("1", "DAILY;BYHOUR=9,10"), ("1", "DAILY;BYHOUR=9,14"), "1T10e", "1T14")]
#[case::cancelled(("1", "DAILY;BYHOUR=9,10"), ("1", "DAILY;BYHOUR=9,14"), "1T10c", "x")]
#[case::cancelled_on_a_common_date(("1", "DAILY;BYHOUR=9,10"), ("1", "DAILY;BYHOUR=9,14"), "1c", "1")]
#[case::cancelled_and_moved(("1", "DAILY"), ("1T14", "DAILY;COUNT=9"), "1c", "1T14")]
#[case::the_first_held(("1", "DAILY;BYHOUR=9,10,11"), ("1", "DAILY;BYHOUR=9,14"), "1T10h 1T11h", "1T14 x")]
#[case::held_before_empty(("1", "DAILY;BYHOUR=9,10,11"), ("1", "DAILY;BYHOUR=9,14"), "1T10e 1T11h", "x 1T14")]
#[case::waitlisted_before_empty(("1", "DAILY;BYHOUR=9,10,11"), ("1", "DAILY;BYHOUR=9,14"), "1T10e 1T11w", "x 1T14")]
#[case::held_before_cancelled(("1", "DAILY;BYHOUR=9,10,11"), ("1", "DAILY;BYHOUR=9,14"), "1T10c 1T11h", "x 1T14")]
#[case::held_on_the_moved_date_of_a_cancelled(("1", "DAILY;BYHOUR=9,14"), ("1T15", "DAILY"), "1c 1T14h 2c 2T14w", "x 1T15 x 2T15")]
#[case::held_on_a_new_date(("1", "DAILY;BYHOUR=9,14"), ("1T15", "DAILY;BYHOUR=15,20"), "1c 1T14h", "1T15 1T20")]
#[case::cancelled_moves_alone(("1", "DAILY;BYHOUR=9,14"), ("1T15", "DAILY"), "1c 2T14h", "1T15 x")]
#[case::held_and_cancelled_day(("1", "WEEKLY;BYDAY=MO,TU"), ("2T10", "WEEKLY;BYDAY=TU"), "1c 2h", "x 2T10")]
#[case::held_takes_the_first(("1", "DAILY;BYHOUR=9,10,11"), ("1", "DAILY;BYHOUR=9,14,15"), "1T10e 1T11h", "1T15 1T14")]
#[case::the_first_of_two(("1", "DAILY;BYHOUR=9,10"), ("1", "DAILY;BYHOUR=9,14,15"), "1T10h", "1T14")]
#[case::no_date_of_another_occurrence(("1", "DAILY;BYHOUR=9,10,14"), ("1", "DAILY;BYHOUR=9,14"), "1T10h", "x")]
fn a_rule_decides_which_occurrences_stay(
    #[case] before: (&str, &str),
    #[case] after: (&str, &str),
    #[case] given: &str,
    #[case] expected: &str,
) {
    let before = event(series(before.0, before.1));
    let given: Vec<StoredOccurrence> = given.split(' ').map(|given| stored(&before, given)).collect();
    let after = series(after.0, after.1);
    let old_start = before.series.start();
    let by = shift_of_rule(&before.series, &after, old_start, after.start() - old_start, NOW);
    let edit = DateEdit { by, has_rule: true, now: NOW };
    let after = event(edit.without_begun(&before, &after, &given).unwrap());
    let upcoming: Vec<&StoredOccurrence> = given.iter().collect();
    let dates = edit.dates(&before, &after, &upcoming);
    let found: Vec<String> = dates
        .into_iter()
        .map(|date| match date {
            Correspondence::Date(date) => text(date.local),
            Correspondence::Dropped => "x".to_owned(),
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(found.join(" "), expected);
}
