use std::collections::HashMap;

use bson::doc;
use convene_application::{
    failure::{Outcome, Refusal},
    ports::RegistrationBook,
    testing::builders::EventBuilder,
};
use convene_domain::{event::Event, id::MemberId, registration::Registration};
use futures::future::join_all;
use rstest::rstest;
use time::{Duration, macros::datetime};

use crate::support::{Dice, Stage, by, first, patient_wish, refusal, wish};

/// Everybody asks at once, of all processes in turn.
async fn rush(stage: &Stage, event: &Event, members: &[MemberId]) -> Vec<Outcome<Registration>> {
    join_all(
        members
            .iter()
            .enumerate()
            .map(|(number, &member)| async move { stage.insist(number, wish(event, member)).await }),
    )
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
async fn no_seat_is_given_twice_and_none_stays_free(#[case] callers: usize, #[case] seats: u32) {
    let stage = Stage::new().await;
    let event = EventBuilder::once(datetime!(2031-04-01 09:00)).seats(seats).build();
    let event = stage.event(event).await;
    let members = stage.crowd(callers).await;
    let outcomes = rush(&stage, &event, &members).await;
    assert_eq!(count_won(outcomes), seats as usize);
    assert_eq!(stage.counts(first(&event)).await, (i32::try_from(seats).unwrap(), 0));
    stage.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_give_no_seat_twice() {
    let stage = Stage::with_two_processes().await;
    let event = stage.event(EventBuilder::once(datetime!(2031-04-01 09:00)).seats(50).build()).await;
    let members = stage.crowd(400).await;
    let outcomes = rush(&stage, &event, &members).await;
    assert_eq!(count_won(outcomes), 50);
    stage.assert_sound().await;
}

#[tokio::test]
async fn who_comes_first_is_served_first() {
    let stage = Stage::new().await;
    let event = stage.event(EventBuilder::once(datetime!(2031-04-01 09:00)).seats(5).build()).await;
    let members = stage.crowd(40).await;
    let outcomes = join_all(members.iter().map(|&member| {
        let (stage, event) = (&stage, &event);
        async move { stage.insist(0, patient_wish(event, member)).await.unwrap() }
    }))
    .await;
    let places: Vec<Option<u64>> =
        outcomes.iter().map(|registration| registration.status.waitlist_sequence()).collect();
    let expected: Vec<Option<u64>> = (0..5).map(|_| None).chain((1..=35).map(Some)).collect();
    assert_eq!(places, expected);
    stage.assert_sound().await;
}

#[rstest]
#[case(32, 1)]
#[case(64, 1)]
#[case(64, 2)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_member_gets_one_of_many_seats_that_overlap(#[case] events: usize, #[case] processes: usize) {
    let stage = if processes == 2 { Stage::with_two_processes().await } else { Stage::new().await };
    let member = stage.member().await;
    let mut overlapping = Vec::new();
    for number in 0..events {
        let start = datetime!(2031-04-01 09:00) + Duration::minutes(i64::try_from(number % 30).unwrap());
        overlapping.push(stage.event(EventBuilder::once(start).build()).await);
    }
    let outcomes = join_all(overlapping.iter().enumerate().map(|(number, event)| {
        let stage = &stage;
        async move { stage.insist(number, wish(event, member)).await }
    }))
    .await;
    let (won, lost): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    let won: Vec<Registration> = won.into_iter().map(Result::unwrap).collect();
    assert_eq!(won.len(), 1);
    for outcome in lost {
        assert_eq!(refusal(outcome), Refusal::ScheduleConflict { with: Box::new(won[0].clone()) });
    }
    stage.assert_sound().await;
}

/// A member who registers, waits and cancels at random, and whose calls go to either process.
async fn restless(stage: &Stage, events: &[Event], member: MemberId, seed: u64) -> usize {
    let mut dice = Dice(seed);
    let mut held: HashMap<usize, Registration> = HashMap::new();
    let mut done = 0;
    for _ in 0..12 {
        let (which, process) = (dice.roll(events.len()), dice.roll(2));
        if let Some(registration) = held.remove(&which) {
            match stage.insist_on_cancelling(process, &registration).await {
                Ok(cancelled) => assert_eq!(cancelled.registration.id, registration.id),
                Err(failure) => panic!("a cancellation failed: {failure:?}"),
            }
            done += 1;
        } else {
            let order = if dice.roll(2) == 0 {
                wish(&events[which], member)
            } else {
                patient_wish(&events[which], member)
            };
            match stage.insist(process, order).await {
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
async fn everything_holds_when_members_of_two_processes_come_and_go() {
    let stage = Stage::with_two_processes().await;
    let mut events = Vec::new();
    for number in 0..6_i64 {
        let start = datetime!(2031-04-01 09:00) + Duration::minutes(30 * number);
        events.push(stage.event(EventBuilder::weekly(start).seats(4).build()).await);
    }
    let members = stage.crowd(60).await;
    let done =
        join_all(members.iter().zip(1_u64..).map(|(&member, seed)| restless(&stage, &events, member, seed)))
            .await;
    assert!(done.iter().sum::<usize>() > 200, "{done:?}");
    stage.assert_sound().await;
    // The counters are those of what is left, and there were promotions.
    assert!(stage.database.logged("registration.promoted").await > 0);
    assert!(stage.database.logged("registration.cancelled").await > 0);
}

#[tokio::test]
async fn organizations_take_turns() {
    let mut stage = Stage::new().await;
    let mut calls = Vec::new();
    for number in 0..20 {
        stage.tenant = stage.database.organization(&format!("stage-{number}")).await;
        let event = stage.event(EventBuilder::once(datetime!(2031-04-01 09:00)).seats(1).build()).await;
        let scope = stage.tenant.scope;
        calls.extend(stage.crowd(3).await.into_iter().map(|member| (scope, wish(&event, member))));
    }
    let book = &stage.books[0];
    let outcomes =
        join_all(calls.into_iter().map(|(scope, order)| async move {
            book.register(&scope, order, &by(order.member).build()).await
        }))
        .await;
    assert_eq!(count_won(outcomes), 20);
    stage.assert_sound().await;
}

#[tokio::test]
async fn an_occurrence_that_others_keep_writing_holds_up_its_own_calls_only() {
    let stage = Stage::new().await;
    let mut events = Vec::new();
    for day in 1..=8 {
        events.push(
            stage.event(EventBuilder::once(datetime!(2031-04-01 09:00) + Duration::days(day)).build()).await,
        );
    }
    // It is stored from its first registration on.
    let somebody = stage.member().await;
    stage.register(wish(&events[2], somebody), &by(somebody).build()).await.unwrap();
    let members = stage.crowd(events.len()).await;
    let mut writer = stage.database.client.start_session().await.unwrap();
    writer.start_transaction().await.unwrap();
    let written = doc! { "_id": first(&events[2]).to_string() };
    let occurrences = stage.database.collection("occurrences");
    let change = doc! { "$set": { "changeToken": 7_i64 } };
    let updated = occurrences.update_one(written, change).session(&mut writer).await.unwrap();
    assert_eq!(updated.modified_count, 1);

    // All of them are queued before the first is served, so that they are one batch.
    let calls = events.iter().zip(&members).map(|(event, &member)| {
        let stage = &stage;
        async move { stage.register(wish(event, member), &by(member).build()).await }
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
    stage.assert_sound().await;
}
