//! The contract of [`Events`](crate::ports::Events): editing and cancelling single occurrences.

use std::slice;

use convene_domain::{
    capacity::Capacity,
    duration::EventDuration,
    event::EventStatus,
    id::EventId,
    occurrence::OccurrenceKey,
    registration::CancellationReason,
    text::{Location, Title},
};
use time::Duration;

use super::{
    environment::Environment,
    support::{FIRST, NOW, by_root, by_root_at, day, logged_fields, refusal, refusals},
    tenant::Tenant,
};
use crate::{
    failure::{Field, Outcome, Refusal},
    ports::{Changed, OccurrenceEdit, OccurrencePatch, OnAffected},
    testing::builders::{EventBuilder, fresh_uuid, occurrence_key, register},
};

use convene_domain::{occurrence::Occurrence, time::Instant};

async fn edit(
    tenant: &Tenant,
    occurrence: OccurrenceKey,
    patch: OccurrencePatch,
    on_affected: OnAffected,
    at: Instant,
) -> Outcome<Changed<Occurrence>> {
    let edit = OccurrenceEdit { occurrence, patch, on_affected };
    tenant.ports.events.update_occurrence(&tenant.scope, edit, &by_root_at(at)).await
}

fn starting(hours: i64) -> OccurrencePatch {
    OccurrencePatch { starts_at: Some(FIRST + Duration::hours(hours)), ..OccurrencePatch::default() }
}

fn has_begun() -> Refusal {
    Refusal::invalid(Field::OccurrenceId, "must be an occurrence that has not begun")
}

fn seats(seats: u32) -> OccurrencePatch {
    OccurrencePatch { capacity: Some(Capacity::new(seats).unwrap()), ..OccurrencePatch::default() }
}

pub(super) async fn editing_an_occurrence_makes_it_an_exception(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 5)).await;
    let key = OccurrenceKey { event: event.id, original_start: day(1) };
    let journal = tenant.journal().await;
    let patch = OccurrencePatch {
        title: Some(Title::parse("Concert").unwrap()),
        location: Some(Location::parse("Cathedral").unwrap()),
        starts_at: Some(FIRST + Duration::hours(34)),
        duration: Some(EventDuration::new(Duration::hours(3)).unwrap()),
        capacity: Some(Capacity::new(4).unwrap()),
        ..OccurrencePatch::default()
    };
    let changed = edit(&tenant, key, patch, OnAffected::Refuse, NOW).await.unwrap();
    assert_eq!(changed.cancelled_registrations, 0);
    let now = changed.now;
    assert_eq!((now.key, now.is_exception), (key, true));
    assert_eq!((now.title.as_str(), now.location.as_str()), ("Concert", "Cathedral"));
    let start = day(1) + Duration::hours(10);
    assert_eq!((now.interval.start(), now.interval.end()), (start, start + Duration::hours(3)));
    assert_eq!((now.capacity.get(), now.status), (4, EventStatus::Scheduled));
    let stored = tenant.stored(key).await.expect("it is stored");
    assert_eq!(Occurrence::stored(&event, &stored), now);
    journal.expect([("occurrence.updated", key.to_string())]).await;
    let entries = journal.new_entries().await;
    let fields: Vec<_> = logged_fields(&entries).into_iter().map(|(field, ..)| field).collect();
    assert_eq!(fields, ["capacity", "duration", "endsAt", "location", "startsAt", "title"]);

    // What an edit leaves out stays as it was.
    let changed = edit(&tenant, key, seats(5), OnAffected::Refuse, NOW).await.unwrap();
    assert_eq!((changed.now.interval, changed.now.title.as_str()), (now.interval, "Concert"));
    assert_eq!(changed.now.capacity.get(), 5);
    let entries = tenant.log().await;
    assert_eq!(
        logged_fields(&entries[entries.len() - 1..]),
        [(String::from("capacity"), Some(String::from("4")), Some(String::from("5")))]
    );
    assert_eq!(tenant.event_now(&event).await.version, 1, "the event itself is what it was");
}

pub(super) async fn an_edit_without_effect_on_an_occurrence_is_not_logged(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 5)).await;
    let ada = tenant.member("ada").await;
    let seat = tenant.seat(&event, day(2), &ada).await;
    edit(&tenant, seat.occurrence, starting(50), OnAffected::Refuse, NOW).await.unwrap();
    let before = tenant.stored(seat.occurrence).await;
    let journal = tenant.journal().await;
    for patch in [OccurrencePatch::default(), starting(50)] {
        let changed = edit(&tenant, seat.occurrence, patch, OnAffected::Refuse, NOW).await.unwrap();
        assert_eq!(changed.now.taken, 1);
    }
    let untouched = OccurrenceKey { event: event.id, original_start: day(1) };
    edit(&tenant, untouched, OccurrencePatch::default(), OnAffected::Refuse, NOW).await.unwrap();
    journal.expect_nothing().await;
    assert_eq!(tenant.stored(seat.occurrence).await, before);
}

pub(super) async fn impossible_edits_of_an_occurrence_are_refused(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 5).seats(3)).await;
    let crowd = tenant.crowd(2).await;
    let key = |number| OccurrenceKey { event: event.id, original_start: day(number) };
    for member in &crowd {
        tenant.seat(&event, day(1), member).await;
    }
    tenant.ports.events.cancel_occurrence(&tenant.scope, key(2).into(), &by_root()).await.unwrap();
    let journal = tenant.journal().await;
    let refuse = async |occurrence, patch, at| {
        refusals(edit(&tenant, occurrence, patch, OnAffected::CancelRegistrations, at).await)
    };
    let nothing = [
        key(9),
        OccurrenceKey { event: event.id, original_start: day(1) + Duration::MINUTE },
        OccurrenceKey { event: EventId::from_uuid(fresh_uuid()), original_start: day(1) },
    ];
    for unknown in nothing {
        assert_eq!(refuse(unknown, seats(5), NOW).await, [Refusal::not_found(Field::OccurrenceId)]);
    }
    assert_eq!(refuse(key(2), seats(5), NOW).await, [Refusal::OccurrenceCancelled]);
    let too_small = [Refusal::CapacityBelowRegistrations { taken: 2 }];
    assert_eq!(refuse(key(1), seats(1), NOW).await, too_small);
    assert_eq!(refuse(key(1), seats(5), day(1)).await, [has_begun()]);
    let in_the_past = Refusal::invalid(Field::StartsAt, "must lie in the future");
    assert_eq!(refuse(key(3), starting(-1), day(0)).await, slice::from_ref(&in_the_past));
    assert_eq!(refuse(key(1), starting(-1), day(1)).await, [has_begun(), in_the_past], "all at once");
    journal.expect_nothing().await;
    assert_eq!(tenant.stored(key(3)).await, None);
}

pub(super) async fn registrations_follow_a_moved_occurrence(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 5).seats(1)).await;
    let other = tenant.event(EventBuilder::once(FIRST + Duration::hours(30))).await;
    let crowd = tenant.crowd(2).await;
    let seat = tenant.seat(&event, day(1), &crowd[0]).await;
    let waiting = tenant.seat_or_waitlist(&event, day(1), &crowd[1]).await;
    let there = day(1) + Duration::hours(6);
    edit(&tenant, seat.occurrence, starting(30), OnAffected::Refuse, NOW).await.unwrap();
    for registration in [&seat, &waiting] {
        let now = tenant.registration_now(registration).await;
        assert_eq!((now.occurrence, now.status), (registration.occurrence, registration.status));
        assert_eq!(now.interval, event.interval_from(there));
    }
    let refused = tenant.try_register(register(occurrence_key(&other, there), crowd[0].id), NOW).await;
    let with = Box::new(tenant.registration_now(&seat).await);
    assert_eq!(refusal(refused), Refusal::ScheduleConflict { with });
    tenant.seat(&other, there, &crowd[1]).await;
    let here = tenant.event(EventBuilder::once(FIRST + Duration::days(1))).await;
    tenant.seat(&here, day(1), &crowd[0]).await;
}

pub(super) async fn registrations_that_a_moved_occurrence_would_conflict_with_are_listed(
    environment: Environment,
) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 5).seats(1)).await;
    let other = tenant.event(EventBuilder::once(FIRST + Duration::hours(30))).await;
    let crowd = tenant.crowd(2).await;
    let seat = tenant.seat(&event, day(1), &crowd[0]).await;
    let waiting = tenant.seat_or_waitlist(&event, day(1), &crowd[1]).await;
    tenant.seat(&other, day(1) + Duration::hours(6), &crowd[0]).await;
    let journal = tenant.journal().await;
    let refused = edit(&tenant, seat.occurrence, starting(30), OnAffected::Refuse, NOW).await;
    let registrations = vec![seat.clone()];
    assert_eq!(refusal(refused), Refusal::RegistrationsAffected { count: 1, registrations });
    journal.expect_nothing().await;
    // To where it only touches the other seat, it can be moved.
    let changed = edit(&tenant, seat.occurrence, starting(31), OnAffected::Refuse, NOW).await.unwrap();
    assert_eq!(changed.cancelled_registrations, 0);

    let journal = tenant.journal().await;
    let moved =
        edit(&tenant, seat.occurrence, starting(30), OnAffected::CancelRegistrations, NOW).await.unwrap();
    assert_eq!(moved.cancelled_registrations, 1);
    assert_eq!((moved.now.taken, moved.now.waiting), (1, 0), "who waited gets the seat");
    journal
        .expect([
            ("occurrence.updated", seat.occurrence.to_string()),
            ("registration.cancelled", seat.id.to_string()),
            ("registration.promoted", waiting.id.to_string()),
        ])
        .await;
    let reason = tenant.registration_now(&seat).await.status.cancellation_reason();
    assert_eq!(reason, Some(CancellationReason::OccurrenceMoved));
}

pub(super) async fn one_occurrence_can_be_cancelled(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 5).seats(1)).await;
    let crowd = tenant.crowd(2).await;
    let seat = tenant.seat(&event, day(1), &crowd[0]).await;
    let waiting = tenant.seat_or_waitlist(&event, day(1), &crowd[1]).await;
    let elsewhere = tenant.seat(&event, day(2), &crowd[0]).await;
    let journal = tenant.journal().await;
    let cancel = |key: OccurrenceKey, at| {
        let tenant = tenant.clone();
        async move { tenant.ports.events.cancel_occurrence(&tenant.scope, key.into(), &by_root_at(at)).await }
    };
    let changed = cancel(seat.occurrence, NOW).await.unwrap();
    assert_eq!((changed.now.status, changed.cancelled_registrations), (EventStatus::Cancelled, 2));
    assert_eq!((changed.now.taken, changed.now.waiting, changed.now.is_exception), (0, 0, true));
    journal
        .expect([
            ("occurrence.cancelled", seat.occurrence.to_string()),
            ("registration.cancelled", seat.id.to_string()),
            ("registration.cancelled", waiting.id.to_string()),
        ])
        .await;
    for registration in [&seat, &waiting] {
        let now = tenant.registration_now(registration).await;
        assert_eq!(now.status.cancellation_reason(), Some(CancellationReason::OccurrenceCancelled));
    }
    assert_eq!(tenant.registration_now(&elsewhere).await, elsewhere);
    let never_touched = OccurrenceKey { event: event.id, original_start: day(3) };
    cancel(never_touched, NOW).await.unwrap();
    assert!(tenant.stored(never_touched).await.expect("it is stored now").exception.cancelled);

    let journal = tenant.journal().await;
    for key in [seat.occurrence, never_touched] {
        assert_eq!(refusal(cancel(key, NOW).await), Refusal::AlreadyCancelled);
        let request = register(occurrence_key(&event, key.original_start), crowd[1].id);
        assert_eq!(refusal(tenant.try_register(request, NOW).await), Refusal::OccurrenceCancelled);
    }
    let unknown = OccurrenceKey { event: event.id, original_start: day(7) };
    assert_eq!(refusal(cancel(unknown, NOW).await), Refusal::not_found(Field::OccurrenceId));
    let begun = OccurrenceKey { event: event.id, original_start: day(4) };
    assert_eq!(refusal(cancel(begun, day(4)).await), has_begun());
    journal.expect_nothing().await;
    assert_eq!(tenant.event_now(&event).await.status, EventStatus::Scheduled);
    // The time is free again.
    let free = tenant.event(EventBuilder::once(FIRST + Duration::days(1))).await;
    tenant.seat(&free, day(1), &crowd[0]).await;
}

pub(super) async fn a_cancelled_occurrence_stays_cancelled(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 5)).await;
    let ada = tenant.member("ada").await;
    let key = OccurrenceKey { event: event.id, original_start: day(1) };
    tenant.ports.events.cancel_occurrence(&tenant.scope, key.into(), &by_root()).await.unwrap();
    let patch = crate::ports::EventPatch {
        starts_at: Some(FIRST + Duration::HOUR),
        ..crate::ports::EventPatch::default()
    };
    let edit = super::support::edit_of(event.id, patch);
    let edited = tenant.ports.events.update(&tenant.scope, edit, &by_root()).await.unwrap().now;
    let found = tenant.stored(key).await.expect("an exception survives an edit of its series");
    assert_eq!(found.status(), EventStatus::Cancelled);
    let start = day(1) + Duration::HOUR;
    let refused = tenant.try_register(register(occurrence_key(&edited, start), ada.id), NOW).await;
    assert_eq!(refusal(refused), Refusal::OccurrenceCancelled);
}
