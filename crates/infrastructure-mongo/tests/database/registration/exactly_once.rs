use convene_application::{
    failure::{Failure, Fault, Refusal},
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
use futures::future::join_all;
use time::{Duration, macros::datetime};

use crate::support::{FailPoint, Stage, by, first, patient_wish, refusal, wish};

const UNKNOWN: &str = "UnknownTransactionCommitResult";

async fn event(stage: &Stage, seats: u32) -> Event {
    stage.event(EventBuilder::once(datetime!(2031-04-01 09:00)).seats(seats).build()).await
}

async fn assert_registered_once(stage: &Stage, event: &Event) {
    assert_eq!(stage.counts(first(event)).await, (1, 0));
    assert_eq!(stage.database.logged("registration.created").await, 1);
    stage.assert_sound().await;
}

#[tokio::test]
async fn a_commit_that_was_cut_off_is_sent_again() {
    let stage = Stage::new().await;
    let event = event(&stage, 5).await;
    let member = stage.member().await;
    let cut = FailPoint::on("commitTransaction", 4).hang_up().set(&stage.database).await;
    stage.register(wish(&event, member), &by(member).key("k", 1).build()).await.unwrap();
    assert_eq!(cut.times_entered().await, 4);
    assert_registered_once(&stage, &event).await;
}

#[tokio::test]
async fn whoever_never_heard_of_a_commit_that_was_done_gets_the_same_seat_by_the_same_key() {
    let stage = Stage::new().await;
    let event = event(&stage, 5).await;
    let member = stage.member().await;
    let change = by(member).key("k", 1).build();
    let unsure =
        FailPoint::on("commitTransaction", 1_000).done_but_unsure(64, &[UNKNOWN]).set(&stage.database).await;
    let silence = stage.register(wish(&event, member), &change).await;
    assert!(matches!(silence, Err(Failure::Fault(Fault::OutcomeUnknown(_)))), "{silence:?}");
    assert!(unsure.times_entered().await > 1);
    let again = stage.register(wish(&event, member), &change).await.unwrap();
    let third = stage.register(wish(&event, member), &change).await.unwrap();
    assert_eq!(again, third);
    assert_registered_once(&stage, &event).await;
}

#[tokio::test]
async fn whoever_never_heard_of_a_commit_that_was_not_done_gets_a_seat_by_the_same_key() {
    let stage = Stage::new().await;
    let event = event(&stage, 5).await;
    let member = stage.member().await;
    let change = by(member).key("k", 1).build();
    let cut = FailPoint::on("commitTransaction", 1_000).hang_up().set(&stage.database).await;
    let silence = stage.register(wish(&event, member), &change).await;
    assert!(matches!(silence, Err(Failure::Fault(Fault::OutcomeUnknown(_)))), "{silence:?}");
    assert!(cut.times_entered().await > 1);
    register_patiently(&stage, &event, member).await;
    assert_registered_once(&stage, &event).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancellation_that_is_repeated_while_it_is_done_is_answered_alike() {
    let stage = Stage::with_two_processes().await;
    let event = event(&stage, 5).await;
    let member = stage.member().await;
    let seat = stage.register(wish(&event, member), &by(member).build()).await.unwrap();
    let change = by(member).key("k", 1).build();
    // The first process has looked for the key in vain, and is slow to begin its transaction.
    let slow = FailPoint::on("find", 1).slow(1_000).in_collection(&stage.database, "registrations", 1);
    let slow = slow.set(&stage.database).await;
    let (late, first) = futures::join!(stage.cancel_by(0, &seat, &change), async {
        slow.entered().await;
        stage.cancel_by(1, &seat, &change).await
    });
    assert!(slow.times_entered().await >= 1);
    assert_eq!(late.unwrap(), first.unwrap());
    assert_eq!(stage.database.logged("registration.cancelled").await, 1);
    stage.assert_sound().await;
}

#[tokio::test]
async fn nothing_happens_for_who_has_gone_before_the_commit() {
    let deadline = std::time::Duration::from_secs(1);
    let stage = Stage::with(BookSettings { deadline, ..BookSettings::default() }).await;
    let event = event(&stage, 5).await;
    let members = stage.crowd(2).await;
    let slow = FailPoint::on("insert", 1).slow(2_000).set(&stage.database).await;
    let outcome = stage.register(wish(&event, members[0]), &by(members[0]).build()).await;
    assert!(matches!(outcome, Err(Failure::Fault(Fault::Unavailable(_)))), "{outcome:?}");
    assert_eq!(slow.times_entered().await, 1);
    // Put off until the transaction about the same occurrence has ended: when this is answered, that is over.
    register_patiently(&stage, &event, members[1]).await;
    assert_registered_once(&stage, &event).await;
}

/// Registers, also if it takes several calls with the same key until the database has forgotten a transaction that
/// was cut off.
async fn register_patiently(stage: &Stage, event: &Event, member: MemberId) -> Registration {
    let change = by(member).key("k", 1).build();
    for _ in 0..20 {
        match stage.register(wish(event, member), &change).await {
            Ok(registration) => return registration,
            Err(Failure::Fault(fault)) if fault.is_retryable() => {}
            Err(failure) => panic!("{failure:?}"),
        }
    }
    panic!("the database did not recover");
}

#[tokio::test]
async fn a_key_gives_the_same_seat_also_after_it_was_given_up() {
    let stage = Stage::new().await;
    let event = event(&stage, 1).await;
    let member = stage.member().await;
    let change = by(member).key("k", 1).build();
    let seat = stage.register(wish(&event, member), &change).await.unwrap();
    stage.cancel(&seat, &by(member).build()).await.unwrap();
    let again = stage.register(wish(&event, member), &change).await.unwrap();
    assert_eq!((again.id, again.status.kind()), (seat.id, RegistrationStatusKind::Cancelled));
    stage.register(wish(&event, member), &by(member).key("another", 1).build()).await.unwrap();
    stage.assert_sound().await;
}

#[tokio::test]
async fn a_key_is_for_one_input_one_actor_and_one_day() {
    let stage = Stage::new().await;
    let event = event(&stage, 5).await;
    let later = stage.event(EventBuilder::once(datetime!(2031-05-01 09:00)).build()).await;
    let members = stage.crowd(2).await;
    let (ada, bob) = (members[0], members[1]);
    let seat = stage.register(wish(&event, ada), &by(ada).key("k", 1).build()).await.unwrap();
    let other_input = by(ada).key("k", 2).build();
    assert_eq!(refusal(stage.register(wish(&event, ada), &other_input).await), Refusal::IdempotencyKeyReused);
    assert_eq!(refusal(stage.register(wish(&later, ada), &other_input).await), Refusal::IdempotencyKeyReused);
    assert_eq!(refusal(stage.cancel(&seat, &other_input).await), Refusal::IdempotencyKeyReused);
    stage.register(wish(&event, bob), &by(bob).key("k", 2).build()).await.unwrap();

    let next_day = by(ada).key("k", 2).at(FixedClock::START + Duration::days(1)).build();
    let new = stage.register(wish(&later, ada), &next_day).await.unwrap();
    assert_ne!(new.id, seat.id);
    assert_eq!(stage.register(wish(&later, ada), &next_day).await.unwrap().id, new.id);
    stage.assert_sound().await;
}

#[tokio::test]
async fn a_cancellation_is_repeated_by_its_key_with_who_was_promoted() {
    let stage = Stage::new().await;
    let event = event(&stage, 1).await;
    let members = stage.crowd(2).await;
    let (ada, bob) = (members[0], members[1]);
    let seat = stage.register(wish(&event, ada), &by(ada).build()).await.unwrap();
    let place = stage.register(patient_wish(&event, bob), &by(bob).build()).await.unwrap();
    let change = by(ada).key("c", 1).build();
    let cancelled = stage.cancel(&seat, &change).await.unwrap();
    assert_eq!(cancelled.promoted.as_ref().map(|promoted| promoted.id), Some(place.id));
    assert_eq!(stage.cancel(&seat, &change).await.unwrap(), cancelled);
    assert_eq!(
        refusal(stage.cancel(&seat, &by(ada).key("c", 2).build()).await),
        Refusal::IdempotencyKeyReused
    );
    assert_eq!(refusal(stage.cancel(&seat, &by(ada).build()).await), Refusal::AlreadyCancelled);
    let other_use = by(ada).key("c", 1).build();
    assert_eq!(refusal(stage.register(wish(&event, ada), &other_use).await), Refusal::IdempotencyKeyReused);
    stage.assert_sound().await;
}

#[tokio::test]
async fn who_uses_a_key_twice_at_once_does_not_fail_the_others() {
    let stage = Stage::new().await;
    let event = event(&stage, 50).await;
    let members = stage.crowd(20).await;
    // An admin registers all of them at once, with the same key for the first two.
    let outcomes = join_all(members.iter().enumerate().map(|(number, &member)| {
        let (stage, event) = (&stage, &event);
        let key = format!("k{}", number.max(1));
        async move {
            let change = ChangeBuilder::by("admin").key(&key, u8::try_from(number).unwrap()).build();
            stage.register(wish(event, member), &change).await
        }
    }))
    .await;
    let (won, lost): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!(won.len(), 19);
    assert_eq!(lost.into_iter().map(refusal).collect::<Vec<_>>(), [Refusal::IdempotencyKeyReused]);
    stage.assert_sound().await;
}
