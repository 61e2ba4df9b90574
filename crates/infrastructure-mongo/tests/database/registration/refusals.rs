use bson::doc;
use convene_application::{
    failure::{Field, Refusal},
    ports::{CancelRequest, RegistrationBook},
    testing::builders::{EventBuilder, occurrence_key, register},
};
use convene_domain::{member::Role, registration::CancellationReason};
use time::{Duration, macros::datetime};

use crate::support::{Scenario, by, first, refusal, request_for};

#[tokio::test]
async fn a_second_registration_is_distinguished_from_a_conflict() {
    let scenario = Scenario::new().await;
    let event = scenario.event(EventBuilder::once(datetime!(2031-04-01 09:00)).build()).await;
    let touching = scenario.event(EventBuilder::once(datetime!(2031-04-01 10:00)).build()).await;
    let overlapping = scenario.event(EventBuilder::once(datetime!(2031-04-01 09:59)).build()).await;
    let member = scenario.member().await;
    let change = by(member).build();
    let seat = scenario.register(request_for(&event, member), &change).await.unwrap();
    assert_eq!(
        refusal(scenario.register(request_for(&event, member), &change).await),
        Refusal::AlreadyRegistered
    );
    let next = scenario.register(request_for(&touching, member), &change).await.unwrap();
    let conflict = refusal(scenario.register(request_for(&overlapping, member), &change).await);
    assert_eq!(conflict, Refusal::ScheduleConflict { with: Box::new(seat.clone()) });
    scenario.cancel(&seat, &change).await.unwrap();
    let conflict = refusal(scenario.register(request_for(&overlapping, member), &change).await);
    assert_eq!(conflict, Refusal::ScheduleConflict { with: Box::new(next.clone()) });
    scenario.cancel(&next, &change).await.unwrap();
    scenario.register(request_for(&overlapping, member), &change).await.unwrap();
    scenario.assert_sound().await;
}

#[tokio::test]
async fn registration_opens_and_closes() {
    let scenario = Scenario::new().await;
    let event = EventBuilder::once(datetime!(2031-04-01 09:00))
        .opens(Duration::days(7))
        .closes(Duration::hours(1))
        .cancellable_until(Duration::days(1))
        .build();
    let event = scenario.event(event).await;
    let start = event.series.first_start();
    let members = scenario.crowd(3).await;
    let at = |member, time| by(member).at(time).build();
    let early =
        scenario.register(request_for(&event, members[0]), &at(members[0], start - Duration::days(8))).await;
    assert_eq!(refusal(early), Refusal::RegistrationNotOpen { opens_at: start - Duration::days(7) });
    let late =
        scenario.register(request_for(&event, members[0]), &at(members[0], start - Duration::hours(1))).await;
    assert_eq!(refusal(late), Refusal::RegistrationClosed { closed_at: start - Duration::hours(1) });
    assert_eq!(scenario.occurrence(first(&event)).await, None, "nothing is materialized");

    let seat = scenario
        .register(request_for(&event, members[0]), &at(members[0], start - Duration::days(7)))
        .await
        .unwrap();
    let too_late = scenario.cancel(&seat, &at(members[0], start - Duration::hours(2))).await;
    assert_eq!(refusal(too_late), Refusal::CancellationClosed { closed_at: start - Duration::days(1) });
    let by_admin = CancelRequest::for_tests(seat.id, scenario.tenant.admin(), Role::Admin);
    let change = at(scenario.tenant.admin(), start - Duration::hours(2));
    let cancelled = scenario.books[0].cancel(&scenario.tenant.scope, by_admin, &change).await.unwrap();
    assert_eq!(cancelled.registration.status.cancellation_reason(), Some(CancellationReason::ByAdmin));
    scenario.assert_sound().await;
}

#[tokio::test]
async fn registrations_of_others_or_in_the_past_cannot_be_cancelled() {
    let scenario = Scenario::new().await;
    let event = scenario.event(EventBuilder::once(datetime!(2031-04-01 09:00)).build()).await;
    let members = scenario.crowd(2).await;
    let seat = scenario.register(request_for(&event, members[0]), &by(members[0]).build()).await.unwrap();
    let others = CancelRequest::for_tests(seat.id, members[1], Role::Member);
    let outcome = scenario.books[0].cancel(&scenario.tenant.scope, others, &by(members[1]).build()).await;
    assert_eq!(refusal(outcome), Refusal::not_found(Field::RegistrationId));
    let start = event.series.first_start();
    let outcome = scenario.cancel(&seat, &by(members[0]).at(start).build()).await;
    assert_eq!(refusal(outcome), Refusal::CancellationClosed { closed_at: start });
    let elsewhere = scenario.database.organization("elsewhere").await;
    let own = CancelRequest::for_tests(seat.id, members[0], Role::Member);
    let outcome = scenario.books[0].cancel(&elsewhere.scope, own, &by(members[0]).build()).await;
    assert_eq!(refusal(outcome), Refusal::not_found(Field::RegistrationId));
    let outcome = scenario.books[0]
        .register(&elsewhere.scope, request_for(&event, members[1]), &by(members[1]).build())
        .await;
    assert_eq!(refusal(outcome), Refusal::not_found(Field::OccurrenceId));
    scenario.assert_sound().await;
}

#[tokio::test]
async fn a_cancelled_event_is_distinguished_from_a_cancelled_occurrence() {
    let scenario = Scenario::new().await;
    let event = scenario.event(EventBuilder::weekly(datetime!(2031-04-01 09:00)).build()).await;
    let members = scenario.crowd(2).await;
    let seat = scenario.register(request_for(&event, members[0]), &by(members[0]).build()).await.unwrap();
    scenario.cancel(&seat, &by(members[0]).build()).await.unwrap();
    let occurrences = scenario.database.collection("occurrences");
    let this = doc! { "_id": first(&event).to_string() };
    let own = doc! { "$set": { "status": "CANCELLED", "exception": { "cancelled": true } } };
    occurrences.update_one(this.clone(), own).await.unwrap();
    let outcome = scenario.register(request_for(&event, members[1]), &by(members[1]).build()).await;
    assert_eq!(refusal(outcome), Refusal::OccurrenceCancelled);
    // The state after an edit that dropped it from the series.
    let dropped = doc! { "$set": { "exception": null } };
    occurrences.update_one(this, dropped).await.unwrap();
    let outcome = scenario.register(request_for(&event, members[1]), &by(members[1]).build()).await;
    assert_eq!(refusal(outcome), Refusal::OccurrenceCancelled);

    let events = scenario.database.collection("events");
    events.update_one(doc! {}, doc! { "$set": { "status": "CANCELLED", "version": 2 } }).await.unwrap();
    let outcome = scenario.register(request_for(&event, members[1]), &by(members[1]).build()).await;
    assert_eq!(refusal(outcome), Refusal::EventCancelled);
    let next = occurrence_key(&event, event.series.first_start() + Duration::weeks(1));
    let outcome = scenario.register(register(next, members[1]), &by(members[1]).build()).await;
    assert_eq!(refusal(outcome), Refusal::EventCancelled);
}

#[tokio::test]
async fn an_occurrence_is_materialized_from_the_current_version_of_its_event() {
    let scenario = Scenario::new().await;
    let event = scenario.event(EventBuilder::weekly(datetime!(2031-04-01 09:00)).build()).await;
    let members = scenario.crowd(3).await;
    let events = scenario.database.collection("events");
    // An edit after the read: fewer seats, and every other week only.
    let edit = doc! { "capacity": 1, "version": 2, "recurrence.rule": "FREQ=WEEKLY;INTERVAL=2" };
    events.update_one(doc! {}, doc! { "$set": edit }).await.unwrap();
    scenario.register(request_for(&event, members[0]), &by(members[0]).build()).await.unwrap();
    assert_eq!(scenario.occurrence(first(&event)).await.unwrap().get_i32("capacity").unwrap(), 1);
    assert_eq!(events.find_one(doc! {}).await.unwrap().unwrap().get_i64("materialized").unwrap(), 1);
    let gone = occurrence_key(&event, event.series.first_start() + Duration::weeks(1));
    let outcome = scenario.register(register(gone, members[1]), &by(members[1]).build()).await;
    assert_eq!(refusal(outcome), Refusal::not_found(Field::OccurrenceId));
    scenario.assert_sound().await;
}

#[tokio::test]
async fn an_id_that_the_rule_gives_has_precedence_over_a_former_id() {
    let scenario = Scenario::new().await;
    let event = scenario.event(EventBuilder::weekly(datetime!(2031-04-01 09:00)).build()).await;
    let members = scenario.crowd(2).await;
    scenario.register(request_for(&event, members[0]), &by(members[0]).build()).await.unwrap();
    let next = occurrence_key(&event, event.series.first_start() + Duration::weeks(1));
    let never = occurrence_key(&event, event.series.first_start() + Duration::DAY);
    let former = doc! { "$set": { "formerIds": [next.to_string(), never.to_string()] } };
    scenario.database.collection("occurrences").update_one(doc! {}, former).await.unwrap();
    let seat = scenario.register(register(next, members[1]), &by(members[1]).build()).await.unwrap();
    assert_eq!(seat.occurrence, next);
    let seat = scenario.register(register(never, members[1]), &by(members[1]).build()).await.unwrap();
    assert_eq!(seat.occurrence, first(&event));
    scenario.assert_sound().await;
}
