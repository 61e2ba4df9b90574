//! The waitlist of a full occurrence, and promotions from it.

use convene_domain::{
    capacity::Capacity,
    id::RegistrationId,
    occurrence::OccurrenceKey,
    registration::{CancellationReason, Registration, RegistrationStatus, RegistrationStatusKind},
};
use time::Duration;

use super::{
    environment::Environment,
    support::{FIRST, NOW, by_root, by_root_at, day, refusal},
    tenant::Tenant,
};
use crate::{
    failure::Refusal,
    ports::{EditScope, EventEdit, EventPatch, MemberRemoved, OccurrenceEdit, OccurrencePatch, OnAffected},
    testing::builders::{EventBuilder, fresh_uuid, occurrence_key, register},
};

/// The waitlist positions of registrations, 0 for those that are not waitlisted.
async fn positions(tenant: &Tenant, registrations: &[&Registration]) -> Vec<u32> {
    let ids: Vec<_> = registrations.iter().map(|registration| registration.id).collect();
    let found = tenant.ports.registrations.waitlist_positions(&tenant.scope, &ids).await.unwrap();
    assert!(found.keys().all(|id| ids.contains(id)), "only the given registrations");
    ids.iter().map(|id| found.get(id).copied().unwrap_or_default()).collect()
}

pub(super) async fn waitlists_members_in_order_of_arrival(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 2).seats(1)).await;
    let crowd = tenant.crowd(4).await;
    let seat = tenant.seat_or_waitlist(&event, day(0), &crowd[0]).await;
    assert_eq!(seat.status, RegistrationStatus::Confirmed, "a seat was free");
    let journal = tenant.journal().await;
    let mut waitlist = Vec::new();
    for member in crowd[1..].iter().rev() {
        waitlist.push(tenant.seat_or_waitlist(&event, day(0), member).await);
    }
    journal
        .expect([0, 1, 2].map(|place: usize| ("registration.waitlisted", waitlist[place].id.to_string())))
        .await;
    let sequences: Vec<_> = waitlist.iter().map(|one| one.status.waitlist_sequence()).collect();
    assert_eq!(sequences, [Some(1), Some(2), Some(3)]);
    assert_eq!(tenant.counts(seat.occurrence).await, (1, 3));
    assert_eq!(positions(&tenant, &[&waitlist[2], &seat, &waitlist[0], &waitlist[1]]).await, [3, 0, 1, 2]);
    let unknown = Registration { id: RegistrationId::from_uuid(fresh_uuid()), ..seat.clone() };
    assert_eq!(positions(&tenant, &[&unknown]).await, [0]);

    // Each occurrence has its own waitlist.
    tenant.seat(&event, day(1), &crowd[0]).await;
    let elsewhere = tenant.seat_or_waitlist(&event, day(1), &crowd[1]).await;
    assert_eq!(positions(&tenant, &[&elsewhere]).await, [1]);
}

pub(super) async fn lets_waitlisted_members_register_elsewhere_at_that_time(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let full = tenant.event(EventBuilder::once(FIRST).seats(1)).await;
    let other = tenant.event(EventBuilder::once(FIRST)).await;
    let crowd = tenant.crowd(2).await;
    tenant.seat(&full, day(0), &crowd[0]).await;
    tenant.seat_or_waitlist(&full, day(0), &crowd[1]).await;
    tenant.seat(&other, day(0), &crowd[1]).await;
    assert_eq!(tenant.active_of(crowd[1].id).await.len(), 2);
}

pub(super) async fn promotes_the_first_member_after_a_cancellation(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 2).seats(1)).await;
    let crowd = tenant.crowd(3).await;
    let seat = tenant.seat(&event, day(0), &crowd[0]).await;
    let first = tenant.seat_or_waitlist(&event, day(0), &crowd[1]).await;
    let second = tenant.seat_or_waitlist(&event, day(0), &crowd[2]).await;
    let journal = tenant.journal().await;
    let cancelled = tenant.cancel(&seat).await;
    let promoted = cancelled.promoted.expect("somebody is promoted");
    assert_eq!((promoted.id, promoted.member), (first.id, crowd[1].id));
    assert_eq!(promoted.status, RegistrationStatus::Confirmed);
    assert_eq!(tenant.registration_now(&first).await, promoted);
    assert_eq!(tenant.counts(seat.occurrence).await, (1, 1));
    assert_eq!(positions(&tenant, &[&first, &second]).await, [0, 1]);
    journal
        .expect([
            ("registration.cancelled", seat.id.to_string()),
            ("registration.promoted", first.id.to_string()),
        ])
        .await;
    // The promoted member holds the time, too.
    let other = tenant.event(EventBuilder::once(FIRST)).await;
    let refused = tenant.try_register(register(occurrence_key(&other, day(0)), crowd[1].id), NOW).await;
    assert_eq!(refusal(refused), Refusal::ScheduleConflict { with: Box::new(promoted) });
}

pub(super) async fn passes_over_members_with_a_conflict_who_keep_their_position(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::once(FIRST).seats(1)).await;
    let other = tenant.event(EventBuilder::once(FIRST + Duration::minutes(30))).await;
    let crowd = tenant.crowd(3).await;
    let seat = tenant.seat(&event, day(0), &crowd[0]).await;
    let busy = tenant.seat_or_waitlist(&event, day(0), &crowd[1]).await;
    let free = tenant.seat_or_waitlist(&event, day(0), &crowd[2]).await;
    let elsewhere = tenant.seat(&other, day(0) + Duration::minutes(30), &crowd[1]).await;

    let promoted = tenant.cancel(&seat).await.promoted.expect("the second is promoted");
    assert_eq!(promoted.id, free.id);
    assert_eq!(tenant.registration_now(&busy).await, busy, "with its sequence");
    assert_eq!(positions(&tenant, &[&busy]).await, [1]);
    assert_eq!(tenant.cancel(&promoted).await.promoted, None, "no waitlisted member is free");
    assert_eq!(tenant.counts(seat.occurrence).await, (0, 1));

    // Anybody can take the free seat. The waitlisted member is promoted next, once their time is free.
    let quick = tenant.seat(&event, day(0), &crowd[0]).await;
    tenant.cancel(&elsewhere).await;
    let promoted = tenant.cancel(&quick).await.promoted.expect("the time is free now");
    assert_eq!(promoted.id, busy.id);
}

pub(super) async fn lets_members_leave_the_waitlist(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::once(FIRST).seats(1)).await;
    let crowd = tenant.crowd(4).await;
    let seat = tenant.seat(&event, day(0), &crowd[0]).await;
    let first = tenant.seat_or_waitlist(&event, day(0), &crowd[1]).await;
    let second = tenant.seat_or_waitlist(&event, day(0), &crowd[2]).await;
    let journal = tenant.journal().await;
    let cancelled = tenant.cancel(&first).await;
    assert_eq!(cancelled.promoted, None, "no seat became free");
    assert_eq!(cancelled.registration.status.kind(), RegistrationStatusKind::Cancelled);
    journal.expect([("registration.cancelled", first.id.to_string())]).await;
    assert_eq!(tenant.counts(seat.occurrence).await, (1, 1));
    assert_eq!(positions(&tenant, &[&first, &second]).await, [0, 1]);
    // A member who joins again is the last.
    let third = tenant.seat_or_waitlist(&event, day(0), &crowd[3]).await;
    let again = tenant.seat_or_waitlist(&event, day(0), &crowd[1]).await;
    assert_eq!(positions(&tenant, &[&second, &third, &again]).await, [1, 2, 3]);
}

pub(super) async fn lets_members_who_join_again_wait_behind_the_others(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 2).seats(1)).await;
    let crowd = tenant.crowd(3).await;
    let held = tenant.seat(&event, day(0), &crowd[0]).await;
    let first = tenant.seat_or_waitlist(&event, day(0), &crowd[1]).await;
    let second = tenant.seat_or_waitlist(&event, day(0), &crowd[2]).await;
    tenant.cancel(&first).await;
    let again = tenant.seat_or_waitlist(&event, day(0), &crowd[1]).await;
    assert_eq!(positions(&tenant, &[&second, &again]).await, [1, 2]);
    // Who gives a seat back waits like everybody else.
    assert_eq!(tenant.cancel(&held).await.promoted.map(|one| one.id), Some(second.id));
    let last = tenant.seat_or_waitlist(&event, day(0), &crowd[0]).await;
    assert_eq!(positions(&tenant, &[&again, &last]).await, [1, 2]);
    assert_eq!(tenant.cancel(&second).await.promoted.map(|one| one.id), Some(again.id));
}

pub(super) async fn promotes_members_to_seats_that_are_added_to_an_event(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 2).seats(1)).await;
    let crowd = tenant.crowd(5).await;
    let seat = tenant.seat(&event, day(0), &crowd[0]).await;
    let mut waitlist = Vec::new();
    for member in &crowd[1..] {
        waitlist.push(tenant.seat_or_waitlist(&event, day(0), member).await);
    }
    let journal = tenant.journal().await;
    let edit = EventEdit {
        event: event.id,
        expected_version: None,
        scope: EditScope::All,
        patch: EventPatch { capacity: Some(Capacity::new(3).unwrap()), ..EventPatch::default() },
        on_affected: OnAffected::Refuse,
    };
    let changed = tenant.ports.events.update(&tenant.scope, edit, &by_root()).await.unwrap();
    assert_eq!(changed.cancelled_registrations, 0);
    journal
        .expect([
            ("event.updated", event.id.to_string()),
            ("registration.promoted", waitlist[0].id.to_string()),
            ("registration.promoted", waitlist[1].id.to_string()),
        ])
        .await;
    assert_eq!(tenant.counts(seat.occurrence).await, (3, 2));
    let left: Vec<&Registration> = waitlist.iter().collect();
    assert_eq!(positions(&tenant, &left).await, [0, 0, 1, 2]);
}

pub(super) async fn promotes_members_to_seats_that_are_added_to_an_occurrence(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 2).seats(1)).await;
    let crowd = tenant.crowd(4).await;
    let seat = tenant.seat(&event, day(0), &crowd[0]).await;
    let mut waitlist = Vec::new();
    for member in &crowd[1..] {
        waitlist.push(tenant.seat_or_waitlist(&event, day(0), member).await);
    }
    let blocked = tenant.event(EventBuilder::once(FIRST)).await;
    tenant.seat(&blocked, day(0), &crowd[1]).await;
    let journal = tenant.journal().await;
    let edit = OccurrenceEdit {
        occurrence: seat.occurrence,
        patch: OccurrencePatch { capacity: Some(Capacity::new(2).unwrap()), ..OccurrencePatch::default() },
        on_affected: OnAffected::Refuse,
    };
    let changed = tenant.ports.events.update_occurrence(&tenant.scope, edit, &by_root()).await.unwrap();
    assert_eq!((changed.now.capacity.get(), changed.now.taken, changed.now.waiting), (2, 2, 2));
    journal
        .expect([
            ("occurrence.updated", seat.occurrence.to_string()),
            ("registration.promoted", waitlist[1].id.to_string()),
        ])
        .await;
}

pub(super) async fn promotes_members_after_a_member_is_removed(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let series = tenant.event(EventBuilder::daily(FIRST, 9).seats(1)).await;
    let crowd = tenant.crowd(2).await;
    let [ada, bea] = crowd.as_slice() else { panic!("two") };
    let ended = tenant.seat(&series, day(0), ada).await;
    let running = tenant.seat(&series, day(1), ada).await;
    let coming = tenant.seat(&series, day(2), ada).await;
    let next_but_one = tenant.seat(&series, day(3), ada).await;
    let cancelled = tenant.seat(&series, day(4), ada).await;
    tenant.cancel(&cancelled).await;
    tenant.seat(&series, day(5), bea).await;
    let waiting = tenant.seat_or_waitlist(&series, day(5), ada).await;
    let late = tenant.seat_or_waitlist(&series, day(1), bea).await;
    let promoted = tenant.seat_or_waitlist(&series, day(2), bea).await;

    let journal = tenant.journal().await;
    let now = day(1) + Duration::minutes(30);
    let removed = tenant.ports.members.remove(&tenant.scope, ada.id, &by_root_at(now)).await.unwrap();
    assert_eq!(
        removed,
        MemberRemoved {
            id: ada.id,
            cancelled_registrations: 4,
            promoted_registrations: 1,
            remaining_registrations: 0,
        }
    );
    journal
        .expect([
            ("member.removed", ada.id.to_string()),
            ("registration.cancelled", running.id.to_string()),
            ("registration.cancelled", coming.id.to_string()),
            ("registration.cancelled", next_but_one.id.to_string()),
            ("registration.cancelled", waiting.id.to_string()),
            ("registration.promoted", promoted.id.to_string()),
        ])
        .await;
    assert_eq!(tenant.registration_now(&ended).await, ended, "ended registrations stay");
    for registration in [&running, &coming, &next_but_one, &waiting] {
        let now = tenant.registration_now(registration).await;
        assert_eq!(now.status.cancellation_reason(), Some(CancellationReason::MemberRemoved));
    }
    assert_eq!(tenant.registration_now(&promoted).await.status, RegistrationStatus::Confirmed);
    assert_eq!(tenant.registration_now(&late).await, late, "nobody is promoted after the start");
    let cancelled = tenant.registration_now(&cancelled).await;
    assert_eq!(cancelled.status.cancellation_reason(), Some(CancellationReason::ByMember));
    let key = OccurrenceKey { event: series.id, original_start: day(3) };
    assert_eq!(tenant.counts(key).await, (0, 0));
}
