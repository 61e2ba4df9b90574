//! One process goes by what it remembers of an occurrence, and another has changed it meanwhile.

use convene_application::{
    failure::Refusal,
    ports::{EditScope, EventEdit, EventPatch, OnAffected, RegisterRequest},
    testing::builders::{EventBuilder, occurrence_key, register},
};
use convene_domain::{capacity::Capacity, duration::EventDuration, event::Event, occurrence::OccurrenceKey};
use time::{Duration, macros::datetime};

use crate::support::{Stage, by, refusal, wish};

/// Stores the event, and lets the first process register somebody for it, and so know it.
async fn known_event(stage: &Stage, event: EventBuilder) -> Event {
    let event = stage.event(event.build()).await;
    let somebody = stage.member().await;
    stage.register(wish(&event, somebody), &by(somebody).build()).await.unwrap();
    event
}

async fn edit(stage: &Stage, event: &Event, patch: EventPatch) -> Event {
    let other = stage.database.another_process().await;
    let edit = EventEdit {
        event: event.id,
        expected_version: None,
        scope: EditScope::All,
        patch,
        on_affected: OnAffected::CancelRegistrations,
    };
    other.events.update(&stage.tenant.scope, edit, &by(stage.member().await).build()).await.unwrap();
    other.events.get_many(&stage.tenant.scope, &[event.id]).await.unwrap().remove(0)
}

fn occurrence(event: &Event) -> OccurrenceKey {
    occurrence_key(event, event.series.first_start())
}

#[tokio::test]
async fn the_last_seat_is_given_to_one() {
    let stage = Stage::with_two_processes().await;
    let event = known_event(&stage, EventBuilder::once(datetime!(2031-04-01 09:00)).seats(2)).await;
    let (quick, slow) = (stage.member().await, stage.member().await);
    stage.register_by(1, wish(&event, quick), &by(quick).build()).await.unwrap();
    let refused = stage.register_by(0, wish(&event, slow), &by(slow).build()).await;
    assert_eq!(refusal(refused), Refusal::OccurrenceFull);
    let request = RegisterRequest { join_waitlist: true, ..wish(&event, slow) };
    let waiting = stage.register_by(0, request, &by(slow).build()).await.unwrap();
    assert_eq!(waiting.status.waitlist_sequence(), Some(1));
    assert_eq!(stage.counts(occurrence(&event)).await, (2, 1));
    stage.assert_sound().await;
}

#[tokio::test]
async fn seats_are_for_the_time_that_it_is_now() {
    let stage = Stage::with_two_processes().await;
    let event = known_event(&stage, EventBuilder::once(datetime!(2031-04-01 09:00))).await;
    let duration = Some(EventDuration::new(Duration::hours(3)).unwrap());
    let moved = edit(&stage, &event, EventPatch { duration, ..EventPatch::default() }).await;
    let member = stage.member().await;
    let seat = stage.register(wish(&moved, member), &by(member).build()).await.unwrap();
    assert_eq!(seat.interval.duration(), Duration::hours(3));
    stage.assert_sound().await;
}

#[tokio::test]
async fn nobody_is_refused_for_a_time_that_it_was_once() {
    let stage = Stage::with_two_processes().await;
    let event = known_event(&stage, EventBuilder::weekly(datetime!(2031-04-01 09:00))).await;
    let clash = stage.event(EventBuilder::once(datetime!(2031-04-01 09:30)).build()).await;
    let member = stage.member().await;
    stage.register(wish(&clash, member), &by(member).build()).await.unwrap();
    let duration = Some(EventDuration::new(Duration::minutes(30)).unwrap());
    let moved = edit(&stage, &event, EventPatch { duration, ..EventPatch::default() }).await;
    let request = register(occurrence(&moved), member);
    stage.register(request, &by(member).build()).await.unwrap();
    stage.assert_sound().await;
}

#[tokio::test]
async fn a_seat_that_was_added_is_given_out() {
    let stage = Stage::with_two_processes().await;
    let event = known_event(&stage, EventBuilder::once(datetime!(2031-04-01 09:00)).seats(1)).await;
    let capacity = Some(Capacity::new(2).unwrap());
    edit(&stage, &event, EventPatch { capacity, ..EventPatch::default() }).await;
    let member = stage.member().await;
    stage.register(wish(&event, member), &by(member).build()).await.unwrap();
    assert_eq!(stage.counts(occurrence(&event)).await, (2, 0));
    stage.assert_sound().await;
}

#[tokio::test]
async fn what_was_called_off_is_not_given_out() {
    let stage = Stage::with_two_processes().await;
    let event = known_event(&stage, EventBuilder::once(datetime!(2031-04-01 09:00))).await;
    let other = stage.database.another_process().await;
    let change = by(stage.member().await).build();
    other.events.cancel(&stage.tenant.scope, event.id, &change).await.unwrap();
    let member = stage.member().await;
    let refused = stage.register(wish(&event, member), &by(member).build()).await;
    assert_eq!(refusal(refused), Refusal::EventCancelled);
    stage.assert_sound().await;
}

#[tokio::test]
async fn a_key_that_another_mutation_had_is_not_used_again() {
    let stage = Stage::with_two_processes().await;
    let event = known_event(&stage, EventBuilder::weekly(datetime!(2031-04-01 09:00))).await;
    let member = stage.member().await;
    let seat = stage.register(wish(&event, member), &by(member).build()).await.unwrap();
    stage.cancel_by(1, &seat, &by(member).key("once", 1).build()).await.unwrap();
    let again = stage.register(wish(&event, member), &by(member).key("once", 2).build()).await;
    assert_eq!(refusal(again), Refusal::IdempotencyKeyReused);
    assert_eq!(stage.counts(occurrence(&event)).await, (1, 0));
    stage.assert_sound().await;
}
