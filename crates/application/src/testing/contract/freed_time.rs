//! Promotions of members whose time becomes free while a seat is free.

use convene_domain::{
    capacity::Capacity,
    event::Event,
    member::Member,
    occurrence::OccurrenceKey,
    registration::{Registration, RegistrationStatus},
    time::LocalDateTime,
};
use time::Duration;

use super::{
    environment::Environment,
    support::{FIRST, NOW, by_root, by_root_at, day, refusal},
    tenant::Tenant,
};
use crate::{
    failure::Refusal,
    ports::{EditScope, EventEdit, EventPatch, OccurrenceEdit, OccurrencePatch, OnAffected},
    testing::builders::{EventBuilder, occurrence_key, register},
};

/// A free seat, and a member who waits for it with a seat elsewhere at that time.
struct Stalled {
    tenant: Tenant,
    /// The event with one seat, which is free.
    wanted: Event,
    member: Member,
    waiting: Registration,
    /// The event in which the member has a seat.
    other: Event,
    elsewhere: Registration,
}

impl Stalled {
    /// The other event is daily and has two seats.
    async fn new(environment: &Environment) -> Self {
        let tenant = environment.tenant("choir").await;
        let wanted = tenant.event(EventBuilder::once(FIRST).seats(1)).await;
        let other = tenant.event(EventBuilder::daily(FIRST, 3).seats(2)).await;
        let crowd = tenant.crowd(2).await;
        let [first, member] = crowd.try_into().expect("two members");
        let seat = tenant.seat(&wanted, day(0), &first).await;
        let waiting = tenant.seat_or_waitlist(&wanted, day(0), &member).await;
        let elsewhere = tenant.seat(&other, day(0), &member).await;
        assert_eq!(tenant.cancel(&seat).await.promoted, None, "the member is busy");
        assert_eq!(tenant.counts(waiting.occurrence).await, (0, 1));
        Self { tenant, wanted, member, waiting, other, elsewhere }
    }

    async fn expect_promotion(&self) {
        let now = self.tenant.registration_now(&self.waiting).await;
        assert_eq!(now.status, RegistrationStatus::Confirmed);
        assert_eq!(self.tenant.counts(self.waiting.occurrence).await, (1, 0));
    }

    async fn edit(&self, patch: EventPatch, on_affected: OnAffected) {
        let edit = EventEdit {
            event: self.other.id,
            expected_version: None,
            scope: EditScope::All,
            patch,
            on_affected,
        };
        let edited = self.tenant.ports.events.update(&self.tenant.scope, edit, &by_root()).await.unwrap();
        assert_eq!(edited.promoted_registrations, 1);
    }
}

async fn busy(tenant: &Tenant, start: LocalDateTime, member: &Member) -> Registration {
    let event = tenant.event(EventBuilder::once(start)).await;
    tenant.seat(&event, start.as_utc(), member).await
}

pub(super) async fn promotes_a_member_who_cancels_elsewhere(environment: Environment) {
    let stalled = Stalled::new(&environment).await;
    let journal = stalled.tenant.journal().await;
    let cancelled = stalled.tenant.cancel(&stalled.elsewhere).await;
    assert_eq!(cancelled.promoted, None, "nobody got the cancelled seat");
    stalled.expect_promotion().await;
    journal
        .expect([
            ("registration.cancelled", stalled.elsewhere.id.to_string()),
            ("registration.promoted", stalled.waiting.id.to_string()),
        ])
        .await;
}

pub(super) async fn promotes_a_member_whose_seat_moves(environment: Environment) {
    let stalled = Stalled::new(&environment).await;
    let starts_at = Some(FIRST + Duration::hours(5));
    stalled.edit(EventPatch { starts_at, ..EventPatch::default() }, OnAffected::Refuse).await;
    stalled.expect_promotion().await;
    let now = stalled.tenant.registration_now(&stalled.elsewhere).await;
    assert_eq!(now.status, RegistrationStatus::Confirmed, "the seat was kept");
}

pub(super) async fn promotes_a_member_whose_occurrence_is_moved(environment: Environment) {
    let stalled = Stalled::new(&environment).await;
    let patch = OccurrencePatch { starts_at: Some(FIRST + Duration::hours(5)), ..OccurrencePatch::default() };
    let edit =
        OccurrenceEdit { occurrence: stalled.elsewhere.occurrence, patch, on_affected: OnAffected::Refuse };
    let tenant = &stalled.tenant;
    let changed = tenant.ports.events.update_occurrence(&tenant.scope, edit, &by_root()).await.unwrap();
    assert_eq!(changed.promoted_registrations, 1);
    stalled.expect_promotion().await;
}

pub(super) async fn promotes_a_member_whose_occurrence_is_cancelled(environment: Environment) {
    let stalled = Stalled::new(&environment).await;
    let tenant = &stalled.tenant;
    let key = stalled.elsewhere.occurrence;
    let changed = tenant.ports.events.cancel_occurrence(&tenant.scope, key.into(), &by_root()).await.unwrap();
    assert_eq!(changed.promoted_registrations, 1);
    stalled.expect_promotion().await;
}

pub(super) async fn promotes_a_member_whose_event_is_cancelled(environment: Environment) {
    let stalled = Stalled::new(&environment).await;
    let tenant = &stalled.tenant;
    let changed = tenant.ports.events.cancel(&tenant.scope, stalled.other.id, &by_root()).await.unwrap();
    assert_eq!(changed.promoted_registrations, 1);
    stalled.expect_promotion().await;
}

pub(super) async fn promotes_a_member_whose_seat_is_dropped(environment: Environment) {
    let stalled = Stalled::new(&environment).await;
    let starts_at = Some(FIRST + Duration::days(40));
    let recurrence = Some(None);
    let patch = EventPatch { starts_at, recurrence, ..EventPatch::default() };
    stalled.edit(patch, OnAffected::CancelRegistrations).await;
    stalled.expect_promotion().await;
}

/// Part of the time is enough if the wanted occurrence is in it.
pub(super) async fn promotes_a_member_whose_seat_is_shortened(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let later = FIRST + Duration::minutes(30);
    let wanted = tenant.event(EventBuilder::once(later).seats(1)).await;
    let other = tenant.event(EventBuilder::daily(FIRST, 3)).await;
    let crowd = tenant.crowd(2).await;
    let seat = tenant.seat(&wanted, later.as_utc(), &crowd[0]).await;
    let waiting = tenant.seat_or_waitlist(&wanted, later.as_utc(), &crowd[1]).await;
    tenant.seat(&other, day(0), &crowd[1]).await;
    tenant.cancel(&seat).await;
    let duration = convene_domain::duration::EventDuration::new(Duration::minutes(30)).unwrap();
    let edit = OccurrenceEdit {
        occurrence: OccurrenceKey { event: other.id, original_start: day(0) },
        patch: OccurrencePatch { duration: Some(duration), ..OccurrencePatch::default() },
        on_affected: OnAffected::Refuse,
    };
    let changed = tenant.ports.events.update_occurrence(&tenant.scope, edit, &by_root()).await.unwrap();
    assert_eq!(changed.promoted_registrations, 1);
    assert_eq!(tenant.registration_now(&waiting).await.status, RegistrationStatus::Confirmed);
}

/// The wanted occurrence moves to a time at which the member is free.
pub(super) async fn promotes_a_member_to_a_seat_that_moves(environment: Environment) {
    let stalled = Stalled::new(&environment).await;
    let edit = EventEdit {
        event: stalled.wanted.id,
        expected_version: None,
        scope: EditScope::All,
        patch: EventPatch { starts_at: Some(FIRST + Duration::hours(5)), ..EventPatch::default() },
        on_affected: OnAffected::Refuse,
    };
    let tenant = &stalled.tenant;
    let changed = tenant.ports.events.update(&tenant.scope, edit, &by_root()).await.unwrap();
    assert_eq!(changed.promoted_registrations, 1);
    assert_eq!(tenant.registration_now(&stalled.waiting).await.status, RegistrationStatus::Confirmed);
}

/// A seat that the member loses in a conflict that a move makes is time that becomes free, too.
pub(super) async fn promotes_a_member_who_loses_a_seat_in_a_conflict(environment: Environment) {
    let stalled = Stalled::new(&environment).await;
    let tenant = &stalled.tenant;
    busy(tenant, FIRST + Duration::hours(5), &stalled.member).await;
    let starts_at = Some(FIRST + Duration::hours(5));
    stalled.edit(EventPatch { starts_at, ..EventPatch::default() }, OnAffected::CancelRegistrations).await;
    let lost = tenant.registration_now(&stalled.elsewhere).await;
    assert!(!lost.status.is_active(), "{lost:?}");
    stalled.expect_promotion().await;
}

/// The member leaves a seat to the next waitlisted member and takes another one.
pub(super) async fn promotes_along_a_chain(environment: Environment) {
    let stalled = Stalled::new(&environment).await;
    let tenant = &stalled.tenant;
    let (cem, dee) = (tenant.member("cem").await, tenant.member("dee").await);
    tenant.seat(&stalled.other, day(0), &cem).await;
    let next = tenant.seat_or_waitlist(&stalled.other, day(0), &dee).await;
    let promoted = tenant.cancel(&stalled.elsewhere).await.promoted.expect("a seat became free");
    assert_eq!(promoted.id, next.id);
    stalled.expect_promotion().await;
}

/// Of seats that overlap, the member gets the earliest; of others all.
pub(super) async fn promotes_a_member_in_every_occurrence(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let crowd = tenant.crowd(2).await;
    let elsewhere = busy(&tenant, FIRST, &crowd[1]).await;
    let mut waiting = Vec::new();
    for minutes in [15, -30, 30] {
        let start = FIRST + Duration::minutes(minutes);
        let wanted = tenant.event(EventBuilder::once(start).seats(1)).await;
        let seat = tenant.seat(&wanted, start.as_utc(), &crowd[0]).await;
        waiting.push(tenant.seat_or_waitlist(&wanted, start.as_utc(), &crowd[1]).await);
        assert_eq!(tenant.cancel(&seat).await.promoted, None);
    }
    tenant.cancel(&elsewhere).await;
    let mut confirmed = Vec::new();
    for one in &waiting {
        confirmed.push(tenant.registration_now(one).await.status == RegistrationStatus::Confirmed);
    }
    assert_eq!(confirmed, [false, true, true], "the first one overlaps both others");
}

/// Of several members with free time, the first on the waitlist gets the seat.
pub(super) async fn promotes_in_the_order_of_the_waitlist(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let wanted = tenant.event(EventBuilder::once(FIRST).seats(1)).await;
    let other = tenant.event(EventBuilder::once(FIRST).seats(9)).await;
    let crowd = tenant.crowd(4).await;
    let seat = tenant.seat(&wanted, day(0), &crowd[0]).await;
    let mut waiting = Vec::new();
    for member in crowd[1..].iter().rev() {
        waiting.push(tenant.seat_or_waitlist(&wanted, day(0), member).await);
        tenant.seat(&other, day(0), member).await;
    }
    tenant.cancel(&seat).await;
    // One transaction frees the time of all of them.
    let starts_at = Some(FIRST + Duration::hours(5));
    let edit = EventEdit {
        event: other.id,
        expected_version: None,
        scope: EditScope::All,
        patch: EventPatch { starts_at, ..EventPatch::default() },
        on_affected: OnAffected::Refuse,
    };
    let changed = tenant.ports.events.update(&tenant.scope, edit, &by_root()).await.unwrap();
    assert_eq!(changed.promoted_registrations, 1);
    assert_eq!(tenant.registration_now(&waiting[0]).await.status, RegistrationStatus::Confirmed);
    for later in &waiting[1..] {
        assert_eq!(tenant.registration_now(later).await, *later);
    }
}

/// A newcomer who finds the seat free takes it, because the waitlisted member cannot; then the member waits on.
pub(super) async fn lets_newcomers_pass_only_members_who_are_busy(environment: Environment) {
    let stalled = Stalled::new(&environment).await;
    let tenant = &stalled.tenant;
    let cem = tenant.member("cem").await;
    let seat = tenant.seat(&stalled.wanted, day(0), &cem).await;
    tenant.cancel(&stalled.elsewhere).await;
    assert_eq!(tenant.registration_now(&stalled.waiting).await, stalled.waiting, "no seat is free");
    let promoted = tenant.cancel(&seat).await.promoted.expect("the member is free now");
    assert_eq!(promoted.id, stalled.waiting.id);
    // A waitlisted member without free time is told that the registration exists.
    let full = register(occurrence_key(&stalled.wanted, day(0)), stalled.member.id);
    assert_eq!(refusal(tenant.try_register(full, NOW).await), Refusal::AlreadyRegistered);
}

/// Members who waited when registration closed keep their places until the occurrence begins.
pub(super) async fn promotes_after_registration_has_closed_until_the_start(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = EventBuilder::daily(FIRST, 2).seats(1).closes(Duration::hours(2));
    let event = tenant.event(event).await;
    let crowd = tenant.crowd(3).await;
    let seat = tenant.seat(&event, day(0), &crowd[0]).await;
    let second = tenant.seat_or_waitlist(&event, day(0), &crowd[1]).await;
    let third = tenant.seat_or_waitlist(&event, day(0), &crowd[2]).await;
    let elsewhere = busy(&tenant, FIRST, &crowd[2]).await;
    let closed = day(0) - Duration::HOUR;
    let promoted = tenant.try_cancel(&seat, closed).await.unwrap().promoted.expect("the waitlist goes on");
    assert_eq!(promoted.id, second.id);
    tenant.try_cancel(&promoted, closed).await.unwrap();
    let late = register(occurrence_key(&event, day(0)), crowd[0].id);
    let closed_at = day(0) - Duration::hours(2);
    let refused = tenant.try_register(late, closed).await;
    assert_eq!(refusal(refused), Refusal::RegistrationClosed { closed_at });
    // Free time counts as well, for as long as the occurrence has not begun.
    let tenant = &tenant;
    let cancel = |at| {
        let request = elsewhere.occurrence;
        async move { tenant.ports.events.cancel_occurrence(&tenant.scope, request.into(), &by_root_at(at)).await }
    };
    cancel(day(0) - Duration::MILLISECOND).await.unwrap();
    assert_eq!(tenant.registration_now(&third).await.status, RegistrationStatus::Confirmed);
}

pub(super) async fn promotes_nobody_after_the_start(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let wanted = tenant.event(EventBuilder::once(FIRST).seats(1)).await;
    let later = FIRST + Duration::minutes(30);
    let other = tenant.event(EventBuilder::once(later)).await;
    let crowd = tenant.crowd(2).await;
    let seat = tenant.seat(&wanted, day(0), &crowd[0]).await;
    let waiting = tenant.seat_or_waitlist(&wanted, day(0), &crowd[1]).await;
    let elsewhere = tenant.seat(&other, later.as_utc(), &crowd[1]).await;
    tenant.cancel(&seat).await;
    tenant.try_cancel(&elsewhere, day(0)).await.unwrap();
    assert_eq!(tenant.registration_now(&waiting).await, waiting);
}

/// More seats are added while the member is busy; the member gets one when the time is free.
pub(super) async fn finds_seats_that_were_added_while_the_member_was_busy(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let wanted = tenant.event(EventBuilder::daily(FIRST, 2).seats(1)).await;
    let crowd = tenant.crowd(2).await;
    tenant.seat(&wanted, day(0), &crowd[0]).await;
    let waiting = tenant.seat_or_waitlist(&wanted, day(0), &crowd[1]).await;
    let elsewhere = busy(&tenant, FIRST, &crowd[1]).await;
    let edit = OccurrenceEdit {
        occurrence: waiting.occurrence,
        patch: OccurrencePatch { capacity: Some(Capacity::new(5).unwrap()), ..OccurrencePatch::default() },
        on_affected: OnAffected::Refuse,
    };
    let changed = tenant.ports.events.update_occurrence(&tenant.scope, edit, &by_root()).await.unwrap();
    assert_eq!(changed.promoted_registrations, 0);
    assert_eq!(tenant.registration_now(&waiting).await, waiting);
    tenant.cancel(&elsewhere).await;
    assert_eq!(tenant.registration_now(&waiting).await.status, RegistrationStatus::Confirmed);
}
