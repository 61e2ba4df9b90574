use std::collections::HashMap;

use convene_application::{
    failure::{Field, Refusal},
    testing::builders::EventBuilder,
};
use convene_domain::{
    event::Event,
    id::MemberId,
    registration::{Registration, RegistrationStatus},
};
use futures::future::join_all;
use time::macros::datetime;

use crate::support::{Scenario, by, first, refusal, request_for, waitlist_request_for};

async fn event(scenario: &Scenario, seats: u32) -> Event {
    scenario.event(EventBuilder::once(datetime!(2031-04-01 09:00)).seats(seats).build()).await
}

async fn join(scenario: &Scenario, event: &Event, member: MemberId) -> Registration {
    scenario.register(waitlist_request_for(event, member), &by(member).build()).await.unwrap()
}

async fn positions(scenario: &Scenario, waiting: &[&Registration]) -> Vec<Option<u32>> {
    let ids: Vec<_> = waiting.iter().map(|registration| registration.id).collect();
    let found: HashMap<_, _> =
        scenario.database.ports.registrations.waitlist_positions(&scenario.tenant.scope, &ids).await.unwrap();
    ids.iter().map(|id| found.get(id).copied()).collect()
}

#[tokio::test]
async fn waitlisted_members_are_promoted_in_order() {
    let scenario = Scenario::new().await;
    let event = event(&scenario, 1).await;
    let members = scenario.crowd(4).await;
    let seat = join(&scenario, &event, members[0]).await;
    assert_eq!(seat.status, RegistrationStatus::Confirmed);
    let second = join(&scenario, &event, members[1]).await;
    let third = join(&scenario, &event, members[2]).await;
    assert_eq!(second.status, RegistrationStatus::Waitlisted { sequence: 1 });
    assert_eq!(positions(&scenario, &[&seat, &second, &third]).await, [None, Some(1), Some(2)]);
    assert_eq!(
        refusal(scenario.register(waitlist_request_for(&event, members[1]), &by(members[1]).build()).await),
        Refusal::AlreadyRegistered
    );
    assert_eq!(
        refusal(scenario.register(request_for(&event, members[3]), &by(members[3]).build()).await),
        Refusal::OccurrenceFull
    );

    let cancelled = scenario.cancel(&seat, &by(members[0]).build()).await.unwrap();
    let promoted = cancelled.promoted.unwrap();
    assert_eq!((promoted.id, promoted.status), (second.id, RegistrationStatus::Confirmed));
    assert_eq!(positions(&scenario, &[&second, &third]).await, [None, Some(1)]);
    assert_eq!(scenario.counts(first(&event)).await, (1, 1));
    assert_eq!(scenario.database.logged("registration.promoted").await, 1);
    scenario.assert_sound().await;
}

#[tokio::test]
async fn a_waitlisted_member_with_a_conflict_is_passed_over_and_keeps_the_sequence() {
    let scenario = Scenario::new().await;
    let event = event(&scenario, 1).await;
    let elsewhere = scenario.event(EventBuilder::once(datetime!(2031-04-01 09:59)).build()).await;
    let members = scenario.crowd(3).await;
    let seat = join(&scenario, &event, members[0]).await;
    let busy = join(&scenario, &event, members[1]).await;
    let free = join(&scenario, &event, members[2]).await;
    let conflicting = join(&scenario, &elsewhere, members[1]).await;
    let cancelled = scenario.cancel(&seat, &by(members[0]).build()).await.unwrap();
    assert_eq!(cancelled.promoted.map(|promoted| promoted.id), Some(free.id));
    assert_eq!(positions(&scenario, &[&busy]).await, [Some(1)]);
    scenario.assert_sound().await;

    scenario.cancel(&conflicting, &by(members[1]).build()).await.unwrap();
    let cancelled = scenario.cancel(&free, &by(members[2]).build()).await.unwrap();
    assert_eq!(cancelled.promoted.map(|promoted| promoted.id), Some(busy.id));
    scenario.assert_sound().await;
}

#[tokio::test]
async fn leaving_the_waitlist_frees_no_seat() {
    let scenario = Scenario::new().await;
    let event = event(&scenario, 1).await;
    let members = scenario.crowd(3).await;
    let _seat = join(&scenario, &event, members[0]).await;
    let leaving = join(&scenario, &event, members[1]).await;
    let staying = join(&scenario, &event, members[2]).await;
    let left = scenario.cancel(&leaving, &by(members[1]).build()).await.unwrap();
    assert_eq!(left.promoted, None);
    assert_eq!(positions(&scenario, &[&leaving, &staying]).await, [None, Some(1)]);
    assert_eq!(scenario.counts(first(&event)).await, (1, 1));
    scenario.assert_sound().await;
}

#[tokio::test]
async fn concurrent_cancellations_promote_as_many_waitlisted_members() {
    let scenario = Scenario::new().await;
    let event = event(&scenario, 20).await;
    let members = scenario.crowd(70).await;
    let mut registrations = Vec::new();
    for &member in &members {
        registrations.push(join(&scenario, &event, member).await);
    }
    let cancelled = join_all(registrations.iter().take(20).map(|seat| {
        let scenario = &scenario;
        async move { scenario.cancel(seat, &by(seat.member).build()).await.unwrap() }
    }))
    .await;
    let mut promoted: Vec<_> =
        cancelled.iter().map(|cancelled| cancelled.promoted.as_ref().unwrap().id).collect();
    promoted.sort_unstable();
    let mut expected: Vec<_> = registrations[20..40].iter().map(|registration| registration.id).collect();
    expected.sort_unstable();
    assert_eq!(promoted, expected);
    assert_eq!(scenario.counts(first(&event)).await, (20, 30));
    scenario.assert_sound().await;
}

#[tokio::test]
async fn an_unknown_member_gets_neither_a_seat_nor_a_waitlist_entry() {
    let scenario = Scenario::new().await;
    let event = event(&scenario, 1).await;
    let stranger = MemberId::from_uuid(convene_application::testing::builders::fresh_uuid());
    let change = by(stranger).build();
    assert_eq!(
        refusal(scenario.register(request_for(&event, stranger), &change).await),
        Refusal::not_found(Field::MemberId)
    );
    let member = scenario.member().await;
    let _seat = join(&scenario, &event, member).await;
    assert_eq!(
        refusal(scenario.register(waitlist_request_for(&event, stranger), &change).await),
        Refusal::not_found(Field::MemberId)
    );
    scenario.assert_sound().await;
}
