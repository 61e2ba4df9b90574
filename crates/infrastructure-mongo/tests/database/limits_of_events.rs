//! The numbers of stored occurrences of an event are limited, and an event at its limits can be changed, cancelled and deleted.

use bson::{Document, doc};
use convene_application::{
    change::Change,
    failure::{Field, Outcome, Refusal, RefusalCode},
    limits::{EXCEPTIONS, Limit, STORED_OCCURRENCES},
    ports::{Changed, RegisterRequest},
    testing::builders::{ChangeBuilder, EventBuilder, occurrence_key, register},
};
use convene_domain::{
    event::Event,
    id::MemberId,
    occurrence::{Occurrence, OccurrenceKey},
    time::Instant,
};
use time::{Duration, macros::datetime};

use crate::support::{Held, Scenario, by, refusal};

/// An endless event that takes place each hour.
fn hourly() -> Event {
    let hours = (0..24).map(|hour| hour.to_string()).collect::<Vec<_>>().join(",");
    let start = datetime!(2031-04-01 00:00);
    EventBuilder::repeating(start, &format!("FREQ=DAILY;BYHOUR={hours}")).seats(2).build()
}

fn hour(event: &Event, number: u64) -> Instant {
    event.series.first_start() + Duration::hours(i64::try_from(number).unwrap())
}

fn key(event: &Event, number: u64) -> OccurrenceKey {
    occurrence_key(event, hour(event, number))
}

fn admin() -> Change {
    ChangeBuilder::by("first-admin").build()
}

/// Cancels the occurrence of an hour.
async fn cancel(
    scenario: &Scenario,
    event: &Event,
    number: u64,
    change: &Change,
) -> Outcome<Changed<Occurrence>> {
    let events = &scenario.database.ports.events;
    events.cancel_occurrence(&scenario.tenant.scope, key(event, number).into(), change).await
}

#[tokio::test]
async fn the_exceptions_of_an_event_are_limited() {
    let scenario = Scenario::new().await;
    let event = scenario.event(hourly()).await;
    let starts: Vec<Instant> = (0..EXCEPTIONS).map(|number| hour(&event, number)).collect();
    scenario.hold(Held { event: &event, starts: &starts, seated: &[], waiting: &[] }).await;
    let occurrences = scenario.database.collection("occurrences");
    // Occurrences that follow their rule are stored for their versions, and do not count.
    let restored = doc! { "revision": 1_i64, "version": 2 };
    occurrences.update_many(doc! {}, doc! { "$set": restored }).await.unwrap();
    cancel(&scenario, &event, EXCEPTIONS + 2, &admin()).await.unwrap();
    let exception =
        doc! { "revision": 1_i64, "version": 2, "exception": { "cancelled": true }, "status": "CANCELLED" };
    occurrences.update_many(doc! {}, doc! { "$set": exception }).await.unwrap();

    let refused = refusal(cancel(&scenario, &event, EXCEPTIONS, &admin()).await);
    assert_eq!(refused, Refusal::LimitExceeded(Limit::Exceptions));
    assert_eq!(refused.code_and_field(), (RefusalCode::LimitExceeded, Some(Field::OccurrenceId.into())));
    assert!(refused.to_string().contains("limited to 5000"), "{refused}");

    // Registrations and changes of stored occurrences are possible.
    let member = scenario.member().await;
    let request = register(key(&event, EXCEPTIONS), member);
    scenario.register(request, &by(member).build()).await.unwrap();
    cancel(&scenario, &event, EXCEPTIONS, &admin()).await.unwrap();

    // Years of exceptions in the past do not count.
    let later = ChangeBuilder::by("first-admin").at(hour(&event, 10)).build();
    cancel(&scenario, &event, EXCEPTIONS + 1, &later).await.unwrap();

    let events = &scenario.database.ports.events;
    events.cancel(&scenario.tenant.scope, event.id, &later).await.unwrap();
    events.delete(&scenario.tenant.scope, event.id, &later).await.unwrap();
}

/// Registers a member for the occurrence of an hour.
async fn seat(scenario: &Scenario, event: &Event, number: u64, member: MemberId) -> Result<(), Refusal> {
    let request: RegisterRequest = register(key(event, number), member);
    match scenario.register(request, &by(member).build()).await {
        Ok(_) => Ok(()),
        refused => Err(refusal(refused)),
    }
}

#[tokio::test]
async fn the_occurrences_of_an_event_with_registrations_are_limited() {
    const EACH: u64 = 1_000;
    let scenario = Scenario::new().await;
    let event = scenario.event(hourly()).await;
    for first in (0..STORED_OCCURRENCES).step_by(1_000) {
        let starts: Vec<Instant> = (first..first + EACH).map(|number| hour(&event, number)).collect();
        let member = scenario.member().await;
        scenario.hold(Held { event: &event, starts: &starts, seated: &[member], waiting: &[] }).await;
    }
    let events = scenario.database.collection("events");
    let materialized = i64::try_from(STORED_OCCURRENCES).unwrap();
    let all = doc! { "$set": { "materialized": materialized } };
    events.update_one(doc! {}, all).await.unwrap();

    let members = scenario.crowd(3).await;
    let [first, second, third] = members.as_slice() else { panic!("three members") };
    let refused = seat(&scenario, &event, STORED_OCCURRENCES, *first).await.unwrap_err();
    assert_eq!(refused, Refusal::LimitExceeded(Limit::StoredOccurrences));
    assert_eq!(refused.code_and_field(), (RefusalCode::LimitExceeded, Some(Field::OccurrenceId.into())));
    assert!(refused.to_string().contains("limited to 10000"), "{refused}");
    seat(&scenario, &event, 0, *first).await.unwrap();

    // An occurrence that is stored for its version makes room, and stays.
    let registrations = scenario.database.collection("registrations");
    let version = key(&event, 6).to_string();
    registrations.delete_many(doc! { "occurrence": &version }).await.unwrap();
    let occurrences = scenario.database.collection("occurrences");
    let for_version = doc! { "$set": { "taken": 0, "revision": 1_i64, "version": 3 } };
    occurrences.update_one(doc! { "_id": &version }, for_version).await.unwrap();
    seat(&scenario, &event, STORED_OCCURRENCES + 1, *first).await.unwrap();
    assert_eq!(occurrences.count_documents(doc! { "_id": &version }).await.unwrap(), 1);
    let refused = seat(&scenario, &event, STORED_OCCURRENCES + 2, *first).await.unwrap_err();
    assert_eq!(refused, Refusal::LimitExceeded(Limit::StoredOccurrences));

    // Occurrences without registrations make room.
    let left: Vec<String> = [7, 8].map(|number| key(&event, number).to_string()).to_vec();
    let these = |field: &str| -> Document {
        doc! { field: { "$in": &left } }
    };
    registrations.delete_many(these("occurrence")).await.unwrap();
    occurrences.update_many(these("_id"), doc! { "$set": { "taken": 0 } }).await.unwrap();
    seat(&scenario, &event, STORED_OCCURRENCES, *first).await.unwrap();
    assert_eq!(occurrences.count_documents(these("_id")).await.unwrap(), 0);
    seat(&scenario, &event, 7, *second).await.unwrap();
    let refused = seat(&scenario, &event, 8, *third).await.unwrap_err();
    assert_eq!(refused, Refusal::LimitExceeded(Limit::StoredOccurrences));

    let cancelled = scenario.database.ports.events.cancel(&scenario.tenant.scope, event.id, &admin()).await;
    cancelled.unwrap();
}
