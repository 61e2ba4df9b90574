//! Realignments after an update of the time-zone database, of whole databases and beside other processes.

use std::sync::Arc;

use bson::doc;
use convene_application::{
    authentication::LocalOperator,
    event::{RealignOccurrences, Realigned},
    failure::{Failure, Refusal},
    ports::{EditScope, EventEdit, EventPatch, OnAffected},
    testing::{
        FixedClock,
        builders::{ChangeBuilder, EventBuilder, occurrence_key, register},
    },
};
use convene_domain::{
    event::Event,
    id::{EventId, MemberId},
    registration::Registration,
    text::Description,
    time::Instant,
};
use time::{Duration, macros::datetime};

use crate::support::{Scenario, StoredTimes, by};

/// Realigns all events as the command does. Returns the events that moved together, with the number of moved registrations, and each
/// event that is left, with the reason.
async fn realign(scenario: &Scenario, is_dry_run: bool) -> Vec<(Vec<EventId>, Result<u32, Failure>)> {
    let ports = scenario.database.ports.clone();
    let realign = RealignOccurrences::new(Arc::new(FixedClock::default()), ports.realignment);
    let mut told = Vec::new();
    let each = |Realigned { organization, events, moved_registrations }| {
        assert_eq!(organization, scenario.tenant.scope.organization());
        told.push((events, moved_registrations));
    };
    realign.execute(&LocalOperator::new(ports.directory), is_dry_run, each).await.unwrap();
    told
}

async fn seat(scenario: &Scenario, event: &Event, start: Instant, member: MemberId) -> Registration {
    let request = register(occurrence_key(event, start), member);
    scenario.register(request, &by(member).build()).await.unwrap()
}

fn daily() -> EventBuilder {
    EventBuilder::daily(datetime!(2031-03-10 09:00), 20).lasting(Duration::minutes(30))
}

fn day(number: i64) -> Instant {
    datetime!(2031-03-10 09:00).as_utc() + Duration::days(number)
}

#[tokio::test]
async fn all_events_are_realigned_except_those_that_affect_somebody() {
    let scenario = Scenario::new().await;
    let times = StoredTimes(scenario.database.raw());
    let member = scenario.member().await;
    let mut events = Vec::new();
    for number in 0..3 {
        let event = scenario.event(daily().build()).await;
        seat(&scenario, &event, day(number), member).await;
        times.outdate(occurrence_key(&event, day(number)), Duration::HOUR).await;
        events.push(event);
    }
    // The member registers for the date of the second event again.
    seat(&scenario, &events[1], day(1), member).await;
    // Suspended organizations are no exception.
    let organizations = scenario.database.collection("organizations");
    let suspended = doc! { "$set": { "status": "SUSPENDED" } };
    organizations.update_one(doc! {}, suspended).await.unwrap();

    for is_dry_run in [true, false] {
        let told = realign(&scenario, is_dry_run).await;
        let [(moved, number), (left, reason)] = &told[..] else { panic!("{told:?}") };
        assert_eq!((&moved[..], &left[..]), (&[events[0].id, events[2].id][..], &[events[1].id][..]));
        assert!(matches!(number, Ok(2)), "{number:?}");
        match reason {
            Err(Failure::Refused(refusals)) => {
                assert!(
                    matches!(refusals[..], [Refusal::RegistrationsAffected { count: 1, .. }]),
                    "{refusals:?}"
                );
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(scenario.database.logged("event.realigned").await, if is_dry_run { 0 } else { 2 });
    }
    let again = realign(&scenario, false).await;
    assert!(matches!(&again[..], [(left, Err(_))] if left[..] == [events[1].id]), "{again:?}");
    assert_eq!(scenario.database.logged("event.realigned").await, 2);

    // The organizer decides.
    let description = Some(Description::parse("in the hall").unwrap());
    let patch = EventPatch { description, ..EventPatch::default() };
    let edit = EventEdit {
        event: events[1].id,
        expected_version: None,
        scope: EditScope::All,
        patch,
        on_affected: OnAffected::CancelRegistrations,
    };
    let change = ChangeBuilder::by("root").build();
    let ports = &scenario.database.ports;
    let edited = ports.events.update(&scenario.tenant.scope, edit, &change).await.unwrap();
    assert_eq!(edited.cancelled_registrations, 1);
    assert!(realign(&scenario, false).await.is_empty());
    scenario.assert_sound().await;
}

/// Registrations and cancellations go on, for outdated occurrences as well.
#[tokio::test(flavor = "multi_thread")]
async fn a_realignment_beside_registrations_loses_nobody() {
    let scenario = Arc::new(Scenario::with_two_processes().await);
    let times = StoredTimes(scenario.database.raw());
    let mut events = Vec::new();
    let mut tasks = Vec::new();
    for _ in 0..4 {
        let event = scenario.event(daily().seats(100).build()).await;
        let date = occurrence_key(&event, day(5));
        let members = scenario.crowd(16).await;
        let mut seats = Vec::new();
        for &member in &members[..8] {
            seats.push(seat(&scenario, &event, day(5), member).await);
        }
        times.outdate(date, Duration::HOUR).await;
        events.push((event, members, seats));
    }
    for (event, members, seats) in &events {
        for (number, registration) in seats.iter().take(3).cloned().enumerate() {
            let scenario = Arc::clone(&scenario);
            tasks.push(tokio::spawn(async move {
                scenario.cancel_with_repeats(number, &registration).await.unwrap();
            }));
        }
        for (number, &member) in members.iter().enumerate().skip(8) {
            let scenario = Arc::clone(&scenario);
            let request = register(occurrence_key(event, day(6 + i64::from(number % 2 == 1))), member);
            tasks.push(tokio::spawn(async move {
                scenario.register_with_repeats(number, request).await.unwrap();
            }));
        }
    }
    while realign(&scenario, false).await.iter().any(|(_, moved)| moved.is_err()) {}
    for task in tasks {
        task.await.unwrap();
    }
    assert!(realign(&scenario, false).await.is_empty());
    for (event, ..) in &events {
        assert_eq!(scenario.counts(occurrence_key(event, day(5))).await, (5, 0));
        assert_eq!(scenario.counts(occurrence_key(event, day(6))).await, (4, 0));
    }
    scenario.assert_sound().await;
}
