//! Edits by clients that send the recurrence back as the API shows it.

use convene_domain::{
    event::Event,
    recurrence::{Rule, RuleEnd, RuleParts, Until},
    time::{LocalDateTime, zone::Zone},
};
use time::Duration;

use super::{
    environment::Environment,
    support::{FIRST, by_root, day, edit_of, refusal},
    tenant::Tenant,
};
use crate::{
    failure::{Field, Outcome, Refusal},
    ports::{Changed, EventPatch, NewRecurrence},
    testing::builders::{ChangeBuilder, EventBuilder},
};

/// A rule of every kind that begins on a Monday at 09:00, in a zone whose clocks go forward on 30 March.
const RULES: [&str; 12] = [
    "FREQ=DAILY",
    "FREQ=DAILY;COUNT=9",
    "FREQ=DAILY;UNTIL=20310318T090000",
    "FREQ=DAILY;UNTIL=20310318",
    "FREQ=DAILY;UNTIL=20310402T070000Z",
    "FREQ=DAILY;BYHOUR=2,9;BYMINUTE=0,30;UNTIL=20310330T023000",
    "FREQ=WEEKLY;INTERVAL=2;UNTIL=20310505T090000;BYDAY=MO,TH;WKST=SU",
    "FREQ=WEEKLY;COUNT=5;WKST=SU",
    "FREQ=MONTHLY;UNTIL=20311231T235959;BYDAY=2MO",
    "FREQ=MONTHLY;COUNT=4;BYMONTHDAY=10,-1",
    "FREQ=MONTHLY;UNTIL=20311231T235959;BYDAY=MO,TU;BYSETPOS=3,4",
    "FREQ=YEARLY;UNTIL=20361231T090000;BYMONTH=3;BYMONTHDAY=10",
];

/// The recurrence in every form in which the API shows or takes it.
fn forms(event: &Event) -> Vec<NewRecurrence> {
    let series = &event.series;
    let shown = Rule::parse(&series.rrule().unwrap()).unwrap();
    let mut rules = vec![series.rule().unwrap().clone(), shown.clone()];
    if let RuleEnd::Until(Until::Instant(until)) = shown.end() {
        let local = Until::Local(series.zone().to_local(until));
        rules.push(Rule::from_parts(RuleParts { until: Some(local), ..shown.to_parts() }).unwrap());
    }
    let dates = |dates: &[LocalDateTime]| dates.iter().rev().chain(dates).copied().collect();
    let (exdates, rdates): (Vec<_>, Vec<_>) = (dates(series.exdates()), dates(series.rdates()));
    let form = |rule| NewRecurrence { rule, exdates: exdates.clone(), rdates: rdates.clone() };
    rules.into_iter().map(form).collect()
}

fn given(recurrence: NewRecurrence, patch: EventPatch) -> EventPatch {
    EventPatch { recurrence: Some(Some(recurrence)), ..patch }
}

async fn event(tenant: &Tenant, rule: &str) -> Event {
    let event = EventBuilder::repeating(FIRST, rule).zone("Europe/Paris").without(FIRST + Duration::weeks(3));
    tenant.event(event.with(FIRST + Duration::hours(31)).with(FIRST + Duration::hours(55))).await
}

async fn edit(tenant: &Tenant, event: &Event, patch: EventPatch) -> Outcome<Changed<Event>> {
    tenant.ports.events.update(&tenant.scope, edit_of(event.id, patch), &by_root()).await
}

pub(super) async fn a_rule_as_it_is_shown_changes_nothing(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    for rule in RULES {
        let event = event(&tenant, rule).await;
        let journal = tenant.journal().await;
        for form in forms(&event) {
            let all_fields = EventPatch {
                starts_at: Some(event.series.first_date()),
                time_zone: Some(event.series.zone()),
                duration: Some(event.duration),
                title: Some(event.title.clone()),
                ..EventPatch::default()
            };
            for patch in [EventPatch::default(), all_fields] {
                let changed = edit(&tenant, &event, given(form.clone(), patch)).await.unwrap();
                assert_eq!(changed, Changed::complete(event.clone(), 0, 0), "{rule}: {form:?}");
            }
        }
        journal.expect_nothing().await;
    }
    // A one-off event has no recurrence, and added dates have one that gives the start.
    let once = tenant.event(EventBuilder::once(FIRST)).await;
    let none = EventPatch { recurrence: Some(None), ..EventPatch::default() };
    assert_eq!(edit(&tenant, &once, none).await.unwrap().now, once);
    let added = tenant.event(EventBuilder::once(FIRST).with(FIRST + Duration::DAY)).await;
    let rule = Rule::parse(&added.series.rrule().unwrap()).unwrap();
    let rdates = added.series.rdates().to_vec();
    let form = NewRecurrence { rule, exdates: vec![], rdates };
    assert_eq!(edit(&tenant, &added, given(form, EventPatch::default())).await.unwrap().now, added);
}

pub(super) async fn a_rule_as_it_is_shown_moves_with_its_start_and_zone(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    for rule in RULES {
        for (by, zone) in
            [(1, "Europe/Paris"), (-2, "Europe/Paris"), (0, "Asia/Tokyo"), (2, "America/New_York")]
        {
            let event = event(&tenant, rule).await;
            let patch = EventPatch {
                starts_at: Some(FIRST + Duration::hours(by)),
                time_zone: Zone::parse(zone).ok(),
                ..EventPatch::default()
            };
            let expected = event.series.shifted(Duration::hours(by), Zone::parse(zone).unwrap());
            if expected.as_ref().is_ok_and(|expected| !expected.has_same_parts(&event.series)) {
                continue;
            }
            for form in forms(&event) {
                let dry = ChangeBuilder::by("root").dry_run().build();
                let edit = edit_of(event.id, given(form.clone(), patch.clone()));
                let changed = tenant.ports.events.update(&tenant.scope, edit, &dry).await.unwrap();
                assert_eq!(Ok(&changed.now.series), expected.as_ref(), "{rule} {by} {zone}: {form:?}");
            }
        }
    }
}

pub(super) async fn the_last_seat_moves_with_a_rule_as_it_is_shown(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = EventBuilder::repeating(FIRST, "FREQ=DAILY;UNTIL=20310314T090000").zone("Europe/Paris");
    let event = tenant.event(event).await;
    let ada = tenant.member("ada").await;
    let hour = Duration::HOUR;
    let seat = tenant.seat(&event, day(4) - hour, &ada).await;
    let shown = Rule::parse("FREQ=DAILY;UNTIL=20310314T080000Z").unwrap();
    let form = NewRecurrence { rule: shown, exdates: vec![], rdates: vec![] };
    let patch = EventPatch { starts_at: Some(FIRST + hour), ..EventPatch::default() };
    let changed = edit(&tenant, &event, given(form, patch)).await.unwrap();
    assert_eq!(changed.moved_registrations, 1);
    assert_eq!(tenant.registration_now(&seat).await.interval.start(), day(4));
    assert_eq!(changed.now.series.from_start().count(), 5);
}

pub(super) async fn a_rule_as_it_is_shown_splits_a_series_like_none(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    for rule in ["FREQ=DAILY;COUNT=9", "FREQ=DAILY;UNTIL=20310318T090000", "FREQ=WEEKLY;COUNT=9;BYDAY=MO,FR"]
    {
        let shown = |event: &Event| forms(event).pop().unwrap();
        let event = event(&tenant, rule).await;
        let friday = event.series.occurrence_at_local(FIRST + Duration::days(4)).unwrap().start;
        let (_, expected) = event.series.split_at(friday).unwrap();
        // The rule of the whole event has the dates that its part has.
        let whole = shown(&event);
        let second = tenant.split(&event, friday, given(whole, EventPatch::default())).await;
        assert_eq!(second.series, expected, "{rule}");
        // The rule that the second part shows is that of its edit.
        let journal = tenant.journal().await;
        edit(&tenant, &second, given(shown(&second), EventPatch::default())).await.unwrap();
        journal.expect_nothing().await;
    }
}

pub(super) async fn days_and_times_of_a_given_rule_do_not_move(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    for (rule, by) in [
        ("FREQ=MONTHLY;COUNT=6;BYDAY=2MO", Duration::days(35)),
        ("FREQ=WEEKLY;COUNT=6;BYDAY=MO,WE", Duration::days(2)),
        ("FREQ=DAILY;COUNT=6;BYHOUR=9,14", Duration::hours(5)),
    ] {
        let event = tenant.event(EventBuilder::repeating(FIRST, rule)).await;
        let start = FIRST + by;
        let form = forms(&event).pop().unwrap();
        let patch = EventPatch { starts_at: Some(start), ..EventPatch::default() };
        let changed = edit(&tenant, &event, given(form, patch)).await.unwrap();
        assert_eq!(changed.now.series.rrule().as_deref(), Some(rule));
        assert_eq!(changed.now.series.start(), start);
    }
}

fn starts(event: &Event) -> Vec<LocalDateTime> {
    event.series.from_start().map(|date| date.local).collect()
}

/// The wall-clock times on these days after [`FIRST`], at so many hours after its time.
fn on<const N: usize>(days: [i64; N], hours: i64) -> Vec<LocalDateTime> {
    days.map(|days| FIRST + Duration::days(days) + Duration::hours(hours)).to_vec()
}

/// The organizer of a form changes the start. Exdates, rdates and an UNTIL that name no date of the new rule are those before.
pub(super) async fn what_repeats_the_recurrence_moves_to_another_day(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let night = FIRST + Duration::hours(14);
    let weekly = EventBuilder::repeating(FIRST, "FREQ=WEEKLY;COUNT=4").without(FIRST + Duration::weeks(1));
    let daily = || EventBuilder::repeating(FIRST, "FREQ=DAILY;COUNT=5");
    for (builder, start, expected) in [
        (weekly, 24, on([1, 15, 22], 0)),
        (EventBuilder::repeating(FIRST, "FREQ=WEEKLY;UNTIL=20310331T090000"), 25, on([1, 8, 15, 22], 1)),
        (EventBuilder::repeating(FIRST, "FREQ=WEEKLY;UNTIL=20310331"), 24, on([1, 8, 15, 22], 0)),
        (
            EventBuilder::repeating(night, "FREQ=DAILY;UNTIL=20310314T230000").without(night + Duration::DAY),
            16,
            on([0, 2, 3, 4], 16),
        ),
        (EventBuilder::weekly(FIRST).with(FIRST + Duration::hours(55)), 24, on([1, 4], 0)),
        // A COUNT ends the new dates before the old ones.
        (daily().without(FIRST + Duration::days(2)), -7 * 24, on([-7, -6, -4, -3], 0)),
        (daily().with(FIRST + Duration::days(8)), -7 * 24, on([-7, -6, -5, -4, -3, 1], 0)),
    ] {
        let event = tenant.event(builder.zone("Europe/Paris")).await;
        for form in forms(&event) {
            let dry = ChangeBuilder::by("root").dry_run().build();
            let starts_at = Some(FIRST + Duration::hours(start));
            let patch = given(form.clone(), EventPatch { starts_at, ..EventPatch::default() });
            let changed = tenant.ports.events.update(&tenant.scope, edit_of(event.id, patch), &dry).await;
            let series = changed.unwrap().now.series;
            let by = FIRST + Duration::hours(start) - event.series.first_date();
            assert_eq!(Ok(&series), event.series.shifted(by, event.series.zone()).as_ref(), "{form:?}");
            let found: Vec<LocalDateTime> = series.from_start().map(|date| date.local).collect();
            if series.last_start().is_some() {
                assert_eq!(found, expected, "{form:?}");
            }
        }
    }
}

/// What the new rule has as well is meant as it is given, and so is everything if the shift is none.
pub(super) async fn dates_that_are_repeated_stay_if_the_new_rule_has_them(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let week = "FREQ=WEEKLY;BYDAY=MO,WE,FR;COUNT=9";
    let excluded = |rule: &str, days: &[i64]| {
        let event = EventBuilder::repeating(FIRST, rule);
        days.iter().fold(event, |event, day| event.without(FIRST + Duration::days(*day)))
    };
    for (builder, start, rule, expected) in [
        (
            excluded("FREQ=DAILY;COUNT=5", &[2]),
            1,
            "FREQ=DAILY;COUNT=5",
            Some((on([2], 0), on([1, 3, 4, 5], 0))),
        ),
        (
            excluded("FREQ=WEEKLY;COUNT=4", &[7]),
            1,
            "FREQ=WEEKLY;COUNT=5",
            Some((on([8], 0), on([1, 15, 22, 29], 0))),
        ),
        (
            excluded(week, &[7, 9]),
            2,
            "FREQ=WEEKLY;BYDAY=WE,FR;COUNT=4",
            Some((on([7, 9], 0), on([2, 4, 11], 0))),
        ),
        (excluded(week, &[7, 11]), 1, "FREQ=WEEKLY;BYDAY=TU,TH,FR;COUNT=9", None),
    ] {
        let event = tenant.event(builder).await;
        let form = NewRecurrence { rule: Rule::parse(rule).unwrap(), ..forms(&event).pop().unwrap() };
        let starts_at = Some(FIRST + Duration::days(start));
        let patch = given(form, EventPatch { starts_at, ..EventPatch::default() });
        let changed = edit(&tenant, &event, patch).await;
        match expected {
            Some(expected) => {
                let now = changed.unwrap().now;
                assert_eq!((now.series.exdates().to_vec(), starts(&now)), expected, "{rule}");
            }
            None => {
                let refused = refusal(changed);
                let field = Field::Recurrence.child(Field::Exdates);
                let is_named =
                    matches!(&refused, Refusal::InvalidInput { field: named, .. } if *named == field);
                assert!(is_named, "{refused}");
            }
        }
    }
}
