use std::num::NonZeroUsize;

use convene_application::{
    failure::{Failure, Fault, Refusal},
    ports::{EditScope, EventEdit, EventPatch, OnAffected},
    testing::{
        FixedClock,
        builders::{ChangeBuilder, EventBuilder},
    },
};
use convene_domain::{
    event::Event,
    id::MemberId,
    registration::{Registration, RegistrationStatusKind},
};
use convene_infrastructure_mongo::registration::BookSettings;
use futures::future::{join_all, join3};
use time::{Duration, macros::datetime};
use tokio::time::sleep;

use crate::support::{FailPoint, Scenario, by, first, refusal, request_for, waitlist_request_for};

const UNKNOWN: &str = "UnknownTransactionCommitResult";

async fn event(scenario: &Scenario, seats: u32) -> Event {
    scenario.event(EventBuilder::once(datetime!(2031-04-01 09:00)).seats(seats).build()).await
}

async fn assert_registered_once(scenario: &Scenario, event: &Event) {
    assert_eq!(scenario.counts(first(event)).await, (1, 0));
    assert_eq!(scenario.database.logged("registration.created").await, 1);
    scenario.assert_sound().await;
}

#[tokio::test]
async fn an_interrupted_commit_is_retried() {
    let scenario = Scenario::new().await;
    let event = event(&scenario, 5).await;
    let member = scenario.member().await;
    let cut = FailPoint::on("commitTransaction", 4).hang_up().set(&scenario.database).await;
    scenario.register(request_for(&event, member), &by(member).key("k", 1).build()).await.unwrap();
    assert_eq!(cut.times_entered().await, 4);
    assert_registered_once(&scenario, &event).await;
}

#[tokio::test]
async fn a_repeat_after_an_unknown_outcome_returns_the_committed_registration() {
    let scenario = Scenario::new().await;
    let event = event(&scenario, 5).await;
    let member = scenario.member().await;
    let change = by(member).key("k", 1).build();
    let unsure = FailPoint::on("commitTransaction", 1_000)
        .done_but_unsure(64, &[UNKNOWN])
        .set(&scenario.database)
        .await;
    let silence = scenario.register(request_for(&event, member), &change).await;
    assert!(matches!(silence, Err(Failure::Fault(Fault::OutcomeUnknown(_)))), "{silence:?}");
    assert!(unsure.times_entered().await > 1);
    let again = scenario.register(request_for(&event, member), &change).await.unwrap();
    let third = scenario.register(request_for(&event, member), &change).await.unwrap();
    assert_eq!(again, third);
    assert_registered_once(&scenario, &event).await;
}

#[tokio::test]
async fn a_repeat_after_an_unknown_outcome_registers_if_nothing_was_committed() {
    let scenario = Scenario::new().await;
    let event = event(&scenario, 5).await;
    let member = scenario.member().await;
    let change = by(member).key("k", 1).build();
    let cut = FailPoint::on("commitTransaction", 1_000).hang_up().set(&scenario.database).await;
    let silence = scenario.register(request_for(&event, member), &change).await;
    assert!(matches!(silence, Err(Failure::Fault(Fault::OutcomeUnknown(_)))), "{silence:?}");
    assert!(cut.times_entered().await > 1);
    register_patiently(&scenario, &event, member).await;
    assert_registered_once(&scenario, &event).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_cancellations_in_a_batch_the_second_one_is_refused() {
    let settings = BookSettings { at_once: NonZeroUsize::MIN, ..BookSettings::default() };
    let scenario = Scenario::with(settings).await;
    let event = event(&scenario, 5).await;
    let other = scenario.event(EventBuilder::once(datetime!(2031-04-02 09:00)).build()).await;
    let members = scenario.crowd(2).await;
    let seat = scenario.register(request_for(&event, members[0]), &by(members[0]).build()).await.unwrap();
    let (by_other, change) = (by(members[1]).build(), by(members[0]).build());
    let slow = FailPoint::on("commitTransaction", 1).slow(2_000).set(&scenario.database).await;
    // Both wait for this batch, each for the id that the occurrence had when it was asked for.
    let in_flight = scenario.register(request_for(&other, members[1]), &by_other);
    let first = async {
        slow.entered().await;
        scenario.cancel(&seat, &change).await
    };
    let second = async {
        slow.entered().await;
        sleep(std::time::Duration::from_millis(200)).await;
        let starts_at = Some(datetime!(2031-04-01 10:00));
        let edit = EventEdit {
            event: event.id,
            expected_version: None,
            scope: EditScope::All,
            patch: EventPatch { starts_at, ..EventPatch::default() },
            on_affected: OnAffected::Refuse,
        };
        let (ports, scope) = (&scenario.database.ports, &scenario.tenant.scope);
        ports.events.update(scope, edit, &ChangeBuilder::by("first-admin").build()).await.unwrap();
        scenario.cancel(&seat, &change).await
    };
    let (in_flight, first, second) = join3(in_flight, first, second).await;
    in_flight.unwrap();
    assert_eq!(first.unwrap().registration.status.kind(), RegistrationStatusKind::Cancelled);
    assert_eq!(refusal(second), Refusal::AlreadyCancelled);
    assert_eq!(scenario.database.logged("registration.cancelled").await, 1);
    scenario.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancellation_repeated_concurrently_is_answered_alike() {
    let scenario = Scenario::with_two_processes().await;
    let event = event(&scenario, 5).await;
    let member = scenario.member().await;
    let seat = scenario.register(request_for(&event, member), &by(member).build()).await.unwrap();
    let change = by(member).key("k", 1).build();
    // The first process has not found the key, and is slow to begin its transaction.
    let slow = FailPoint::on("find", 1).slow(1_000).in_collection(&scenario.database, "registrations", 1);
    let slow = slow.set(&scenario.database).await;
    let (late, first) = futures::join!(scenario.cancel_by(0, &seat, &change), async {
        slow.entered().await;
        scenario.cancel_by(1, &seat, &change).await
    });
    assert!(slow.times_entered().await >= 1);
    assert_eq!(late.unwrap(), first.unwrap());
    assert_eq!(scenario.database.logged("registration.cancelled").await, 1);
    scenario.assert_sound().await;
}

#[tokio::test]
async fn a_request_abandoned_before_the_commit_has_no_effect() {
    let deadline = std::time::Duration::from_secs(1);
    let scenario = Scenario::with(BookSettings { deadline, ..BookSettings::default() }).await;
    let event = event(&scenario, 5).await;
    let members = scenario.crowd(2).await;
    let slow = FailPoint::on("insert", 1).slow(2_000).set(&scenario.database).await;
    let outcome = scenario.register(request_for(&event, members[0]), &by(members[0]).build()).await;
    let Err(Failure::Fault(Fault::Unavailable(source))) = outcome else { panic!("{outcome:?}") };
    assert_eq!(source.to_string(), "the queued request was not executed within 1s");
    assert_eq!(slow.times_entered().await, 1);
    // This request waits for the batch that has the same occurrence: after the reply, that batch has ended.
    register_patiently(&scenario, &event, members[1]).await;
    assert_registered_once(&scenario, &event).await;
}

/// Registers, repeating the call with the same key until the database has dropped an interrupted transaction.
async fn register_patiently(scenario: &Scenario, event: &Event, member: MemberId) -> Registration {
    let change = by(member).key("k", 1).build();
    for _ in 0..20 {
        match scenario.register(request_for(event, member), &change).await {
            Ok(registration) => return registration,
            Err(Failure::Fault(fault)) if fault.kind().is_retryable() => {}
            Err(failure) => panic!("{failure:?}"),
        }
    }
    panic!("the database did not recover");
}

#[tokio::test]
async fn a_key_returns_its_registration_after_the_cancellation() {
    let scenario = Scenario::new().await;
    let event = event(&scenario, 1).await;
    let member = scenario.member().await;
    let change = by(member).key("k", 1).build();
    let seat = scenario.register(request_for(&event, member), &change).await.unwrap();
    scenario.cancel(&seat, &by(member).build()).await.unwrap();
    let again = scenario.register(request_for(&event, member), &change).await.unwrap();
    assert_eq!((again.id, again.status.kind()), (seat.id, RegistrationStatusKind::Cancelled));
    scenario.register(request_for(&event, member), &by(member).key("another", 1).build()).await.unwrap();
    scenario.assert_sound().await;
}

#[tokio::test]
async fn a_key_is_valid_for_one_input_one_actor_and_one_day() {
    let scenario = Scenario::new().await;
    let event = event(&scenario, 5).await;
    let later = scenario.event(EventBuilder::once(datetime!(2031-05-01 09:00)).build()).await;
    let members = scenario.crowd(2).await;
    let (ada, bob) = (members[0], members[1]);
    let seat = scenario.register(request_for(&event, ada), &by(ada).key("k", 1).build()).await.unwrap();
    let other_input = by(ada).key("k", 2).build();
    assert_eq!(
        refusal(scenario.register(request_for(&event, ada), &other_input).await),
        Refusal::IdempotencyKeyReused
    );
    assert_eq!(
        refusal(scenario.register(request_for(&later, ada), &other_input).await),
        Refusal::IdempotencyKeyReused
    );
    assert_eq!(refusal(scenario.cancel(&seat, &other_input).await), Refusal::IdempotencyKeyReused);
    scenario.register(request_for(&event, bob), &by(bob).key("k", 2).build()).await.unwrap();

    let next_day = by(ada).key("k", 2).at(FixedClock::START + Duration::days(1)).build();
    let new = scenario.register(request_for(&later, ada), &next_day).await.unwrap();
    assert_ne!(new.id, seat.id);
    assert_eq!(scenario.register(request_for(&later, ada), &next_day).await.unwrap().id, new.id);
    scenario.assert_sound().await;
}

#[tokio::test]
async fn a_repeated_cancellation_returns_the_promotion() {
    let scenario = Scenario::new().await;
    let event = event(&scenario, 1).await;
    let members = scenario.crowd(2).await;
    let (ada, bob) = (members[0], members[1]);
    let seat = scenario.register(request_for(&event, ada), &by(ada).build()).await.unwrap();
    let place = scenario.register(waitlist_request_for(&event, bob), &by(bob).build()).await.unwrap();
    let change = by(ada).key("c", 1).build();
    let cancelled = scenario.cancel(&seat, &change).await.unwrap();
    assert_eq!(cancelled.promoted.as_ref().map(|promoted| promoted.id), Some(place.id));
    assert_eq!(scenario.cancel(&seat, &change).await.unwrap(), cancelled);
    assert_eq!(
        refusal(scenario.cancel(&seat, &by(ada).key("c", 2).build()).await),
        Refusal::IdempotencyKeyReused
    );
    assert_eq!(refusal(scenario.cancel(&seat, &by(ada).build()).await), Refusal::AlreadyCancelled);
    let other_use = by(ada).key("c", 1).build();
    assert_eq!(
        refusal(scenario.register(request_for(&event, ada), &other_use).await),
        Refusal::IdempotencyKeyReused
    );
    scenario.assert_sound().await;
}

#[tokio::test]
async fn a_key_used_twice_in_a_batch_does_not_fail_other_requests() {
    let scenario = Scenario::new().await;
    let event = event(&scenario, 50).await;
    let members = scenario.crowd(20).await;
    // An admin registers all of them at once, with the same key for the first two.
    let outcomes = join_all(members.iter().enumerate().map(|(number, &member)| {
        let (scenario, event) = (&scenario, &event);
        let key = format!("k{}", number.max(1));
        async move {
            let change = ChangeBuilder::by("admin").key(&key, u8::try_from(number).unwrap()).build();
            scenario.register(request_for(event, member), &change).await
        }
    }))
    .await;
    let (won, lost): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!(won.len(), 19);
    assert_eq!(lost.into_iter().map(refusal).collect::<Vec<_>>(), [Refusal::IdempotencyKeyReused]);
    scenario.assert_sound().await;
}
