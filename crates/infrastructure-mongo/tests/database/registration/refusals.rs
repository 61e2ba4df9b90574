use bson::doc;
use convene_application::{
    failure::Refusal,
    ports::{CancelRequest, RegistrationBook},
    testing::builders::{EventBuilder, occurrence_key, register},
};
use convene_domain::{member::Role, registration::CancellationReason};
use time::{Duration, macros::datetime};

use crate::support::{Stage, by, first, refusal, wish};

#[tokio::test]
async fn a_second_registration_is_told_apart_from_a_clash() {
    let stage = Stage::new().await;
    let event = stage.event(EventBuilder::once(datetime!(2031-04-01 09:00)).build()).await;
    let touching = stage.event(EventBuilder::once(datetime!(2031-04-01 10:00)).build()).await;
    let overlapping = stage.event(EventBuilder::once(datetime!(2031-04-01 09:59)).build()).await;
    let member = stage.member().await;
    let change = by(member).build();
    let seat = stage.register(wish(&event, member), &change).await.unwrap();
    assert_eq!(refusal(stage.register(wish(&event, member), &change).await), Refusal::AlreadyRegistered);
    let next = stage.register(wish(&touching, member), &change).await.unwrap();
    let clash = refusal(stage.register(wish(&overlapping, member), &change).await);
    assert_eq!(clash, Refusal::ScheduleConflict { with: Box::new(seat.clone()) });
    stage.cancel(&seat, &change).await.unwrap();
    let clash = refusal(stage.register(wish(&overlapping, member), &change).await);
    assert_eq!(clash, Refusal::ScheduleConflict { with: Box::new(next.clone()) });
    stage.cancel(&next, &change).await.unwrap();
    stage.register(wish(&overlapping, member), &change).await.unwrap();
    stage.assert_sound().await;
}

#[tokio::test]
async fn registration_has_a_beginning_and_an_end() {
    let stage = Stage::new().await;
    let event = EventBuilder::once(datetime!(2031-04-01 09:00))
        .opens(Duration::days(7))
        .closes(Duration::hours(1))
        .cancellable_until(Duration::days(1))
        .build();
    let event = stage.event(event).await;
    let start = event.series.first_start();
    let members = stage.crowd(3).await;
    let at = |member, moment| by(member).at(moment).build();
    let early = stage.register(wish(&event, members[0]), &at(members[0], start - Duration::days(8))).await;
    assert_eq!(refusal(early), Refusal::RegistrationNotOpen { opens_at: start - Duration::days(7) });
    let late = stage.register(wish(&event, members[0]), &at(members[0], start - Duration::hours(1))).await;
    assert_eq!(refusal(late), Refusal::RegistrationClosed { closed_at: start - Duration::hours(1) });
    assert_eq!(stage.occurrence(first(&event)).await, None, "nothing is stored for nobody");

    let seat =
        stage.register(wish(&event, members[0]), &at(members[0], start - Duration::days(7))).await.unwrap();
    let too_late = stage.cancel(&seat, &at(members[0], start - Duration::hours(2))).await;
    assert_eq!(refusal(too_late), Refusal::CancellationClosed { closed_at: start - Duration::days(1) });
    let by_admin = CancelRequest { registration: seat.id, caller: stage.tenant.admin(), role: Role::Admin };
    let change = at(stage.tenant.admin(), start - Duration::hours(2));
    let cancelled = stage.books[0].cancel(&stage.tenant.scope, by_admin, &change).await.unwrap();
    assert_eq!(cancelled.registration.status.cancellation_reason(), Some(CancellationReason::ByAdmin));
    stage.assert_sound().await;
}

#[tokio::test]
async fn nobody_cancels_what_is_another_s_or_in_the_past() {
    let stage = Stage::new().await;
    let event = stage.event(EventBuilder::once(datetime!(2031-04-01 09:00)).build()).await;
    let members = stage.crowd(2).await;
    let seat = stage.register(wish(&event, members[0]), &by(members[0]).build()).await.unwrap();
    let others = CancelRequest { registration: seat.id, caller: members[1], role: Role::Member };
    let outcome = stage.books[0].cancel(&stage.tenant.scope, others, &by(members[1]).build()).await;
    assert_eq!(refusal(outcome), Refusal::not_found("registrationId"));
    let start = event.series.first_start();
    let outcome = stage.cancel(&seat, &by(members[0]).at(start).build()).await;
    assert_eq!(refusal(outcome), Refusal::CancellationClosed { closed_at: start });
    let elsewhere = stage.database.organization("elsewhere").await;
    let own = CancelRequest { registration: seat.id, caller: members[0], role: Role::Member };
    let outcome = stage.books[0].cancel(&elsewhere.scope, own, &by(members[0]).build()).await;
    assert_eq!(refusal(outcome), Refusal::not_found("registrationId"));
    let outcome =
        stage.books[0].register(&elsewhere.scope, wish(&event, members[1]), &by(members[1]).build()).await;
    assert_eq!(refusal(outcome), Refusal::not_found("occurrenceId"));
    stage.assert_sound().await;
}

#[tokio::test]
async fn an_event_called_off_is_told_apart_from_an_occurrence_called_off() {
    let stage = Stage::new().await;
    let event = stage.event(EventBuilder::weekly(datetime!(2031-04-01 09:00)).build()).await;
    let members = stage.crowd(2).await;
    let seat = stage.register(wish(&event, members[0]), &by(members[0]).build()).await.unwrap();
    stage.cancel(&seat, &by(members[0]).build()).await.unwrap();
    let occurrences = stage.database.collection("occurrences");
    let this = doc! { "_id": first(&event).to_string() };
    let own = doc! { "$set": { "status": "CANCELLED", "exception": { "cancelled": true } } };
    occurrences.update_one(this.clone(), own).await.unwrap();
    let outcome = stage.register(wish(&event, members[1]), &by(members[1]).build()).await;
    assert_eq!(refusal(outcome), Refusal::OccurrenceCancelled);
    // As an edit leaves it that dropped it from the series.
    let dropped = doc! { "$set": { "exception": null } };
    occurrences.update_one(this, dropped).await.unwrap();
    let outcome = stage.register(wish(&event, members[1]), &by(members[1]).build()).await;
    assert_eq!(refusal(outcome), Refusal::OccurrenceCancelled);

    let events = stage.database.collection("events");
    events.update_one(doc! {}, doc! { "$set": { "status": "CANCELLED", "version": 2 } }).await.unwrap();
    let outcome = stage.register(wish(&event, members[1]), &by(members[1]).build()).await;
    assert_eq!(refusal(outcome), Refusal::EventCancelled);
    let next = occurrence_key(&event, event.series.first_start() + Duration::weeks(1));
    let outcome = stage.register(register(next, members[1]), &by(members[1]).build()).await;
    assert_eq!(refusal(outcome), Refusal::EventCancelled);
}

#[tokio::test]
async fn an_occurrence_is_materialized_from_the_current_version_of_its_event() {
    let stage = Stage::new().await;
    let event = stage.event(EventBuilder::weekly(datetime!(2031-04-01 09:00)).build()).await;
    let members = stage.crowd(3).await;
    let events = stage.database.collection("events");
    // Edited since it was read: for fewer seats, and only on odd weeks.
    let edit = doc! { "capacity": 1, "version": 2, "recurrence.rule": "FREQ=WEEKLY;INTERVAL=2" };
    events.update_one(doc! {}, doc! { "$set": edit }).await.unwrap();
    stage.register(wish(&event, members[0]), &by(members[0]).build()).await.unwrap();
    assert_eq!(stage.occurrence(first(&event)).await.unwrap().get_i32("capacity").unwrap(), 1);
    assert_eq!(events.find_one(doc! {}).await.unwrap().unwrap().get_i64("materialized").unwrap(), 1);
    let gone = occurrence_key(&event, event.series.first_start() + Duration::weeks(1));
    let outcome = stage.register(register(gone, members[1]), &by(members[1]).build()).await;
    assert_eq!(refusal(outcome), Refusal::not_found("occurrenceId"));
    stage.assert_sound().await;
}

#[tokio::test]
async fn a_key_that_the_rule_gives_is_the_occurrence_there_whatever_else_had_it_once() {
    let stage = Stage::new().await;
    let event = stage.event(EventBuilder::weekly(datetime!(2031-04-01 09:00)).build()).await;
    let members = stage.crowd(2).await;
    stage.register(wish(&event, members[0]), &by(members[0]).build()).await.unwrap();
    let next = occurrence_key(&event, event.series.first_start() + Duration::weeks(1));
    let never = occurrence_key(&event, event.series.first_start() + Duration::DAY);
    let former = doc! { "$set": { "formerIds": [next.to_string(), never.to_string()] } };
    stage.database.collection("occurrences").update_one(doc! {}, former).await.unwrap();
    let seat = stage.register(register(next, members[1]), &by(members[1]).build()).await.unwrap();
    assert_eq!(seat.occurrence, next);
    let seat = stage.register(register(never, members[1]), &by(members[1]).build()).await.unwrap();
    assert_eq!(seat.occurrence, first(&event));
    stage.assert_sound().await;
}
