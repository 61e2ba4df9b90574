//! Edits of series whose first date is an rdate: the start that the API shows is the base of every edit.

use convene_domain::{
    duration::EventDuration, event::Event, id::EventId, occurrence::OccurrenceKey, recurrence::Rule,
    registration::Registration, time::LocalDateTime,
};
use time::Duration;

use super::{
    environment::Environment,
    support::{FIRST, by_root, day, edit_of},
    tenant::Tenant,
};
use crate::{
    ports::{Duplication, EditScope, EventEdit, EventPatch, NewRecurrence, NewStart, OnAffected},
    testing::builders::{EventBuilder, fresh_uuid},
};

/// The rdate at which the second part begins, six hours after the date of the rule that it replaces.
fn added() -> LocalDateTime {
    FIRST + Duration::hours(30)
}

fn starts(event: &Event) -> Vec<LocalDateTime> {
    event.series.from_start().map(|date| date.local).collect()
}

/// The hours from [`FIRST`] on.
fn hours<const N: usize>(hours: [i64; N]) -> Vec<LocalDateTime> {
    hours.map(|hours| FIRST + Duration::hours(hours)).to_vec()
}

/// The second part of a series that was split at an rdate, with a seat at another one.
async fn second_part(tenant: &Tenant) -> (Event, Registration) {
    let event = EventBuilder::daily(FIRST, 5);
    let event = [1, 3].into_iter().fold(event, |event, number| {
        let date = FIRST + Duration::days(number);
        event.without(date).with(date + Duration::hours(6))
    });
    let event = tenant.event(event).await;
    let ada = tenant.member(&format!("user-{}", fresh_uuid().simple())).await;
    let seat = tenant.seat(&event, day(3) + Duration::hours(6), &ada).await;
    let second = tenant.split(&event, added().as_utc(), EventPatch::default()).await;
    assert_eq!(second.series.first_date(), added());
    assert_eq!(starts(&second), hours([30, 48, 78, 96]));
    (second, seat)
}

pub(super) async fn a_shift_is_relative_to_the_first_date_in_every_scope(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    for is_split in [false, true] {
        let (event, seat) = second_part(&tenant).await;
        let from = OccurrenceKey { event: event.id, original_start: added().as_utc() };
        let new_event = EventId::from_uuid(fresh_uuid());
        let scope = if is_split { EditScope::ThisAndFollowing { from, new_event } } else { EditScope::All };
        let patch = EventPatch { starts_at: Some(added() + Duration::HOUR), ..EventPatch::default() };
        let edit = EventEdit { scope, ..edit_of(event.id, patch) };
        let changed = tenant.ports.events.update(&tenant.scope, edit, &by_root()).await.unwrap();
        assert_eq!(starts(&changed.now), hours([31, 49, 79, 97]));
        assert_eq!(changed.now.series.first_date(), added() + Duration::HOUR);
        let now = tenant.registration_now(&seat).await;
        assert_eq!(now.interval.start(), day(3) + Duration::hours(7));
    }
}

pub(super) async fn an_end_and_a_copy_are_relative_to_the_first_date(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let (event, _) = second_part(&tenant).await;
    let end = EventPatch { ends_at: Some(added() + Duration::minutes(90)), ..EventPatch::default() };
    let changed =
        tenant.ports.events.update(&tenant.scope, edit_of(event.id, end), &by_root()).await.unwrap();
    assert_eq!(changed.now.duration, EventDuration::new(Duration::minutes(90)).unwrap());
    assert_eq!(starts(&changed.now), starts(&event));

    let start = Some(NewStart::At(added() + Duration::weeks(4)));
    let copy = EventId::from_uuid(fresh_uuid());
    let duplication = Duplication { event: event.id, copy, title: None, start };
    let copy = tenant.ports.events.duplicate(&tenant.scope, duplication, &by_root()).await.unwrap();
    let weeks = 4 * 7 * 24;
    assert_eq!(starts(&copy), hours([30 + weeks, 48 + weeks, 78 + weeks, 96 + weeks]));
}

pub(super) async fn a_series_without_recurrence_takes_place_at_its_first_date(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let ada = tenant.member("ada").await;
    let early = FIRST - Duration::hours(20);
    let added_first = tenant.event(EventBuilder::daily(FIRST, 3).with(early)).await;
    let (second, _) = second_part(&tenant).await;
    for event in [added_first, second] {
        let first = event.series.first_date();
        let seat = tenant.seat(&event, first.as_utc(), &ada).await;
        let others = tenant.listed(&[&event], seat.interval.end(), day(90)).await;
        assert!(!others.is_empty());
        // The seats at other dates are dropped.
        let patch = EventPatch { recurrence: Some(None), ..EventPatch::default() };
        let on_affected = OnAffected::CancelRegistrations;
        let edit = EventEdit { on_affected, ..edit_of(event.id, patch) };
        let edited = tenant.ports.events.update(&tenant.scope, edit, &by_root()).await.unwrap().now;
        assert_eq!((edited.series.first_date(), starts(&edited)), (first, vec![first]));
        assert_eq!(tenant.registration_now(&seat).await, seat);
    }
}

pub(super) async fn a_rule_keeps_its_distance_from_the_first_date(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    // An rdate before the start of the rule.
    let early = FIRST - Duration::hours(20);
    for (by, starts_at) in [(0, None), (0, Some(early)), (2, Some(early + Duration::hours(2)))] {
        let event = tenant.event(EventBuilder::daily(FIRST, 3).with(early)).await;
        assert_eq!(event.series.first_date(), early);
        let rule = Rule::parse("FREQ=DAILY;COUNT=4").unwrap();
        let recurrence = NewRecurrence { rule, exdates: vec![], rdates: vec![early + Duration::hours(by)] };
        let patch = EventPatch { starts_at, recurrence: Some(Some(recurrence)), ..EventPatch::default() };
        let edited = tenant.ports.events.update(&tenant.scope, edit_of(event.id, patch), &by_root()).await;
        let expected = [-20, 0, 24, 48, 72].map(|hours| hours + by);
        assert_eq!(starts(&edited.unwrap().now), hours(expected), "{starts_at:?}");
    }
}

pub(super) async fn an_rdate_that_becomes_the_first_date_moves_nothing(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let ada = tenant.member("ada").await;
    let (first, second) = (FIRST - Duration::hours(140), FIRST - Duration::hours(87));
    let event = tenant.event(EventBuilder::repeating(FIRST, "FREQ=WEEKLY;COUNT=3").with(second)).await;
    let seats = [tenant.seat(&event, second.as_utc(), &ada).await, tenant.seat(&event, day(0), &ada).await];
    let edit = async |start: LocalDateTime, rdates: &[LocalDateTime], expected: &[i64]| {
        let rule = Rule::parse("FREQ=WEEKLY;COUNT=3").unwrap();
        let recurrence = NewRecurrence { rule, exdates: vec![], rdates: rdates.to_vec() };
        let patch = EventPatch {
            starts_at: Some(start),
            recurrence: Some(Some(recurrence)),
            ..EventPatch::default()
        };
        let edit = edit_of(event.id, patch);
        let changed = tenant.ports.events.update(&tenant.scope, edit, &by_root()).await.unwrap();
        let expected = expected.iter().map(|hours| FIRST + Duration::hours(*hours));
        assert_eq!(starts(&changed.now), expected.collect::<Vec<_>>());
        assert_eq!((changed.moved_registrations, changed.cancelled_registrations), (0, 0));
        for seat in &seats {
            assert_eq!(tenant.registration_now(seat).await.interval, seat.interval);
        }
    };
    let week = 7 * 24;
    let (one, two) = ([-87, 0, week, 2 * week], [-140, -87, 0, week, 2 * week]);
    edit(first, &[second, first], &two).await;
    edit(second, &[second], &one).await;
}
