//! The contract of [`RegistrationBook::register`](crate::ports::RegistrationBook::register).

use convene_domain::{
    activity::Action,
    capacity::Capacity,
    id::{EventId, MemberId},
    occurrence::OccurrenceKey,
    registration::{Registration, RegistrationStatus, RegistrationStatusKind},
};
use time::Duration;

use super::{
    environment::Environment,
    support::{FIRST, NOW, by_root, by_root_at, day, refusal},
};
use crate::{
    failure::{Field, Refusal},
    ports::{EditScope, EventEdit, EventPatch, OnAffected, RegisterRequest},
    testing::builders::{EventBuilder, fresh_uuid, occurrence_key, register},
};

pub(super) async fn confirms_a_registration(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::weekly(FIRST).seats(3)).await;
    let ada = tenant.member("ada").await;
    let journal = tenant.journal().await;
    let request = register(occurrence_key(&event, day(7)), ada.id);
    let key = OccurrenceKey { event: event.id, original_start: day(7) };
    let registration = tenant.try_register(request, NOW).await.unwrap();
    let expected = Registration {
        id: request.id,
        occurrence: key,
        member: ada.id,
        interval: event.interval_from(day(7)),
        status: RegistrationStatus::Confirmed,
        created_at: NOW,
        updated_at: NOW,
    };
    assert_eq!(registration, expected);
    assert_eq!(tenant.registration_now(&registration).await, expected);
    journal.expect([("registration.created", registration.id.to_string())]).await;

    let occurrence = tenant.stored(key).await.expect("the occurrence is stored now");
    assert_eq!((occurrence.key, occurrence.interval), (key, registration.interval));
    assert_eq!((occurrence.taken, occurrence.waiting, occurrence.capacity.get()), (1, 0, 3));
    assert_eq!(occurrence.original_local, FIRST + Duration::days(7));
    assert!(!occurrence.exception.is_any());
    let untouched = OccurrenceKey { event: event.id, original_start: day(14) };
    assert_eq!(tenant.stored(untouched).await, None, "other occurrences are not stored");
}

pub(super) async fn refuses_registrations_for_a_full_occurrence(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 3).seats(2)).await;
    let crowd = tenant.crowd(3).await;
    tenant.seat(&event, day(0), &crowd[0]).await;
    tenant.seat(&event, day(0), &crowd[1]).await;
    let journal = tenant.journal().await;
    let refused = tenant.try_register(register(occurrence_key(&event, day(0)), crowd[2].id), NOW).await;
    assert_eq!(refusal(refused), Refusal::OccurrenceFull);
    journal.expect_nothing().await;
    assert_eq!(tenant.active_of(crowd[2].id).await, []);
    tenant.seat(&event, day(1), &crowd[2]).await;
}

pub(super) async fn registers_a_member_once_for_an_occurrence(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 3).seats(2)).await;
    let crowd = tenant.crowd(3).await;
    tenant.seat(&event, day(0), &crowd[0]).await;
    let again = || register(occurrence_key(&event, day(0)), crowd[0].id);
    let waiting = |request| RegisterRequest { join_waitlist: true, ..request };
    let journal = tenant.journal().await;
    for request in [again(), waiting(again())] {
        let refused = tenant.try_register(request, NOW).await;
        assert_eq!(refusal(refused), Refusal::AlreadyRegistered, "not a conflict with itself");
    }
    journal.expect_nothing().await;
    tenant.seat(&event, day(0), &crowd[1]).await;
    let waitlisted = tenant.seat_or_waitlist(&event, day(0), &crowd[2]).await;
    assert_eq!(waitlisted.status, RegistrationStatus::Waitlisted { sequence: 1 });
    for member in &crowd {
        let request = waiting(register(occurrence_key(&event, day(0)), member.id));
        let refused = tenant.try_register(request, NOW).await;
        assert_eq!(refusal(refused), Refusal::AlreadyRegistered, "also if it is full");
    }
}

pub(super) async fn registers_again_after_a_cancellation(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::once(FIRST).seats(1)).await;
    let ada = tenant.member("ada").await;
    let first = tenant.seat(&event, day(0), &ada).await;
    tenant.cancel(&first).await;
    let second = tenant.seat(&event, day(0), &ada).await;
    assert_ne!(first.id, second.id);
    assert_eq!(tenant.active_of(ada.id).await, [second]);
    assert_eq!(tenant.registration_now(&first).await.status.kind(), RegistrationStatusKind::Cancelled);
}

pub(super) async fn names_the_conflicting_registration(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let ada = tenant.member("ada").await;
    let bea = tenant.member("bea").await;
    // 09:00 to 11:00; the others begin or end within it, lie within it, surround it, or are at the same time.
    let held = tenant.event(EventBuilder::weekly(FIRST).lasting(Duration::hours(2))).await;
    let seat = tenant.seat(&held, day(0), &ada).await;
    for (begins, minutes) in [(-30, 60), (90, 60), (30, 30), (-60, 240), (0, 120), (-60, 61), (119, 1)] {
        let start = FIRST + Duration::minutes(begins);
        let event = EventBuilder::once(start).lasting(Duration::minutes(minutes));
        let event = tenant.event(event).await;
        let journal = tenant.journal().await;
        let request = register(occurrence_key(&event, start.as_utc()), ada.id);
        let refused = tenant.try_register(request, NOW).await;
        assert_eq!(refusal(refused), Refusal::ScheduleConflict { with: Box::new(seat.clone()) });
        journal.expect_nothing().await;
        let key = OccurrenceKey { event: event.id, original_start: start.as_utc() };
        assert_eq!(tenant.counts(key).await, (0, 0), "no seat is taken by who gets none");
    }
    let event = tenant.event(EventBuilder::once(FIRST)).await;
    tenant.seat(&event, day(0), &bea).await;
}

pub(super) async fn accepts_registrations_at_touching_times(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let ada = tenant.member("ada").await;
    for hour in [0, -1, 1, 2] {
        let start = FIRST + Duration::hours(hour);
        let event = tenant.event(EventBuilder::once(start).lasting(Duration::HOUR)).await;
        tenant.seat(&event, start.as_utc(), &ada).await;
    }
    assert_eq!(tenant.active_of(ada.id).await.len(), 4);
}

pub(super) async fn detects_conflicts_at_the_time_of_a_rescheduled_occurrence(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let ada = tenant.member("ada").await;
    let series = tenant.event(EventBuilder::daily(FIRST, 5)).await;
    let edit = crate::ports::OccurrenceEdit {
        occurrence: OccurrenceKey { event: series.id, original_start: day(1) },
        patch: crate::ports::OccurrencePatch {
            starts_at: Some(FIRST + Duration::hours(30)),
            ..crate::ports::OccurrencePatch::default()
        },
        on_affected: OnAffected::Refuse,
    };
    tenant.ports.events.update_occurrence(&tenant.scope, edit, &by_root()).await.unwrap();
    let moved = tenant.seat(&series, day(1), &ada).await;
    assert_eq!(moved.interval, series.interval_from(day(1) + Duration::hours(6)));
    let at_its_old_time = tenant.event(EventBuilder::once(FIRST + Duration::days(1))).await;
    tenant.seat(&at_its_old_time, day(1), &ada).await;
    let at_its_new_time = tenant.event(EventBuilder::once(FIRST + Duration::hours(30))).await;
    let request = register(occurrence_key(&at_its_new_time, day(0) + Duration::hours(30)), ada.id);
    let refused = tenant.try_register(request, NOW).await;
    assert_eq!(refusal(refused), Refusal::ScheduleConflict { with: Box::new(moved) });
}

pub(super) async fn refuses_unknown_occurrences_and_members(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 3)).await;
    let never_stored = EventBuilder::daily(FIRST, 3).build();
    let ada = tenant.member("ada").await;
    let gone = tenant.member("bea").await;
    let full = tenant.event(EventBuilder::daily(FIRST + Duration::hours(5), 1).seats(1)).await;
    tenant.seat(&full, day(0) + Duration::hours(5), &ada).await;
    tenant.ports.members.remove(&tenant.scope, gone.id, &by_root()).await.unwrap();
    let journal = tenant.journal().await;
    for member in [gone.id, MemberId::from_uuid(fresh_uuid())] {
        let seat = register(occurrence_key(&event, day(0)), member);
        let place = register(occurrence_key(&full, day(0) + Duration::hours(5)), member);
        for request in [seat, RegisterRequest { join_waitlist: true, ..place }] {
            assert_eq!(refusal(tenant.try_register(request, NOW).await), Refusal::not_found(Field::MemberId));
        }
    }
    let refused = tenant.try_register(register(occurrence_key(&never_stored, day(0)), ada.id), NOW).await;
    assert_eq!(refusal(refused), Refusal::not_found(Field::OccurrenceId));
    let unknown = OccurrenceKey { event: EventId::from_uuid(fresh_uuid()), original_start: day(0) };
    let refused = tenant.try_register(register(unknown, ada.id), NOW).await;
    assert_eq!(refusal(refused), Refusal::not_found(Field::OccurrenceId));
    journal.expect_nothing().await;
}

pub(super) async fn gives_the_first_of_two_reasons(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let (opens_at, closed_at) = (day(-3), day(0) - Duration::HOUR);
    let builder = || EventBuilder::daily(FIRST, 3).seats(1).opens(Duration::days(3)).closes(Duration::HOUR);
    let event = tenant.event(builder()).await;
    let cancelled = tenant.event(builder()).await;
    let ended = occurrence_key(&cancelled, day(0));
    tenant.ports.events.cancel_occurrence(&tenant.scope, ended.into(), &by_root()).await.unwrap();
    let (ada, bea) = (tenant.member("ada").await, tenant.member("bea").await);
    let full = occurrence_key(&event, day(0));
    tenant.try_register(register(full, ada.id), day(-1)).await.unwrap();
    // Bea has a seat at that time, and an unknown member has nothing.
    let held = tenant.event(EventBuilder::once(FIRST)).await;
    tenant.seat(&held, day(0), &bea).await;
    let unknown = MemberId::from_uuid(fresh_uuid());
    let (before, after) = (opens_at - Duration::HOUR, closed_at);
    let nothing = OccurrenceKey { event: EventId::from_uuid(fresh_uuid()), original_start: day(0) };

    for (key, member, at, expected) in [
        (nothing, unknown, day(-1), Refusal::not_found(Field::OccurrenceId)),
        (nothing, bea.id, day(-1), Refusal::not_found(Field::OccurrenceId)),
        (full, ada.id, before, Refusal::AlreadyRegistered),
        (full, ada.id, after, Refusal::AlreadyRegistered),
        (full, unknown, before, Refusal::RegistrationNotOpen { opens_at }),
        (full, bea.id, before, Refusal::RegistrationNotOpen { opens_at }),
        (full, unknown, after, Refusal::RegistrationClosed { closed_at }),
        (full, bea.id, after, Refusal::RegistrationClosed { closed_at }),
        (full, unknown, day(-1), Refusal::OccurrenceFull),
        (full, bea.id, day(-1), Refusal::OccurrenceFull),
        (ended, unknown, day(-1), Refusal::OccurrenceCancelled),
        (ended, bea.id, after, Refusal::OccurrenceCancelled),
    ] {
        let outcome = tenant.try_register(register(key, member), at).await;
        assert_eq!(refusal(outcome), expected, "{key} {member} {at}");
    }
}

pub(super) async fn registers_by_a_former_key_of_an_occurrence(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let crowd = tenant.crowd(3).await;
    let event = tenant.event(EventBuilder::daily(FIRST, 5)).await;
    let held = tenant.seat(&event, day(1), &crowd[0]).await;
    let edit = EventEdit {
        event: event.id,
        expected_version: None,
        scope: EditScope::All,
        patch: EventPatch { starts_at: Some(FIRST + Duration::hours(3)), ..EventPatch::default() },
        on_affected: OnAffected::Refuse,
    };
    tenant.ports.events.update(&tenant.scope, edit, &by_root()).await.unwrap();
    let now = occurrence_key(&event, day(1) + Duration::hours(3));
    let seat = tenant.try_register(register(held.occurrence, crowd[1].id), NOW).await.unwrap();
    assert_eq!((seat.occurrence, seat.interval.start()), (now, now.original_start));
    assert_eq!(tenant.counts(now).await, (2, 0));
    let refused = tenant.try_register(register(held.occurrence, crowd[0].id), NOW).await;
    assert_eq!(refusal(refused), Refusal::AlreadyRegistered);
    // Former keys are stored with the occurrence, and this one is not stored.
    let untouched = occurrence_key(&event, day(2));
    let refused = tenant.try_register(register(untouched, crowd[2].id), NOW).await;
    assert_eq!(refusal(refused), Refusal::not_found(Field::OccurrenceId));
}

pub(super) async fn derives_occurrences_from_the_edited_event(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let ada = tenant.member("ada").await;
    let bea = tenant.member("bea").await;
    let before = tenant.event(EventBuilder::daily(FIRST, 5).seats(10)).await;
    let patch = EventPatch {
        capacity: Some(Capacity::new(1).unwrap()),
        recurrence: Some(Some(crate::ports::NewRecurrence {
            rule: convene_domain::recurrence::Rule::parse("FREQ=DAILY;COUNT=2").unwrap(),
            exdates: Vec::new(),
            rdates: Vec::new(),
        })),
        ..EventPatch::default()
    };
    let edit = EventEdit {
        event: before.id,
        expected_version: None,
        scope: EditScope::All,
        patch,
        on_affected: OnAffected::Refuse,
    };
    tenant.ports.events.update(&tenant.scope, edit, &by_root()).await.unwrap();
    let refused = tenant.try_register(register(occurrence_key(&before, day(3)), ada.id), NOW).await;
    assert_eq!(refusal(refused), Refusal::not_found(Field::OccurrenceId), "the series has become shorter");
    tenant.seat(&before, day(1), &ada).await;
    let refused = tenant.try_register(register(occurrence_key(&before, day(1)), bea.id), NOW).await;
    assert_eq!(refusal(refused), Refusal::OccurrenceFull, "the event has become smaller");

    let deleted = tenant.event(EventBuilder::daily(FIRST, 5)).await;
    tenant.ports.events.delete(&tenant.scope, deleted.id, &by_root()).await.unwrap();
    let refused = tenant.try_register(register(occurrence_key(&deleted, day(3)), ada.id), NOW).await;
    assert_eq!(refusal(refused), Refusal::not_found(Field::OccurrenceId));
}

pub(super) async fn logs_the_actor_and_the_request(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::once(FIRST)).await;
    let ada = tenant.member("ada").await;
    let journal = tenant.journal().await;
    let later = NOW + Duration::MINUTE;
    let mut change = by_root_at(later);
    change.request_id = Some(String::from("request-7"));
    let request = register(occurrence_key(&event, day(0)), ada.id);
    let registration =
        tenant.ports.registration_book.register(&tenant.scope, request, &change).await.unwrap();
    assert_eq!(registration.created_at, later);
    let entries = journal.new_entries().await;
    let [entry] = entries.as_slice() else { panic!("{entries:?}") };
    assert_eq!((entry.action, entry.at, &entry.actor), (Action::RegistrationCreated, later, &change.actor));
    assert_eq!(entry.request_id.as_deref(), Some("request-7"));
}
