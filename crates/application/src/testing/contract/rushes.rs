//! Many concurrent callers. In any order of execution, exactly those calls succeed that may.

use std::pin::Pin;

use convene_domain::{
    capacity::Capacity,
    event::Event,
    member::Member,
    occurrence::OccurrenceKey,
    registration::{Registration, RegistrationStatus},
};
use time::Duration;

use super::{
    environment::Environment,
    support::{FIRST, NOW, by_root, concurrently, day, refusal},
    tenant::Tenant,
};
use crate::{
    failure::{Field, Outcome, Refusal},
    ports::{
        EditScope, EventEdit, EventPatch, OccurrenceEdit, OccurrencePatch, OnAffected, RegisterRequest,
        RegistrationFilter,
    },
    testing::builders::{EventBuilder, occurrence_key, register},
};

/// Calls that have not been made yet.
type Calls = Vec<Pin<Box<dyn Future<Output = ()> + Send>>>;

/// A call to register that has not been made yet.
fn call(
    tenant: &Tenant,
    event: &Event,
    start: convene_domain::time::Instant,
    member: &Member,
    join_waitlist: bool,
) -> impl Future<Output = Outcome<Registration>> + Send + 'static {
    let tenant = tenant.clone();
    let request = RegisterRequest { join_waitlist, ..register(occurrence_key(event, start), member.id) };
    async move { tenant.try_register(request, NOW).await }
}

fn replies_and_refusals<T: std::fmt::Debug>(outcomes: Vec<Outcome<T>>) -> (Vec<T>, Vec<Refusal>) {
    let (mut replies, mut refusals) = (Vec::new(), Vec::new());
    for outcome in outcomes {
        match outcome {
            Ok(reply) => replies.push(reply),
            refused => refusals.push(refusal(refused)),
        }
    }
    (replies, refusals)
}

pub(super) async fn confirms_ten_of_two_hundred_for_ten_seats(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::weekly(FIRST).seats(10)).await;
    let crowd = tenant.crowd(200).await;
    let calls: Vec<_> = crowd.iter().map(|member| call(&tenant, &event, day(0), member, false)).collect();
    let (replies, refusals) = replies_and_refusals(concurrently(calls).await);
    assert_eq!(replies.len(), 10);
    assert!(refusals.iter().all(|refusal| *refusal == Refusal::OccurrenceFull), "{refusals:?}");
    assert_eq!(tenant.counts(replies[0].occurrence).await, (10, 0));
}

pub(super) async fn confirms_one_and_waitlists_the_others_for_one_seat(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::once(FIRST).seats(1)).await;
    let crowd = tenant.crowd(32).await;
    let calls: Vec<_> = crowd.iter().map(|member| call(&tenant, &event, day(0), member, true)).collect();
    let (replies, refusals) = replies_and_refusals(concurrently(calls).await);
    assert_eq!(refusals, []);
    let seats = replies.iter().filter(|one| one.status == RegistrationStatus::Confirmed).count();
    assert_eq!(seats, 1);
    assert_eq!(tenant.counts(replies[0].occurrence).await, (1, 31));
    let ids: Vec<_> = replies.iter().map(|one| one.id).collect();
    let positions = tenant.ports.registrations.waitlist_positions(&tenant.scope, &ids).await.unwrap();
    let mut positions: Vec<_> = positions.into_values().collect();
    positions.sort_unstable();
    assert_eq!(positions, (1..=31).collect::<Vec<_>>());
}

pub(super) async fn confirms_one_of_many_overlapping_registrations(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let ada = tenant.member("ada").await;
    let mut calls = Vec::new();
    for minutes in 0..32 {
        let start = FIRST + Duration::minutes(minutes);
        let event = tenant.event(EventBuilder::once(start)).await;
        calls.push(call(&tenant, &event, start.as_utc(), &ada, false));
    }
    let (replies, refusals) = replies_and_refusals(concurrently(calls).await);
    assert_eq!(replies.len(), 1);
    let with = Refusal::ScheduleConflict { with: Box::new(replies[0].clone()) };
    assert!(refusals.iter().all(|refusal| *refusal == with), "{refusals:?}");
    assert_eq!(tenant.active_of(ada.id).await, replies);
}

pub(super) async fn registers_a_member_once_under_concurrent_calls(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::weekly(FIRST).seats(20)).await;
    let ada = tenant.member("ada").await;
    let calls: Vec<_> = (0..16).map(|_| call(&tenant, &event, day(0), &ada, false)).collect();
    let (replies, refusals) = replies_and_refusals(concurrently(calls).await);
    assert_eq!(replies.len(), 1);
    assert!(refusals.iter().all(|refusal| *refusal == Refusal::AlreadyRegistered), "{refusals:?}");
    assert_eq!(tenant.counts(replies[0].occurrence).await, (1, 0));
}

pub(super) async fn fills_all_seats_although_some_members_have_conflicts(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::once(FIRST).seats(8)).await;
    let other = tenant.event(EventBuilder::once(FIRST).seats(100)).await;
    let crowd = tenant.crowd(24).await;
    for member in crowd.iter().step_by(2) {
        tenant.seat(&other, day(0), member).await;
    }
    let calls: Vec<_> = crowd.iter().map(|member| call(&tenant, &event, day(0), member, false)).collect();
    let (replies, refusals) = replies_and_refusals(concurrently(calls).await);
    assert_eq!(replies.len(), 8, "twelve could take the eight seats: {refusals:?}");
}

pub(super) async fn cancels_a_registration_once_under_concurrent_calls(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::once(FIRST).seats(2)).await;
    let crowd = tenant.crowd(4).await;
    let seat = tenant.seat(&event, day(0), &crowd[0]).await;
    tenant.seat(&event, day(0), &crowd[1]).await;
    tenant.seat_or_waitlist(&event, day(0), &crowd[2]).await;
    tenant.seat_or_waitlist(&event, day(0), &crowd[3]).await;
    let calls: Vec<_> = (0..8)
        .map(|_| {
            let (tenant, seat) = (tenant.clone(), seat.clone());
            async move { tenant.try_cancel(&seat, NOW).await }
        })
        .collect();
    let (replies, refusals) = replies_and_refusals(concurrently(calls).await);
    assert_eq!(replies.len(), 1);
    assert!(refusals.iter().all(|refusal| *refusal == Refusal::AlreadyCancelled), "{refusals:?}");
    assert_eq!(replies[0].promoted.as_ref().map(|promoted| promoted.member), Some(crowd[2].id));
    assert_eq!(tenant.counts(seat.occurrence).await, (2, 1));
}

pub(super) async fn keeps_all_seats_filled_while_members_register_and_cancel(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::weekly(FIRST).seats(5)).await;
    let crowd = tenant.crowd(40).await;
    let mut seats = Vec::new();
    for member in &crowd[..5] {
        seats.push(tenant.seat(&event, day(0), member).await);
    }
    let registrations = crowd[5..].iter().map(|member| call(&tenant, &event, day(0), member, true));
    let mut calls: Calls = Vec::new();
    for registering in registrations {
        calls.push(Box::pin(async move {
            registering.await.expect("a registration is made");
        }));
    }
    for seat in seats.clone() {
        let tenant = tenant.clone();
        calls.push(Box::pin(async move {
            tenant.cancel(&seat).await;
        }));
    }
    concurrently(calls).await;
    assert_eq!(tenant.counts(seats[0].occurrence).await, (5, 30));
}

pub(super) async fn never_removes_seats_that_are_taken_concurrently(environment: Environment) {
    for round in 0..5 {
        let tenant = environment.tenant(&format!("choir-{round}")).await;
        let event = tenant.event(EventBuilder::daily(FIRST, 3).seats(20)).await;
        let crowd = tenant.crowd(20).await;
        let key = OccurrenceKey { event: event.id, original_start: day(0) };
        if round % 2 == 0 {
            tenant.seat(&event, day(0), &tenant.admin).await;
        }
        let shrink = {
            let tenant = tenant.clone();
            let patch =
                OccurrencePatch { capacity: Some(Capacity::new(8).unwrap()), ..OccurrencePatch::default() };
            let edit = OccurrenceEdit { occurrence: key, patch, on_affected: OnAffected::Refuse };
            async move {
                match tenant.ports.events.update_occurrence(&tenant.scope, edit, &by_root()).await {
                    Ok(_) => {}
                    refused => assert!(
                        matches!(refusal(refused), Refusal::CapacityBelowRegistrations { taken } if taken > 8)
                    ),
                }
            }
        };
        let mut calls: Calls = vec![Box::pin(shrink)];
        for member in &crowd {
            let registering = call(&tenant, &event, day(0), member, false);
            calls.push(Box::pin(async move {
                if let Err(refused) = registering.await {
                    assert_eq!(refusal::<()>(Err(refused)), Refusal::OccurrenceFull);
                }
            }));
        }
        concurrently(calls).await;
        let stored = tenant.stored(key).await.unwrap();
        assert!(stored.taken == stored.capacity.get() || stored.capacity.get() == 20, "{stored:?}");
    }
}

pub(super) async fn registers_before_or_after_a_concurrent_edit_never_in_between(environment: Environment) {
    for round in 0..5 {
        let tenant = environment.tenant(&format!("choir-{round}")).await;
        let event = tenant.event(EventBuilder::once(FIRST)).await;
        let crowd = tenant.crowd(10).await;
        let move_on = {
            let tenant = tenant.clone();
            let patch = EventPatch { starts_at: Some(FIRST + Duration::hours(5)), ..EventPatch::default() };
            let edit = EventEdit {
                event: event.id,
                expected_version: None,
                scope: EditScope::All,
                patch,
                on_affected: OnAffected::Refuse,
            };
            async move {
                tenant.ports.events.update(&tenant.scope, edit, &by_root()).await.unwrap();
            }
        };
        let mut calls: Calls = vec![Box::pin(move_on)];
        for member in &crowd {
            let registering = call(&tenant, &event, day(0), member, false);
            calls.push(Box::pin(async move {
                if let Err(refused) = registering.await {
                    let gone = Refusal::not_found(Field::OccurrenceId);
                    assert_eq!(refusal::<()>(Err(refused)), gone, "the key is the old one");
                }
            }));
        }
        concurrently(calls).await;
        let new_time = event.interval_from(day(0) + Duration::hours(5));
        let all = tenant.registrations(RegistrationFilter::default()).await;
        assert!(all.iter().all(|one| one.interval == new_time), "all registrations move: {all:?}");
    }
}

pub(super) async fn deletes_an_event_or_registers_for_it_never_both(environment: Environment) {
    for round in 0..5 {
        let tenant = environment.tenant(&format!("choir-{round}")).await;
        let event = tenant.event(EventBuilder::daily(FIRST, 3)).await;
        let ada = tenant.member("ada").await;
        let registering = call(&tenant, &event, day(0), &ada, false);
        let delete = {
            let (tenant, id) = (tenant.clone(), event.id);
            async move { tenant.ports.events.delete(&tenant.scope, id, &by_root()).await }
        };
        let (registered, deleted) = tokio::join!(tokio::spawn(registering), tokio::spawn(delete));
        match (registered.unwrap(), deleted.unwrap()) {
            (Ok(registration), refused) => {
                let registrations = vec![registration];
                assert_eq!(refusal(refused), Refusal::RegistrationsAffected { count: 1, registrations });
            }
            (refused, deleted) => {
                assert_eq!(refusal(refused), Refusal::not_found(Field::OccurrenceId));
                deleted.unwrap();
            }
        }
    }
}
