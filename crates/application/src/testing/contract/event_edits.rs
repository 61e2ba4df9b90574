//! Effects of edits of a whole series on its registrations.

use convene_domain::{
    capacity::Capacity,
    duration::EventDuration,
    event::Event,
    occurrence::OccurrenceKey,
    recurrence::Rule,
    registration::{CancellationReason, Registration, RegistrationStatus, RegistrationStatusKind},
    text::Title,
    time::zone::Zone,
};
use time::Duration;

use super::{
    environment::Environment,
    support::{FIRST, NOW, by_root, by_root_at, day, edit_of, refusal, refusals},
    tenant::Tenant,
};
use crate::{
    failure::{Outcome, Refusal},
    ports::{
        Changed, EventEdit, EventPatch, NewRecurrence, OccurrenceEdit, OccurrencePatch, OnAffected,
        RegistrationFilter,
    },
    testing::builders::{ChangeBuilder, EventBuilder, occurrence_key, register},
};

async fn edit(
    tenant: &Tenant,
    event: &Event,
    patch: EventPatch,
    on_affected: OnAffected,
) -> Outcome<Changed<Event>> {
    let edit = EventEdit { on_affected, ..edit_of(event.id, patch) };
    tenant.ports.events.update(&tenant.scope, edit, &by_root()).await
}

fn at_hour(hour: i64) -> EventPatch {
    EventPatch { starts_at: Some(FIRST + Duration::hours(hour - 9)), ..EventPatch::default() }
}

fn by_rule(rule: &str) -> EventPatch {
    let rule = Rule::parse(rule).unwrap();
    let recurrence = NewRecurrence { rule, exdates: Vec::new(), rdates: Vec::new() };
    EventPatch { recurrence: Some(Some(recurrence)), ..EventPatch::default() }
}

pub(super) async fn a_cancelled_registration_keeps_the_time_that_it_recorded(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 5)).await;
    let crowd = tenant.crowd(2).await;
    let cancelled = tenant.seat(&event, day(2), &crowd[0]).await;
    let cancelled = tenant.cancel(&cancelled).await.registration;
    let held = tenant.seat(&event, day(2), &crowd[1]).await;
    let alone = tenant.seat(&event, day(3), &crowd[0]).await;
    let alone = tenant.cancel(&alone).await.registration;
    edit(&tenant, &event, at_hour(15), OnAffected::Refuse).await.unwrap();

    assert_eq!(tenant.registration_now(&cancelled).await, cancelled);
    assert_eq!(tenant.registration_now(&alone).await, alone);
    assert_eq!(tenant.stored(alone.occurrence).await, None, "an occurrence without registrations is derived");
    let followed = tenant.registration_now(&held).await;
    assert_ne!(followed.occurrence, held.occurrence);
    for key in [held.occurrence, followed.occurrence] {
        let filter = RegistrationFilter { occurrence: Some(key), ..RegistrationFilter::default() };
        assert_eq!(tenant.registrations(filter).await, [cancelled.clone(), followed.clone()], "{key}");
    }
}

pub(super) async fn registrations_follow_an_event_to_another_time_of_day(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 5).seats(1)).await;
    let crowd = tenant.crowd(2).await;
    let seat = tenant.seat(&event, day(2), &crowd[0]).await;
    let waiting = tenant.seat_or_waitlist(&event, day(2), &crowd[1]).await;
    let journal = tenant.journal().await;
    let changed = edit(&tenant, &event, at_hour(15), OnAffected::Refuse).await.unwrap();
    assert_eq!((changed.now.version, changed.cancelled_registrations), (2, 0));
    journal.expect([("event.updated", event.id.to_string())]).await;

    let new_start = day(2) + Duration::hours(6);
    let new_key = OccurrenceKey { event: event.id, original_start: new_start };
    let interval = event.interval_from(new_start);
    for registration in [&seat, &waiting] {
        let expected =
            Registration { occurrence: new_key, interval, updated_at: NOW, ..registration.clone() };
        assert_eq!(tenant.registration_now(registration).await, expected, "the id is the same");
    }
    let stored = tenant.stored(new_key).await.expect("it is stored under its new key");
    assert_eq!((stored.interval, stored.taken, stored.waiting), (interval, 1, 1));
    assert_eq!(tenant.stored(seat.occurrence).await, Some(stored), "and the old one finds it");

    // The member's time has moved along with the seat.
    let there = tenant.event(EventBuilder::once(FIRST + Duration::hours(54))).await;
    let refused = tenant.try_register(register(occurrence_key(&there, new_start), crowd[0].id), NOW).await;
    let with = Box::new(tenant.registration_now(&seat).await);
    assert_eq!(refusal(refused), Refusal::ScheduleConflict { with });
    let here = tenant.event(EventBuilder::once(FIRST + Duration::days(2))).await;
    tenant.seat(&here, day(2), &crowd[0]).await;
}

pub(super) async fn registrations_follow_an_event_to_another_zone_and_duration(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 5)).await;
    let ada = tenant.member("ada").await;
    let seat = tenant.seat(&event, day(1), &ada).await;
    let patch = EventPatch {
        time_zone: Some(Zone::parse("Asia/Tokyo").unwrap()),
        duration: Some(EventDuration::new(Duration::hours(2)).unwrap()),
        ..EventPatch::default()
    };
    edit(&tenant, &event, patch, OnAffected::Refuse).await.unwrap();
    let now = tenant.registration_now(&seat).await;
    let start = day(1) - Duration::hours(9);
    assert_eq!(now.interval, tenant.event_now(&event).await.interval_from(start));
    assert_eq!(now.occurrence.original_start, start);
    assert_eq!(tenant.counts(seat.occurrence).await, (1, 0));
}

pub(super) async fn exceptions_keep_their_own_values(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 5).seats(4)).await;
    let ada = tenant.member("ada").await;
    let seat = tenant.seat(&event, day(1), &ada).await;
    let patch = OccurrencePatch {
        title: Some(Title::parse("Guest rehearsal").unwrap()),
        starts_at: Some(FIRST + Duration::hours(26)),
        capacity: Some(Capacity::new(9).unwrap()),
        ..OccurrencePatch::default()
    };
    let exception = OccurrenceEdit { occurrence: seat.occurrence, patch, on_affected: OnAffected::Refuse };
    tenant.ports.events.update_occurrence(&tenant.scope, exception, &by_root()).await.unwrap();
    let moved = tenant.registration_now(&seat).await;
    let patch = EventPatch {
        capacity: Some(Capacity::new(2).unwrap()),
        title: Some(Title::parse("Rehearsals").unwrap()),
        ..at_hour(15)
    };
    edit(&tenant, &event, patch, OnAffected::Refuse).await.unwrap();
    let now = tenant.registration_now(&seat).await;
    assert_eq!(now.interval, moved.interval, "it stays where it was moved to");
    assert_eq!(now.occurrence.original_start, day(1) + Duration::hours(6), "but it is another's exception");
    let stored = tenant.stored(now.occurrence).await.unwrap();
    assert_eq!(stored.capacity.get(), 9);
    assert_eq!(stored.exception.title.as_ref().map(Title::as_str), Some("Guest rehearsal"));
    assert_eq!(stored.exception.starts_at, Some(FIRST + Duration::hours(26)));
}

pub(super) async fn dropped_registrations_are_listed_or_cancelled(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 6)).await;
    let crowd = tenant.crowd(2).await;
    let kept = tenant.seat(&event, day(1), &crowd[0]).await;
    let dropped =
        [tenant.seat(&event, day(3), &crowd[1]).await, tenant.seat(&event, day(4), &crowd[0]).await];
    let journal = tenant.journal().await;
    let refused = edit(&tenant, &event, by_rule("FREQ=DAILY;COUNT=3"), OnAffected::Refuse).await;
    let expected = Refusal::RegistrationsAffected { count: 2, registrations: dropped.to_vec() };
    assert_eq!(refusal(refused), expected);
    journal.expect_nothing().await;
    assert_eq!(tenant.event_now(&event).await, event);

    let patch = by_rule("FREQ=DAILY;COUNT=3");
    let changed = edit(&tenant, &event, patch, OnAffected::CancelRegistrations).await.unwrap();
    assert_eq!(changed.cancelled_registrations, 2);
    journal
        .expect([
            ("event.updated", event.id.to_string()),
            ("registration.cancelled", dropped[0].id.to_string()),
            ("registration.cancelled", dropped[1].id.to_string()),
        ])
        .await;
    for registration in &dropped {
        let now = tenant.registration_now(registration).await;
        assert_eq!(now.status.cancellation_reason(), Some(CancellationReason::OccurrenceMoved));
    }
    assert_eq!(tenant.registration_now(&kept).await, kept);
    let free = tenant.event(EventBuilder::once(FIRST + Duration::days(4))).await;
    tenant.seat(&free, day(4), &crowd[0]).await;
}

pub(super) async fn conflicting_registrations_are_listed_or_cancelled(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 5)).await;
    let other = tenant.event(EventBuilder::once(FIRST + Duration::hours(24 + 6))).await;
    let crowd = tenant.crowd(2).await;
    let conflicting = tenant.seat(&event, day(1), &crowd[0]).await;
    let fitting = tenant.seat(&event, day(1), &crowd[1]).await;
    let later = tenant.seat(&event, day(2), &crowd[0]).await;
    let conflicting_registration = tenant.seat(&other, day(1) + Duration::hours(6), &crowd[0]).await;
    let journal = tenant.journal().await;
    let refused = edit(&tenant, &event, at_hour(15), OnAffected::Refuse).await;
    let expected = Refusal::RegistrationsAffected { count: 1, registrations: vec![conflicting.clone()] };
    assert_eq!(refusal(refused), expected);
    journal.expect_nothing().await;
    assert_eq!(tenant.registration_now(&fitting).await, fitting);

    let changed = edit(&tenant, &event, at_hour(15), OnAffected::CancelRegistrations).await.unwrap();
    assert_eq!(changed.cancelled_registrations, 1);
    journal
        .expect([
            ("event.updated", event.id.to_string()),
            ("registration.cancelled", conflicting.id.to_string()),
        ])
        .await;
    let now = tenant.registration_now(&conflicting).await;
    assert_eq!(now.status.cancellation_reason(), Some(CancellationReason::OccurrenceMoved));
    assert_eq!(tenant.registration_now(&conflicting_registration).await, conflicting_registration);
    for (registration, start) in [(&fitting, day(1)), (&later, day(2))] {
        let now = tenant.registration_now(registration).await;
        assert_eq!(now.interval, event.interval_from(start + Duration::hours(6)));
        assert_eq!(now.status, RegistrationStatus::Confirmed);
    }
    assert_eq!(tenant.counts(conflicting.occurrence).await, (1, 0));

    // Touching seats do not conflict: from 14:00 to 15:00, then something else.
    let changed = edit(&tenant, &event, at_hour(14), OnAffected::Refuse).await.unwrap();
    assert_eq!(changed.cancelled_registrations, 0);
}

pub(super) async fn seats_freed_by_an_edit_go_to_the_waitlist(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 5).seats(1)).await;
    let other = tenant.event(EventBuilder::once(FIRST + Duration::hours(6))).await;
    let crowd = tenant.crowd(2).await;
    let conflicting = tenant.seat(&event, day(0), &crowd[0]).await;
    let waiting = tenant.seat_or_waitlist(&event, day(0), &crowd[1]).await;
    tenant.seat(&other, day(0) + Duration::hours(6), &crowd[0]).await;
    let journal = tenant.journal().await;
    let changed = edit(&tenant, &event, at_hour(15), OnAffected::CancelRegistrations).await.unwrap();
    assert_eq!(changed.cancelled_registrations, 1);
    journal
        .expect([
            ("event.updated", event.id.to_string()),
            ("registration.cancelled", conflicting.id.to_string()),
            ("registration.promoted", waiting.id.to_string()),
        ])
        .await;
    assert_eq!(tenant.counts(conflicting.occurrence).await, (1, 0));
}

pub(super) async fn seats_of_one_member_can_swap_times(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    // Ten hours later, each occurrence lies over where the next one was.
    let event = tenant.event(EventBuilder::daily(FIRST, 4).lasting(Duration::hours(20))).await;
    let ada = tenant.member("ada").await;
    let mut seats = Vec::new();
    for number in 0..3 {
        seats.push(tenant.seat(&event, day(number), &ada).await);
    }
    let changed = edit(&tenant, &event, at_hour(19), OnAffected::Refuse).await.unwrap();
    assert_eq!(changed.cancelled_registrations, 0);
    for seat in &seats {
        let now = tenant.registration_now(seat).await;
        assert_eq!(now.interval.start(), seat.interval.start() + Duration::hours(10));
        assert_eq!(now.status, RegistrationStatus::Confirmed);
    }
}

pub(super) async fn an_edit_cancels_as_few_conflicting_seats_of_a_member_as_possible(
    environment: Environment,
) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 4)).await;
    let ada = tenant.member("ada").await;
    let first = tenant.seat(&event, day(0), &ada).await;
    let second = tenant.seat(&event, day(1), &ada).await;
    let third = tenant.seat(&event, day(2), &ada).await;
    let patch = || EventPatch {
        duration: Some(EventDuration::new(Duration::hours(30)).unwrap()),
        ..EventPatch::default()
    };
    let refused = edit(&tenant, &event, patch(), OnAffected::Refuse).await;
    let registrations = vec![second.clone()];
    assert_eq!(refusal(refused), Refusal::RegistrationsAffected { count: 1, registrations });
    let changed = edit(&tenant, &event, patch(), OnAffected::CancelRegistrations).await.unwrap();
    assert_eq!(changed.cancelled_registrations, 1);
    for (seat, status) in [
        (first, RegistrationStatusKind::Confirmed),
        (second, RegistrationStatusKind::Cancelled),
        (third, RegistrationStatusKind::Confirmed),
    ] {
        assert_eq!(tenant.registration_now(&seat).await.status.kind(), status);
    }
}

pub(super) async fn a_duration_beyond_the_next_date_affects_a_member_of_both(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 4)).await;
    let ada = tenant.member("ada").await;
    let seats = [tenant.seat(&event, day(0), &ada).await, tenant.seat(&event, day(1), &ada).await];
    let lasting = |hours| {
        let duration = EventDuration::new(Duration::hours(hours)).ok();
        EventPatch { duration, ..EventPatch::default() }
    };
    edit(&tenant, &event, lasting(24), OnAffected::Refuse).await.unwrap();
    let refused = refusal(edit(&tenant, &event, lasting(25), OnAffected::Refuse).await);
    assert!(matches!(refused, Refusal::RegistrationsAffected { count: 1, .. }), "{refused:?}");
    let edited = edit(&tenant, &event, lasting(25), OnAffected::CancelRegistrations).await.unwrap();
    assert_eq!((edited.cancelled_registrations, edited.moved_registrations), (1, 1));
    let [first, second] = [&seats[0], &seats[1]].map(|seat| tenant.registration_now(seat));
    let (first, second) = (first.await, second.await);
    assert!(first.status.is_active() && !second.status.is_active(), "the earlier one stays");
    assert_eq!(first.interval.end(), day(1) + Duration::HOUR);
}

pub(super) async fn a_capacity_below_the_taken_seats_is_refused(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 5).seats(5)).await;
    let crowd = tenant.crowd(3).await;
    for member in &crowd {
        tenant.seat(&event, day(1), member).await;
    }
    let seat = tenant.seat(&event, day(2), &crowd[0]).await;
    let journal = tenant.journal().await;
    let seats =
        |seats: u32| EventPatch { capacity: Some(Capacity::new(seats).unwrap()), ..EventPatch::default() };
    for on_affected in [OnAffected::Refuse, OnAffected::CancelRegistrations] {
        let refused = edit(&tenant, &event, seats(2), on_affected).await;
        assert_eq!(refusal(refused), Refusal::CapacityBelowRegistrations { taken: 3 });
    }
    journal.expect_nothing().await;
    edit(&tenant, &event, seats(3), OnAffected::Refuse).await.unwrap();
    assert_eq!(tenant.stored(seat.occurrence).await.unwrap().capacity.get(), 3);
}

pub(super) async fn a_capacity_is_compared_with_the_seats_that_remain(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 5).seats(3)).await;
    let crowd = tenant.crowd(3).await;
    for member in &crowd {
        tenant.seat(&event, day(1), member).await;
    }
    let dropped = tenant.seat(&event, day(4), &crowd[0]).await;
    // One of them is busy six hours later, and two on the evening before.
    for (hours, busy) in [(30, 1), (10, 2)] {
        let beside = tenant.event(EventBuilder::once(FIRST + Duration::hours(hours))).await;
        for member in &crowd[..busy] {
            tenant.seat(&beside, day(0) + Duration::hours(hours), member).await;
        }
    }
    let patch = |seats: u32| EventPatch {
        capacity: Some(Capacity::new(seats).unwrap()),
        starts_at: Some(FIRST + Duration::hours(6)),
        ..by_rule("FREQ=DAILY;COUNT=4")
    };
    let affected = async |patch: EventPatch| {
        let edit = edit_of(event.id, patch);
        let refused = refusals(tenant.ports.events.update(&tenant.scope, edit, &by_root()).await);
        let counts = refused.into_iter().map(|refusal| match refusal {
            Refusal::RegistrationsAffected { count, .. } => ("affected", count),
            Refusal::CapacityBelowRegistrations { taken } => ("taken", taken),
            other => panic!("{other}"),
        });
        counts.collect::<Vec<_>>()
    };
    assert_eq!(affected(patch(2)).await, [("affected", 2)]);
    assert_eq!(affected(patch(1)).await, [("affected", 2), ("taken", 2)], "all at once");
    let refused = edit(&tenant, &event, patch(1), OnAffected::CancelRegistrations).await;
    assert_eq!(refusal(refused), Refusal::CapacityBelowRegistrations { taken: 2 });
    // The same for one occurrence.
    let evening = OccurrencePatch {
        starts_at: Some(FIRST + Duration::hours(10)),
        capacity: Capacity::new(1_u32).ok(),
        ..OccurrencePatch::default()
    };
    let one = OccurrenceEdit {
        occurrence: occurrence_key(&event, day(1)),
        patch: evening,
        on_affected: OnAffected::CancelRegistrations,
    };
    for dry in [true, false] {
        let change = ChangeBuilder::by("root");
        let change = if dry { change.dry_run() } else { change }.build();
        let whole = EventEdit { on_affected: OnAffected::CancelRegistrations, ..edit_of(event.id, patch(2)) };
        let edited = tenant.ports.events.update(&tenant.scope, whole, &change).await.unwrap();
        assert_eq!((edited.cancelled_registrations, edited.moved_registrations), (2, 2));
    }
    assert!(!tenant.registration_now(&dropped).await.status.is_active());
    let stored = tenant.stored(one.occurrence).await.unwrap();
    assert_eq!((stored.taken, stored.capacity.get()), (2, 2));
    let edited = tenant.ports.events.update_occurrence(&tenant.scope, one, &by_root()).await.unwrap();
    assert_eq!((edited.cancelled_registrations, edited.now.taken, edited.now.capacity.get()), (1, 1, 1));
}

pub(super) async fn an_edit_does_not_change_occurrences_that_have_begun(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 5).seats(3)).await;
    let crowd = tenant.crowd(2).await;
    let past = tenant.seat(&event, day(0), &crowd[0]).await;
    let also_past = tenant.seat(&event, day(0), &crowd[1]).await;
    let coming = tenant.seat(&event, day(1), &crowd[0]).await;
    let before = tenant.stored(past.occurrence).await;
    let now = by_root_at(day(0) + Duration::minutes(30));
    let patch = EventPatch { capacity: Some(Capacity::new(1).unwrap()), ..at_hour(15) };
    let edit = EventEdit { on_affected: OnAffected::Refuse, ..edit_of(event.id, patch) };
    tenant.ports.events.update(&tenant.scope, edit, &now).await.unwrap();
    assert_eq!(tenant.registration_now(&past).await, past);
    assert_eq!(tenant.registration_now(&also_past).await, also_past);
    assert_eq!(tenant.stored(past.occurrence).await, before);
    let moved = tenant.registration_now(&coming).await;
    assert_eq!(moved.interval, event.interval_from(day(1) + Duration::hours(6)));
}
