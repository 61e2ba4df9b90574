//! Waitlists of several members and occurrences through edits, splits and removals.

use convene_domain::{
    capacity::Capacity,
    duration::EventDuration,
    id::EventId,
    occurrence::OccurrenceKey,
    registration::{
        Registration,
        RegistrationStatusKind::{self, Cancelled, Confirmed, Waitlisted},
    },
};
use time::Duration;

use super::{
    environment::Environment,
    support::{FIRST, NOW, by_root, day, edit_of, refusal},
    tenant::Tenant,
};
use crate::{
    failure::Refusal,
    ports::{
        EditScope, EventEdit, EventPatch, OccurrenceEdit, OccurrenceField, OccurrencePatch,
        OccurrenceRestoration, OnAffected,
    },
    testing::builders::{EventBuilder, fresh_uuid, occurrence_key, register},
};

fn seats(number: u32) -> EventPatch {
    EventPatch { capacity: Capacity::new(number).ok(), ..EventPatch::default() }
}

async fn statuses(tenant: &Tenant, all: &[&Registration]) -> Vec<RegistrationStatusKind> {
    let mut statuses = Vec::new();
    for one in all {
        statuses.push(tenant.registration_now(one).await.status.kind());
    }
    statuses
}

async fn change(tenant: &Tenant, occurrence: OccurrenceKey, patch: OccurrencePatch) -> u32 {
    let edit = OccurrenceEdit { occurrence, patch, on_affected: OnAffected::Refuse };
    tenant
        .ports
        .events
        .update_occurrence(&tenant.scope, edit, &by_root())
        .await
        .unwrap()
        .promoted_registrations
}

pub(super) async fn more_seats_of_a_series_promote_in_each_occurrence(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 4).seats(1)).await;
    let crowd = tenant.crowd(3).await;
    let mut waiting = Vec::new();
    for number in 0..3 {
        tenant.seat(&event, day(number), &crowd[0]).await;
        for member in &crowd[1..] {
            waiting.push(tenant.seat_or_waitlist(&event, day(number), member).await);
        }
    }
    // The third day has a capacity of its own.
    change(
        &tenant,
        occurrence_key(&event, day(2)),
        OccurrencePatch { capacity: Capacity::new(2).ok(), ..OccurrencePatch::default() },
    )
    .await;
    let all: Vec<&Registration> = waiting.iter().collect();
    assert_eq!(
        statuses(&tenant, &all).await,
        [Waitlisted, Waitlisted, Waitlisted, Waitlisted, Confirmed, Waitlisted]
    );
    let new_event = EventId::from_uuid(fresh_uuid());
    let from = occurrence_key(&event, day(1));
    let split =
        EventEdit { scope: EditScope::ThisAndFollowing { from, new_event }, ..edit_of(event.id, seats(3)) };
    let changed = tenant.ports.events.update(&tenant.scope, split, &by_root()).await.unwrap();
    assert_eq!(changed.promoted_registrations, 2, "of the second day");
    assert_eq!(
        statuses(&tenant, &all).await,
        [Waitlisted, Waitlisted, Confirmed, Confirmed, Confirmed, Waitlisted]
    );
    let changed =
        tenant.ports.events.update(&tenant.scope, edit_of(event.id, seats(2)), &by_root()).await.unwrap();
    assert_eq!(changed.promoted_registrations, 1);
    assert_eq!(statuses(&tenant, &all[..2]).await, [Confirmed, Waitlisted], "in the order of the waitlist");
}

pub(super) async fn fewer_seats_keep_the_waitlist_until_one_is_free(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 2).seats(3)).await;
    let crowd = tenant.crowd(5).await;
    let mut all = Vec::new();
    for member in &crowd {
        all.push(tenant.seat_or_waitlist(&event, day(0), member).await);
    }
    tenant.cancel(&all[3]).await;
    let too_few = tenant.ports.events.update(&tenant.scope, edit_of(event.id, seats(2)), &by_root()).await;
    assert_eq!(refusal(too_few), Refusal::CapacityBelowRegistrations { taken: 3 });
    // The last one on the waitlist gets the seat, then the waitlist is empty and a seat may go.
    assert_eq!(tenant.cancel(&all[0]).await.promoted.map(|one| one.id), Some(all[4].id));
    tenant.cancel(&all[1]).await;
    tenant.ports.events.update(&tenant.scope, edit_of(event.id, seats(2)), &by_root()).await.unwrap();
    let full = tenant.try_register(register(occurrence_key(&event, day(0)), crowd[0].id), NOW).await;
    assert_eq!(refusal(full), Refusal::OccurrenceFull);
    let again = tenant.seat_or_waitlist(&event, day(0), &crowd[0]).await;
    assert_eq!(statuses(&tenant, &[&all[2], &all[4], &again]).await, [Confirmed, Confirmed, Waitlisted]);
}

/// Ada leaves X, Bob moves up from Y's time to X, Cem gets Bob's seat in Y, and Dee waits on.
pub(super) async fn a_seat_wanders_through_several_waitlists(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let x = tenant.event(EventBuilder::once(FIRST).seats(1)).await;
    let y = tenant.event(EventBuilder::once(FIRST).seats(1)).await;
    let z = tenant.event(EventBuilder::once(FIRST).seats(1)).await;
    let crowd = tenant.crowd(4).await;
    let [ada, bob, cem, dee] = [0, 1, 2, 3].map(|number: usize| &crowd[number]);
    let in_x = tenant.seat(&x, day(0), ada).await;
    let bob_waits = tenant.seat_or_waitlist(&x, day(0), bob).await;
    let in_y = tenant.seat(&y, day(0), bob).await;
    let cem_waits = tenant.seat_or_waitlist(&y, day(0), cem).await;
    let in_z = tenant.seat(&z, day(0), cem).await;
    let dee_waits = tenant.seat_or_waitlist(&z, day(0), dee).await;
    let dee_waits_too = tenant.seat_or_waitlist(&y, day(0), dee).await;
    let all = [&in_x, &bob_waits, &in_y, &cem_waits, &in_z, &dee_waits, &dee_waits_too];
    tenant.cancel(&in_x).await;
    assert_eq!(
        statuses(&tenant, &all).await,
        [Cancelled, Waitlisted, Confirmed, Waitlisted, Confirmed, Waitlisted, Waitlisted]
    );
    // Bob leaves Y: he gets X; Cem is busy in Z, so Dee gets Y.
    tenant.cancel(&in_y).await;
    assert_eq!(
        statuses(&tenant, &all).await,
        [Cancelled, Confirmed, Cancelled, Waitlisted, Confirmed, Waitlisted, Confirmed]
    );
    // Cem leaves Z, for which only Dee waits, who is busy in Y now.
    tenant.cancel(&in_z).await;
    assert_eq!(statuses(&tenant, &all[3..]).await, [Waitlisted, Cancelled, Waitlisted, Confirmed]);
    // Dee leaves Y: Cem is free and gets it, and Dee gets Z.
    tenant.cancel(&dee_waits_too).await;
    assert_eq!(statuses(&tenant, &all[3..]).await, [Confirmed, Cancelled, Confirmed, Cancelled]);
}

pub(super) async fn a_removed_member_leaves_seats_on_several_days(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 3).seats(1)).await;
    let other = tenant.event(EventBuilder::daily(FIRST, 3).seats(1)).await;
    let crowd = tenant.crowd(3).await;
    let mut waiting = Vec::new();
    for number in 0..3 {
        tenant.seat(&event, day(number), &crowd[0]).await;
        waiting.push(tenant.seat_or_waitlist(&event, day(number), &crowd[1]).await);
        waiting.push(tenant.seat_or_waitlist(&event, day(number), &crowd[2]).await);
    }
    let elsewhere = tenant.seat(&other, day(1), &crowd[1]).await;
    let removed = tenant.ports.members.remove(&tenant.scope, crowd[0].id, &by_root()).await.unwrap();
    assert_eq!((removed.cancelled_registrations, removed.promoted_registrations), (3, 3));
    let all: Vec<&Registration> = waiting.iter().collect();
    assert_eq!(
        statuses(&tenant, &all).await,
        [Confirmed, Waitlisted, Waitlisted, Confirmed, Confirmed, Waitlisted]
    );
    // The second member is removed as well.
    let removed = tenant.ports.members.remove(&tenant.scope, crowd[1].id, &by_root()).await.unwrap();
    assert_eq!((removed.cancelled_registrations, removed.promoted_registrations), (4, 2));
    assert_eq!(
        statuses(&tenant, &all).await,
        [Cancelled, Confirmed, Cancelled, Confirmed, Cancelled, Confirmed]
    );
    assert_eq!(statuses(&tenant, &[&elsewhere]).await, [Cancelled]);
}

pub(super) async fn a_waitlist_is_served_when_times_no_longer_overlap(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let wanted = tenant.event(EventBuilder::daily(FIRST, 3).seats(1)).await;
    let half = FIRST + Duration::minutes(30);
    let other = tenant.event(EventBuilder::daily(half, 3).seats(1)).await;
    let crowd = tenant.crowd(2).await;
    let mut waiting = Vec::new();
    for number in 0..3 {
        let seat = tenant.seat(&wanted, day(number), &crowd[0]).await;
        waiting.push(tenant.seat_or_waitlist(&wanted, day(number), &crowd[1]).await);
        tenant.seat(&other, day(number) + Duration::minutes(30), &crowd[1]).await;
        tenant.cancel(&seat).await;
    }
    let all: Vec<&Registration> = waiting.iter().collect();
    assert_eq!(statuses(&tenant, &all).await, [Waitlisted; 3]);
    // One occurrence of the wanted event moves away, and back.
    let key = waiting[0].occurrence;
    let to = |start| OccurrencePatch { starts_at: Some(start), ..OccurrencePatch::default() };
    assert_eq!(change(&tenant, key, to(FIRST - Duration::minutes(20))).await, 0);
    assert_eq!(change(&tenant, key, to(FIRST - Duration::minutes(30))).await, 1, "they only touch");
    let back = OccurrenceRestoration {
        occurrence: key,
        fields: vec![OccurrenceField::StartsAt],
        expected_version: None,
        on_affected: OnAffected::Refuse,
    };
    let refused = tenant.ports.events.restore_occurrence(&tenant.scope, back, &by_root()).await;
    assert!(matches!(refusal(refused), Refusal::RegistrationsAffected { count: 1, .. }));
    // The wanted event becomes shorter, by a split from the second day on.
    let new_event = EventId::from_uuid(fresh_uuid());
    let scope = EditScope::ThisAndFollowing { from: waiting[1].occurrence, new_event };
    let duration = EventDuration::new(Duration::minutes(30)).ok();
    let split = EventEdit { scope, ..edit_of(wanted.id, EventPatch { duration, ..EventPatch::default() }) };
    let changed = tenant.ports.events.update(&tenant.scope, split, &by_root()).await.unwrap();
    assert_eq!((changed.promoted_registrations, changed.moved_registrations), (2, 2));
    assert_eq!(statuses(&tenant, &all).await, [Confirmed; 3]);
}

pub(super) async fn a_member_who_waits_for_overlapping_seats_gets_them_one_by_one(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let x = tenant.event(EventBuilder::once(FIRST).seats(1)).await;
    let y = tenant.event(EventBuilder::once(FIRST + Duration::minutes(30)).seats(1)).await;
    let crowd = tenant.crowd(3).await;
    let half = day(0) + Duration::minutes(30);
    let in_x = tenant.seat(&x, day(0), &crowd[0]).await;
    let in_y = tenant.seat(&y, half, &crowd[1]).await;
    let for_x = tenant.seat_or_waitlist(&x, day(0), &crowd[2]).await;
    let for_y = tenant.seat_or_waitlist(&y, half, &crowd[2]).await;
    tenant.cancel(&in_x).await;
    tenant.cancel(&in_y).await;
    assert_eq!(statuses(&tenant, &[&for_x, &for_y]).await, [Confirmed, Waitlisted]);
    let promoted = tenant.cancel(&for_x).await;
    assert_eq!(promoted.promoted, None, "nobody else waits for this seat");
    assert_eq!(statuses(&tenant, &[&for_x, &for_y]).await, [Cancelled, Confirmed]);
    // Waiting again behind nobody, for the seat that is free: it is given at once, but the time is not free.
    let again = tenant.try_register(register(occurrence_key(&x, day(0)), crowd[2].id), NOW).await;
    assert!(matches!(refusal(again), Refusal::ScheduleConflict { .. }));
}
