//! One process has cached an occurrence that another one has changed since.

use convene_application::{
    failure::Refusal,
    ports::{EditScope, EventEdit, EventPatch, OnAffected, RegisterRequest},
    testing::builders::{EventBuilder, occurrence_key, register},
};
use convene_domain::{capacity::Capacity, duration::EventDuration, event::Event, occurrence::OccurrenceKey};
use rstest::rstest;
use time::{Duration, macros::datetime};

use crate::support::{Scenario, by, refusal, request_for};

/// Stores the event and registers a member in the first process, so that it caches the occurrence.
async fn cached_event(scenario: &Scenario, event: EventBuilder) -> Event {
    let event = scenario.event(event.build()).await;
    let somebody = scenario.member().await;
    scenario.register(request_for(&event, somebody), &by(somebody).build()).await.unwrap();
    event
}

async fn edit(scenario: &Scenario, event: &Event, patch: EventPatch) -> Event {
    let other = scenario.database.another_process().await;
    let edit = EventEdit {
        event: event.id,
        expected_version: None,
        scope: EditScope::All,
        patch,
        on_affected: OnAffected::CancelRegistrations,
    };
    other.events.update(&scenario.tenant.scope, edit, &by(scenario.member().await).build()).await.unwrap();
    other.events.get_many(&scenario.tenant.scope, &[event.id]).await.unwrap().remove(0)
}

fn occurrence(event: &Event) -> OccurrenceKey {
    occurrence_key(event, event.series.first_start())
}

#[tokio::test]
async fn the_last_seat_is_taken_once() {
    let scenario = Scenario::with_two_processes().await;
    let event = cached_event(&scenario, EventBuilder::once(datetime!(2031-04-01 09:00)).seats(2)).await;
    let (quick, slow) = (scenario.member().await, scenario.member().await);
    scenario.register_by(1, request_for(&event, quick), &by(quick).build()).await.unwrap();
    let refused = scenario.register_by(0, request_for(&event, slow), &by(slow).build()).await;
    assert_eq!(refusal(refused), Refusal::OccurrenceFull);
    let request = RegisterRequest { join_waitlist: true, ..request_for(&event, slow) };
    let waiting = scenario.register_by(0, request, &by(slow).build()).await.unwrap();
    assert_eq!(waiting.status.waitlist_sequence(), Some(1));
    assert_eq!(scenario.counts(occurrence(&event)).await, (2, 1));
    scenario.assert_sound().await;
}

/// Whether an occurrence is full is decided before the time of the member.
#[rstest]
#[case::no_seat_is_taken(2, false)]
#[case::another_member_takes_the_last_seat(3, true)]
#[tokio::test]
async fn a_busy_member_joins_the_waitlist_of_a_full_occurrence(
    #[case] seats: i32,
    #[case] with_another: bool,
) {
    let scenario = Scenario::with_two_processes().await;
    let event =
        cached_event(&scenario, EventBuilder::once(datetime!(2031-04-01 09:00)).seats(seats.unsigned_abs()))
            .await;
    let conflicting = scenario.event(EventBuilder::once(datetime!(2031-04-01 09:30)).build()).await;
    let (busy, quick, another) = (scenario.member().await, scenario.member().await, scenario.member().await);
    scenario.register_by(1, request_for(&conflicting, busy), &by(busy).build()).await.unwrap();
    scenario.register_by(1, request_for(&event, quick), &by(quick).build()).await.unwrap();
    let seat = async {
        if with_another {
            scenario.register_by(0, request_for(&event, another), &by(another).build()).await.unwrap();
        }
    };
    let request = RegisterRequest { join_waitlist: true, ..request_for(&event, busy) };
    let change = by(busy).build();
    // Both are in one batch, the seat first.
    let ((), waiting) = tokio::join!(biased; seat, scenario.register_by(0, request, &change));
    assert_eq!(waiting.unwrap().status.waitlist_sequence(), Some(1));
    assert_eq!(scenario.counts(occurrence(&event)).await, (seats, 1));
    scenario.assert_sound().await;
}

#[tokio::test]
async fn a_registration_has_the_current_time_of_its_occurrence() {
    let scenario = Scenario::with_two_processes().await;
    let event = cached_event(&scenario, EventBuilder::once(datetime!(2031-04-01 09:00))).await;
    let duration = Some(EventDuration::new(Duration::hours(3)).unwrap());
    let moved = edit(&scenario, &event, EventPatch { duration, ..EventPatch::default() }).await;
    let member = scenario.member().await;
    let seat = scenario.register(request_for(&moved, member), &by(member).build()).await.unwrap();
    assert_eq!(seat.interval.duration(), Duration::hours(3));
    scenario.assert_sound().await;
}

#[tokio::test]
async fn no_conflict_is_reported_for_a_former_time() {
    let scenario = Scenario::with_two_processes().await;
    let event = cached_event(&scenario, EventBuilder::weekly(datetime!(2031-04-01 09:00))).await;
    let conflicting = scenario.event(EventBuilder::once(datetime!(2031-04-01 09:30)).build()).await;
    let member = scenario.member().await;
    scenario.register(request_for(&conflicting, member), &by(member).build()).await.unwrap();
    let duration = Some(EventDuration::new(Duration::minutes(30)).unwrap());
    let moved = edit(&scenario, &event, EventPatch { duration, ..EventPatch::default() }).await;
    let request = register(occurrence(&moved), member);
    scenario.register(request, &by(member).build()).await.unwrap();
    scenario.assert_sound().await;
}

#[tokio::test]
async fn an_added_seat_is_available() {
    let scenario = Scenario::with_two_processes().await;
    let event = cached_event(&scenario, EventBuilder::once(datetime!(2031-04-01 09:00)).seats(1)).await;
    let capacity = Some(Capacity::new(2).unwrap());
    edit(&scenario, &event, EventPatch { capacity, ..EventPatch::default() }).await;
    let member = scenario.member().await;
    scenario.register(request_for(&event, member), &by(member).build()).await.unwrap();
    assert_eq!(scenario.counts(occurrence(&event)).await, (2, 0));
    scenario.assert_sound().await;
}

#[tokio::test]
async fn a_cancelled_occurrence_has_no_seats() {
    let scenario = Scenario::with_two_processes().await;
    let event = cached_event(&scenario, EventBuilder::once(datetime!(2031-04-01 09:00))).await;
    let other = scenario.database.another_process().await;
    let change = by(scenario.member().await).build();
    other.events.cancel(&scenario.tenant.scope, event.id, &change).await.unwrap();
    let member = scenario.member().await;
    let refused = scenario.register(request_for(&event, member), &by(member).build()).await;
    assert_eq!(refusal(refused), Refusal::EventCancelled);
    scenario.assert_sound().await;
}

#[tokio::test]
async fn a_key_of_another_mutation_is_reused() {
    let scenario = Scenario::with_two_processes().await;
    let event = cached_event(&scenario, EventBuilder::weekly(datetime!(2031-04-01 09:00))).await;
    let member = scenario.member().await;
    let seat = scenario.register(request_for(&event, member), &by(member).build()).await.unwrap();
    scenario.cancel_by(1, &seat, &by(member).key("once", 1).build()).await.unwrap();
    let again = scenario.register(request_for(&event, member), &by(member).key("once", 2).build()).await;
    assert_eq!(refusal(again), Refusal::IdempotencyKeyReused);
    assert_eq!(scenario.counts(occurrence(&event)).await, (1, 0));
    scenario.assert_sound().await;
}
