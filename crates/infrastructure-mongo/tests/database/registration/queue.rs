use std::collections::HashMap;

use convene_application::{failure::Refusal, testing::builders::EventBuilder};
use convene_domain::{
    event::Event,
    id::MemberId,
    registration::{Registration, RegistrationStatus},
};
use futures::future::join_all;
use time::macros::datetime;

use crate::support::{Stage, by, first, patient_wish, refusal, wish};

async fn event(stage: &Stage, seats: u32) -> Event {
    stage.event(EventBuilder::once(datetime!(2031-04-01 09:00)).seats(seats).build()).await
}

async fn join(stage: &Stage, event: &Event, member: MemberId) -> Registration {
    stage.register(patient_wish(event, member), &by(member).build()).await.unwrap()
}

async fn positions(stage: &Stage, waiting: &[&Registration]) -> Vec<Option<u32>> {
    let ids: Vec<_> = waiting.iter().map(|registration| registration.id).collect();
    let found: HashMap<_, _> =
        stage.database.ports.registrations.waitlist_positions(&stage.tenant.scope, &ids).await.unwrap();
    ids.iter().map(|id| found.get(id).copied()).collect()
}

#[tokio::test]
async fn who_waits_moves_up_in_order_when_seats_are_given_back() {
    let stage = Stage::new().await;
    let event = event(&stage, 1).await;
    let members = stage.crowd(4).await;
    let seat = join(&stage, &event, members[0]).await;
    assert_eq!(seat.status, RegistrationStatus::Confirmed);
    let second = join(&stage, &event, members[1]).await;
    let third = join(&stage, &event, members[2]).await;
    assert_eq!(second.status, RegistrationStatus::Waitlisted { sequence: 1 });
    assert_eq!(positions(&stage, &[&seat, &second, &third]).await, [None, Some(1), Some(2)]);
    assert_eq!(
        refusal(stage.register(patient_wish(&event, members[1]), &by(members[1]).build()).await),
        Refusal::AlreadyRegistered
    );
    assert_eq!(
        refusal(stage.register(wish(&event, members[3]), &by(members[3]).build()).await),
        Refusal::OccurrenceFull
    );

    let cancelled = stage.cancel(&seat, &by(members[0]).build()).await.unwrap();
    let promoted = cancelled.promoted.unwrap();
    assert_eq!((promoted.id, promoted.status), (second.id, RegistrationStatus::Confirmed));
    assert_eq!(positions(&stage, &[&second, &third]).await, [None, Some(1)]);
    assert_eq!(stage.counts(first(&event)).await, (1, 1));
    assert_eq!(stage.database.logged("registration.promoted").await, 1);
    stage.assert_sound().await;
}

#[tokio::test]
async fn who_is_elsewhere_by_then_is_passed_over_and_keeps_the_place() {
    let stage = Stage::new().await;
    let event = event(&stage, 1).await;
    let elsewhere = stage.event(EventBuilder::once(datetime!(2031-04-01 09:59)).build()).await;
    let members = stage.crowd(3).await;
    let seat = join(&stage, &event, members[0]).await;
    let busy = join(&stage, &event, members[1]).await;
    let free = join(&stage, &event, members[2]).await;
    let clash = join(&stage, &elsewhere, members[1]).await;
    let cancelled = stage.cancel(&seat, &by(members[0]).build()).await.unwrap();
    assert_eq!(cancelled.promoted.map(|promoted| promoted.id), Some(free.id));
    assert_eq!(positions(&stage, &[&busy]).await, [Some(1)]);
    stage.assert_sound().await;

    stage.cancel(&clash, &by(members[1]).build()).await.unwrap();
    let cancelled = stage.cancel(&free, &by(members[2]).build()).await.unwrap();
    assert_eq!(cancelled.promoted.map(|promoted| promoted.id), Some(busy.id));
    stage.assert_sound().await;
}

#[tokio::test]
async fn leaving_the_queue_frees_no_seat() {
    let stage = Stage::new().await;
    let event = event(&stage, 1).await;
    let members = stage.crowd(3).await;
    let _seat = join(&stage, &event, members[0]).await;
    let leaving = join(&stage, &event, members[1]).await;
    let staying = join(&stage, &event, members[2]).await;
    let left = stage.cancel(&leaving, &by(members[1]).build()).await.unwrap();
    assert_eq!(left.promoted, None);
    assert_eq!(positions(&stage, &[&leaving, &staying]).await, [None, Some(1)]);
    assert_eq!(stage.counts(first(&event)).await, (1, 1));
    stage.assert_sound().await;
}

#[tokio::test]
async fn many_who_cancel_at_once_are_followed_by_as_many_who_wait() {
    let stage = Stage::new().await;
    let event = event(&stage, 20).await;
    let members = stage.crowd(70).await;
    let mut registrations = Vec::new();
    for &member in &members {
        registrations.push(join(&stage, &event, member).await);
    }
    let cancelled = join_all(registrations.iter().take(20).map(|seat| {
        let stage = &stage;
        async move { stage.cancel(seat, &by(seat.member).build()).await.unwrap() }
    }))
    .await;
    let mut promoted: Vec<_> =
        cancelled.iter().map(|cancelled| cancelled.promoted.as_ref().unwrap().id).collect();
    promoted.sort_unstable();
    let mut expected: Vec<_> = registrations[20..40].iter().map(|registration| registration.id).collect();
    expected.sort_unstable();
    assert_eq!(promoted, expected);
    assert_eq!(stage.counts(first(&event)).await, (20, 30));
    stage.assert_sound().await;
}

#[tokio::test]
async fn whoever_has_left_the_organization_neither_gets_a_seat_nor_a_place() {
    let stage = Stage::new().await;
    let event = event(&stage, 1).await;
    let stranger = MemberId::from_uuid(convene_application::testing::builders::fresh_uuid());
    let change = by(stranger).build();
    assert_eq!(
        refusal(stage.register(wish(&event, stranger), &change).await),
        Refusal::not_found("memberId")
    );
    let member = stage.member().await;
    let _seat = join(&stage, &event, member).await;
    assert_eq!(
        refusal(stage.register(patient_wish(&event, stranger), &change).await),
        Refusal::not_found("memberId")
    );
    stage.assert_sound().await;
}
