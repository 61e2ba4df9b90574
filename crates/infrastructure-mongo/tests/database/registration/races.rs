use std::collections::HashMap;

use bson::doc;
use convene_application::{
    failure::{Outcome, Refusal},
    ports::{EditScope, EventEdit, EventPatch, OnAffected, RegistrationBook},
    testing::builders::EventBuilder,
};
use convene_domain::{event::Event, id::MemberId, registration::Registration};
use futures::future::join_all;
use rstest::rstest;
use time::{Duration, macros::datetime};

use crate::support::{Scenario, SeededRandom, by, first, refusal, request_for, waitlist_request_for};

/// Registers all members concurrently, in all processes in rotation.
async fn rush(scenario: &Scenario, event: &Event, members: &[MemberId]) -> Vec<Outcome<Registration>> {
    join_all(members.iter().enumerate().map(|(number, &member)| async move {
        scenario.register_with_repeats(number, request_for(event, member)).await
    }))
    .await
}

fn count_won(outcomes: Vec<Outcome<Registration>>) -> usize {
    let count = outcomes.len();
    let lost = outcomes.into_iter().filter(Result::is_err).map(refusal);
    count - lost.inspect(|refusal| assert_eq!(*refusal, Refusal::OccurrenceFull)).count()
}

#[rstest]
#[case(200, 10)]
#[case(1_000, 1)]
#[case(300, 300)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_seat_is_taken_twice_and_none_stays_free(#[case] callers: usize, #[case] seats: u32) {
    let scenario = Scenario::new().await;
    let event = EventBuilder::once(datetime!(2031-04-01 09:00)).seats(seats).build();
    let event = scenario.event(event).await;
    let members = scenario.crowd(callers).await;
    let outcomes = rush(&scenario, &event, &members).await;
    assert_eq!(count_won(outcomes), seats as usize);
    assert_eq!(scenario.counts(first(&event)).await, (i32::try_from(seats).unwrap(), 0));
    scenario.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_do_not_overbook() {
    let scenario = Scenario::with_two_processes().await;
    let event = scenario.event(EventBuilder::once(datetime!(2031-04-01 09:00)).seats(50).build()).await;
    let members = scenario.crowd(400).await;
    let outcomes = rush(&scenario, &event, &members).await;
    assert_eq!(count_won(outcomes), 50);
    scenario.assert_sound().await;
}

#[tokio::test]
async fn requests_are_served_in_order_of_arrival() {
    let scenario = Scenario::new().await;
    let event = scenario.event(EventBuilder::once(datetime!(2031-04-01 09:00)).seats(5).build()).await;
    let members = scenario.crowd(40).await;
    let outcomes =
        join_all(
            members.iter().map(|&member| {
                let (scenario, event) = (&scenario, &event);
                async move {
                    scenario.register_with_repeats(0, waitlist_request_for(event, member)).await.unwrap()
                }
            }),
        )
        .await;
    let places: Vec<Option<u64>> =
        outcomes.iter().map(|registration| registration.status.waitlist_sequence()).collect();
    let expected: Vec<Option<u64>> = (0..5).map(|_| None).chain((1..=35).map(Some)).collect();
    assert_eq!(places, expected);
    scenario.assert_sound().await;
}

#[rstest]
#[case(32, 1)]
#[case(64, 1)]
#[case(64, 2)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_gets_one_of_many_overlapping_seats(#[case] events: usize, #[case] processes: usize) {
    let scenario = if processes == 2 { Scenario::with_two_processes().await } else { Scenario::new().await };
    let member = scenario.member().await;
    let mut overlapping = Vec::new();
    for number in 0..events {
        let start = datetime!(2031-04-01 09:00) + Duration::minutes(i64::try_from(number % 30).unwrap());
        overlapping.push(scenario.event(EventBuilder::once(start).build()).await);
    }
    let outcomes = join_all(overlapping.iter().enumerate().map(|(number, event)| {
        let scenario = &scenario;
        async move { scenario.register_with_repeats(number, request_for(event, member)).await }
    }))
    .await;
    let (won, lost): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    let won: Vec<Registration> = won.into_iter().map(Result::unwrap).collect();
    assert_eq!(won.len(), 1);
    for outcome in lost {
        assert_eq!(refusal(outcome), Refusal::ScheduleConflict { with: Box::new(won[0].clone()) });
    }
    scenario.assert_sound().await;
}

/// Registers and cancels for a member at random, in either process.
async fn register_and_cancel(scenario: &Scenario, events: &[Event], member: MemberId, seed: u64) -> usize {
    let mut random = SeededRandom(seed);
    let mut held: HashMap<usize, Registration> = HashMap::new();
    let mut done = 0;
    for _ in 0..12 {
        let (which, process) = (random.below(events.len()), random.below(2));
        if let Some(registration) = held.remove(&which) {
            match scenario.cancel_with_repeats(process, &registration).await {
                Ok(cancelled) => assert_eq!(cancelled.registration.id, registration.id),
                Err(failure) => panic!("a cancellation failed: {failure:?}"),
            }
            done += 1;
        } else {
            let order = if random.below(2) == 0 {
                request_for(&events[which], member)
            } else {
                waitlist_request_for(&events[which], member)
            };
            match scenario.register_with_repeats(process, order).await {
                Ok(registration) => {
                    held.insert(which, registration);
                    done += 1;
                }
                outcome => {
                    let refusal = refusal(outcome);
                    let is_expected =
                        matches!(refusal, Refusal::OccurrenceFull | Refusal::ScheduleConflict { .. });
                    assert!(is_expected, "{refusal:?}");
                }
            }
        }
    }
    done
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invariants_hold_while_members_register_and_cancel_in_two_processes() {
    let scenario = Scenario::with_two_processes().await;
    let mut events = Vec::new();
    for number in 0..6_i64 {
        let start = datetime!(2031-04-01 09:00) + Duration::minutes(30 * number);
        events.push(scenario.event(EventBuilder::weekly(start).seats(4).build()).await);
    }
    let members = scenario.crowd(60).await;
    let done = join_all(
        members
            .iter()
            .zip(1_u64..)
            .map(|(&member, seed)| register_and_cancel(&scenario, &events, member, seed)),
    )
    .await;
    assert!(done.iter().sum::<usize>() > 200, "{done:?}");
    scenario.assert_sound().await;
    // Members were promoted, and registrations were cancelled.
    assert!(scenario.database.logged("registration.promoted").await > 0);
    assert!(scenario.database.logged("registration.cancelled").await > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_cancellations_with_keys_of_their_own_one_is_made() {
    let scenario = Scenario::with_two_processes().await;
    let event = scenario.event(EventBuilder::once(datetime!(2031-04-01 09:00)).seats(5).build()).await;
    let member = scenario.member().await;
    let registration = scenario.register_with_repeats(0, request_for(&event, member)).await.unwrap();
    let cancel = async |number: usize| {
        scenario.cancel_with_key(number, &registration, &format!("cancel {number}")).await
    };
    let outcomes = join_all((0..50).map(cancel)).await;
    let refused = outcomes.into_iter().filter(Result::is_err).map(refusal);
    assert_eq!(refused.inspect(|refusal| assert_eq!(*refusal, Refusal::AlreadyCancelled)).count(), 49);
    assert_eq!(scenario.database.logged("registration.cancelled").await, 1);
    assert_eq!(scenario.counts(first(&event)).await, (0, 0));
    scenario.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_seat_that_is_moved_while_its_member_registers_never_overlaps_another_one() {
    let scenario = Scenario::with_two_processes().await;
    let editor = scenario.database.another_process().await;
    for _ in 0..10 {
        let member = scenario.member().await;
        let (from, to) = (datetime!(2031-04-01 09:00), datetime!(2031-04-01 12:00));
        let moved = scenario.event(EventBuilder::once(from).seats(5).build()).await;
        let other = scenario.event(EventBuilder::once(to).seats(5).build()).await;
        scenario.register_with_repeats(0, request_for(&moved, member)).await.unwrap();
        let edit = EventEdit {
            event: moved.id,
            expected_version: None,
            scope: EditScope::All,
            patch: EventPatch { starts_at: Some(to), ..EventPatch::default() },
            on_affected: OnAffected::CancelRegistrations,
        };
        let change = by(member).key(&moved.id.to_string(), 1).build();
        let (registered, edited) = futures::join!(
            scenario.register_with_repeats(1, request_for(&other, member)),
            editor.events.update(&scenario.tenant.scope, edit, &change),
        );
        edited.unwrap();
        if registered.is_err() {
            assert!(matches!(refusal(registered), Refusal::ScheduleConflict { .. }));
        }
        scenario.assert_sound().await;
    }
}

#[tokio::test]
async fn organizations_are_served_in_rotation() {
    let mut scenario = Scenario::new().await;
    let mut calls = Vec::new();
    for number in 0..20 {
        scenario.tenant = scenario.database.organization(&format!("tenant-{number}")).await;
        let event = scenario.event(EventBuilder::once(datetime!(2031-04-01 09:00)).seats(1).build()).await;
        let scope = scenario.tenant.scope;
        calls.extend(scenario.crowd(3).await.into_iter().map(|member| (scope, request_for(&event, member))));
    }
    let book = &scenario.books[0];
    let outcomes =
        join_all(calls.into_iter().map(|(scope, order)| async move {
            book.register(&scope, order, &by(order.member).build()).await
        }))
        .await;
    assert_eq!(count_won(outcomes), 20);
    scenario.assert_sound().await;
}

#[tokio::test]
async fn an_occurrence_with_repeated_conflicts_delays_only_its_own_requests() {
    let scenario = Scenario::new().await;
    let mut events = Vec::new();
    for day in 1..=8 {
        events.push(
            scenario
                .event(EventBuilder::once(datetime!(2031-04-01 09:00) + Duration::days(day)).build())
                .await,
        );
    }
    // The first registration materializes it.
    let somebody = scenario.member().await;
    scenario.register(request_for(&events[2], somebody), &by(somebody).build()).await.unwrap();
    let members = scenario.crowd(events.len()).await;
    let mut writer = scenario.database.client.start_session().await.unwrap();
    writer.start_transaction().await.unwrap();
    let written = doc! { "_id": first(&events[2]).to_string() };
    let occurrences = scenario.database.collection("occurrences");
    let change = doc! { "$set": { "changeToken": 7_i64 } };
    let updated = occurrences.update_one(written, change).session(&mut writer).await.unwrap();
    assert_eq!(updated.modified_count, 1);

    // All requests are queued before the dispatcher runs, so that they are one batch.
    let calls = events.iter().zip(&members).map(|(event, &member)| {
        let scenario = &scenario;
        async move { scenario.register(request_for(event, member), &by(member).build()).await }
    });
    let mut calls: Vec<_> = calls.map(Box::pin).collect();
    let held_up = calls.remove(2);
    let others = async {
        for outcome in join_all(calls).await {
            outcome.unwrap();
        }
        writer.abort_transaction().await.unwrap();
    };
    let (held_up, ()) = futures::join!(held_up, others);
    held_up.unwrap();
    scenario.assert_sound().await;
}
