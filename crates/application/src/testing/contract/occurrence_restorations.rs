//! The contract of restored occurrences.

use std::sync::Arc;

use convene_domain::{
    capacity::Capacity,
    duration::EventDuration,
    event::{Event, EventStatus},
    occurrence::{Occurrence, OccurrenceKey},
    registration::RegistrationStatus,
    text::{Location, Title},
    time::Instant,
};
use time::Duration;

use super::{
    environment::Environment,
    support::{FIRST, NOW, by_root, by_root_at, concurrently, day, edit_of, logged_fields, refusal},
    tenant::Tenant,
};
use crate::{
    caller::Caller,
    change::RequestMetadata,
    failure::{Field, Outcome, Refusal},
    occurrence::RestoreOccurrence,
    ports::{
        Changed, EventPatch, OccurrenceEdit, OccurrenceField, OccurrencePatch, OccurrenceRestoration,
        OnAffected,
    },
    testing::builders::{EventBuilder, occurrence_key, register},
};

async fn edit(tenant: &Tenant, occurrence: OccurrenceKey, patch: OccurrencePatch) -> Occurrence {
    let edit = OccurrenceEdit { occurrence, patch, on_affected: OnAffected::Refuse };
    tenant.ports.events.update_occurrence(&tenant.scope, edit, &by_root()).await.unwrap().now
}

async fn cancel(tenant: &Tenant, occurrence: OccurrenceKey) -> Occurrence {
    tenant.ports.events.cancel_occurrence(&tenant.scope, occurrence.into(), &by_root()).await.unwrap().now
}

/// Restores the fields, all if none is named.
async fn restore(
    tenant: &Tenant,
    occurrence: OccurrenceKey,
    fields: &[OccurrenceField],
) -> Outcome<Changed<Occurrence>> {
    restore_as(tenant, restoration(occurrence, fields), NOW).await
}

fn restoration(occurrence: OccurrenceKey, fields: &[OccurrenceField]) -> OccurrenceRestoration {
    OccurrenceRestoration {
        occurrence,
        fields: fields.to_vec(),
        expected_version: None,
        on_affected: OnAffected::Refuse,
    }
}

async fn restore_as(
    tenant: &Tenant,
    restoration: OccurrenceRestoration,
    at: Instant,
) -> Outcome<Changed<Occurrence>> {
    tenant.ports.events.restore_occurrence(&tenant.scope, restoration, &by_root_at(at)).await
}

fn all_values() -> OccurrencePatch {
    OccurrencePatch {
        title: Title::parse("Solo").ok(),
        location: Location::parse("Hall 2").ok(),
        starts_at: Some(FIRST + Duration::hours(26)),
        duration: EventDuration::new(Duration::hours(2)).ok(),
        capacity: Capacity::new(7).ok(),
        ..OccurrencePatch::default()
    }
}

/// The occurrence of a daily event on the second day, and a member.
async fn daily(environment: &Environment) -> (Tenant, Event, OccurrenceKey) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 9).seats(2)).await;
    let key = occurrence_key(&event, day(1));
    (tenant, event, key)
}

pub(super) async fn a_cancelled_occurrence_takes_place_again(environment: Environment) {
    let (tenant, event, key) = daily(&environment).await;
    let (ada, bob) = (tenant.member("ada").await, tenant.member("bob").await);
    let lost = tenant.seat(&event, day(1), &ada).await;
    let cancelled = cancel(&tenant, key).await;
    let journal = tenant.journal().await;
    let restored = restore(&tenant, key, &[]).await.unwrap();
    assert_eq!((restored.cancelled_registrations, restored.promoted_registrations), (0, 0));
    assert_eq!(restored.now.status, EventStatus::Scheduled);
    assert_eq!(restored.now.version, cancelled.version + 1, "the version goes on");
    assert_eq!((restored.now.taken, restored.now.is_exception), (0, false));
    journal.expect([("occurrence.restored", key.to_string())]).await;
    let status = ("status".to_owned(), Some("CANCELLED".to_owned()), Some("SCHEDULED".to_owned()));
    assert_eq!(logged_fields(&journal.new_entries().await), [status]);
    assert!(!tenant.registration_now(&lost).await.status.is_active(), "seats do not return");
    assert_eq!(tenant.listed(&[&event], day(1), day(2)).await, [day(1)]);
    for member in [&ada, &bob] {
        tenant.seat(&event, day(1), member).await;
    }
    assert_eq!(tenant.counts(key).await, (2, 0));
    assert_eq!(refusal(restore(&tenant, key, &[]).await), Refusal::NotCancelled);
    let again = restore(&tenant, key, &[OccurrenceField::Status]).await;
    assert_eq!(refusal(again), Refusal::NotCancelled);
}

pub(super) async fn an_exception_gets_the_values_of_its_series_again(environment: Environment) {
    let (tenant, event, key) = daily(&environment).await;
    let untouched = tenant.listing(&[event.id], day(1), day(2)).await[0].occurrence.clone();
    let ada = tenant.member("ada").await;
    let seat = tenant.seat(&event, day(1), &ada).await;
    let edited = edit(&tenant, key, all_values()).await;
    // The series has changed meanwhile.
    let patch = EventPatch { title: Title::parse("Rehearsal II").ok(), ..EventPatch::default() };
    tenant.ports.events.update(&tenant.scope, edit_of(event.id, patch), &by_root()).await.unwrap();
    let journal = tenant.journal().await;
    let restored = restore(&tenant, key, &[]).await.unwrap().now;
    let expected = Occurrence {
        title: Title::parse("Rehearsal II").unwrap(),
        version: edited.version + 1,
        taken: 1,
        ..untouched
    };
    assert_eq!(restored, expected);
    assert_eq!(tenant.registration_now(&seat).await.interval, restored.interval, "the seat follows");
    journal.expect([("occurrence.restored", key.to_string())]).await;
    let fields: Vec<String> =
        logged_fields(&journal.new_entries().await).into_iter().map(|(field, ..)| field).collect();
    assert_eq!(fields, ["capacity", "duration", "endsAt", "location", "startsAt", "title"]);
}

pub(super) async fn an_exception_loses_the_named_values_only(environment: Environment) {
    let (tenant, _, key) = daily(&environment).await;
    let edited = edit(&tenant, key, all_values()).await;
    let restored = restore(&tenant, key, &[OccurrenceField::StartsAt, OccurrenceField::Title]).await.unwrap();
    let restored = restored.now;
    assert_eq!(restored.interval.start(), day(1));
    assert_eq!(restored.interval.duration(), edited.interval.duration(), "its own duration");
    assert_eq!((restored.capacity, restored.location.as_str()), (edited.capacity, "Hall 2"));
    assert!(restored.title != edited.title && restored.is_exception);
    let journal = tenant.journal().await;
    let again = restore(&tenant, key, &[OccurrenceField::StartsAt]).await.unwrap();
    assert_eq!(again.now, restored, "nothing is left to give up");
    journal.expect_nothing().await;

    // The status is named with others.
    let title = OccurrencePatch { title: Title::parse("Duet").ok(), ..OccurrencePatch::default() };
    edit(&tenant, key, title).await;
    let both = [OccurrenceField::Title, OccurrenceField::Status];
    assert_eq!(restore(&tenant, key, &both).await.unwrap().now.title, restored.title);
    assert_eq!(refusal(restore(&tenant, key, &both).await), Refusal::NotCancelled);

    cancel(&tenant, key).await;
    let renamed = restore(&tenant, key, &[OccurrenceField::Location]).await.unwrap().now;
    assert_eq!((renamed.status, renamed.location.as_str()), (EventStatus::Cancelled, "Main hall"));
    let restored = restore(&tenant, key, &[OccurrenceField::Status]).await.unwrap().now;
    assert_eq!((restored.status, restored.capacity), (EventStatus::Scheduled, edited.capacity));
}

pub(super) async fn a_change_of_the_duration_is_logged_if_the_end_stays(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 9).lasting(Duration::DAY)).await;
    let key = occurrence_key(&event, day(1));
    let journal = tenant.journal().await;
    let patch = OccurrencePatch { duration: EventDuration::parse("P1D").ok(), ..OccurrencePatch::default() };
    let edited = edit(&tenant, key, patch).await;
    assert_eq!((edited.interval.duration(), edited.is_exception), (Duration::DAY, true));
    let duration = |before: &str, after: &str| {
        vec![("duration".to_owned(), Some(before.to_owned()), Some(after.to_owned()))]
    };
    assert_eq!(logged_fields(&journal.new_entries().await), duration("PT24H", "P1D"));
    let journal = tenant.journal().await;
    restore(&tenant, key, &[OccurrenceField::Duration]).await.unwrap();
    assert_eq!(logged_fields(&journal.new_entries().await), duration("P1D", "PT24H"));
}

pub(super) async fn impossible_restorations_are_refused_and_change_nothing(environment: Environment) {
    let (tenant, event, key) = daily(&environment).await;
    let missing = occurrence_key(&event, day(40));
    let cancelled = cancel(&tenant, key).await;
    let postponed = occurrence_key(&event, day(0));
    let patch = OccurrencePatch { starts_at: Some(FIRST + Duration::days(3)), ..OccurrencePatch::default() };
    edit(&tenant, postponed, patch).await;
    let journal = tenant.journal().await;
    assert_eq!(refusal(restore(&tenant, missing, &[]).await), Refusal::not_found(Field::OccurrenceId));
    let untouched = occurrence_key(&event, day(2));
    assert_eq!(refusal(restore(&tenant, untouched, &[]).await), Refusal::NotCancelled);
    let outdated = OccurrenceRestoration { expected_version: Some(1), ..restoration(key, &[]) };
    let refused = refusal(restore_as(&tenant, outdated, NOW).await);
    assert_eq!(refused, Refusal::VersionConflict { current: cancelled.version });
    let is_invalid = |refused: Refusal, of: Field| match refused {
        Refusal::InvalidInput { field, .. } => assert!(field.is(of), "{field}"),
        other => panic!("{other}"),
    };
    let begun = restore_as(&tenant, restoration(key, &[]), day(1)).await;
    is_invalid(refusal(begun), Field::OccurrenceId);
    let too_late = restore_as(&tenant, restoration(postponed, &[]), day(1)).await;
    is_invalid(refusal(too_late), Field::OccurrenceId);
    let too_late = restore_as(&tenant, restoration(postponed, &[OccurrenceField::StartsAt]), day(1)).await;
    is_invalid(refusal(too_late), Field::Fields);
    tenant.ports.events.cancel(&tenant.scope, event.id, &by_root()).await.unwrap();
    assert_eq!(refusal(restore(&tenant, key, &[]).await), Refusal::EventCancelled);
    journal.expect([("event.cancelled", event.id.to_string())]).await;
}

pub(super) async fn seats_that_a_restoration_would_move_into_a_conflict_are_listed(environment: Environment) {
    let (tenant, _, key) = daily(&environment).await;
    let crowd = tenant.crowd(3).await;
    let later = OccurrencePatch {
        starts_at: Some(FIRST + Duration::hours(30)),
        capacity: Capacity::new(3).ok(),
        ..OccurrencePatch::default()
    };
    edit(&tenant, key, later).await;
    let mut seats = Vec::new();
    for member in &crowd {
        let request = register(key, member.id);
        seats.push(tenant.try_register(request, NOW).await.expect("a seat"));
    }
    let beside = tenant.event(EventBuilder::once(FIRST + Duration::days(1)).seats(5)).await;
    tenant.seat(&beside, day(1), &crowd[0]).await;

    let capacity = restore(&tenant, key, &[OccurrenceField::Capacity]).await;
    assert_eq!(refusal(capacity), Refusal::CapacityBelowRegistrations { taken: 3 });
    // The input of the use case has no capacity.
    let use_case =
        RestoreOccurrence { contexts: Tenant::contexts(), events: Arc::clone(&tenant.ports.events) };
    let caller = Caller::for_tests(tenant.organization.id, &tenant.admin);
    for on_affected in [OnAffected::Refuse, OnAffected::CancelRegistrations] {
        let capacity =
            OccurrenceRestoration { on_affected, ..restoration(key, &[OccurrenceField::Capacity]) };
        let refused = use_case.execute(caller.admin().unwrap(), capacity, RequestMetadata::default()).await;
        assert_eq!(refusal(refused), Refusal::EventCapacityBelowRegistrations { taken: 3 });
    }
    let moving = restoration(key, &[OccurrenceField::StartsAt]);
    match refusal(restore_as(&tenant, moving.clone(), NOW).await) {
        Refusal::RegistrationsAffected { count: 1, registrations } => {
            assert_eq!(registrations[0].id, seats[0].id);
        }
        other => panic!("{other}"),
    }
    let moving = OccurrenceRestoration { on_affected: OnAffected::CancelRegistrations, ..moving };
    let restored = restore_as(&tenant, moving, NOW).await.unwrap();
    assert_eq!((restored.cancelled_registrations, restored.now.taken), (1, 2));
    assert_eq!(restored.now.interval.start(), day(1));
    assert!(restore(&tenant, key, &[OccurrenceField::Capacity]).await.is_ok(), "there is room now");
    assert_eq!(tenant.active_of(crowd[1].id).await[0].interval.start(), day(1));
}

pub(super) async fn members_who_wait_get_the_seats_that_a_restoration_adds(environment: Environment) {
    let (tenant, event, key) = daily(&environment).await;
    let crowd = tenant.crowd(2).await;
    edit(&tenant, key, OccurrencePatch { capacity: Capacity::new(1).ok(), ..OccurrencePatch::default() })
        .await;
    tenant.seat(&event, day(1), &crowd[0]).await;
    let waiting = tenant.seat_or_waitlist(&event, day(1), &crowd[1]).await;
    let restored = restore(&tenant, key, &[]).await.unwrap();
    assert_eq!((restored.promoted_registrations, restored.now.taken, restored.now.waiting), (1, 2, 0));
    assert_eq!(tenant.registration_now(&waiting).await.status, RegistrationStatus::Confirmed);
}

pub(super) async fn a_restored_occurrence_is_found_by_its_former_id(environment: Environment) {
    let (tenant, event, key) = daily(&environment).await;
    cancel(&tenant, key).await;
    let later = EventPatch { starts_at: Some(FIRST + Duration::HOUR), ..EventPatch::default() };
    tenant.ports.events.update(&tenant.scope, edit_of(event.id, later), &by_root()).await.unwrap();
    let restored = restore(&tenant, key, &[]).await.unwrap().now;
    assert_eq!(restored.key, occurrence_key(&event, day(1) + Duration::HOUR));
    assert_eq!(
        (restored.status, restored.interval.start()),
        (EventStatus::Scheduled, day(1) + Duration::HOUR)
    );
}

pub(super) async fn seats_of_a_restored_occurrence_are_safe_under_concurrent_calls(environment: Environment) {
    let (tenant, _, key) = daily(&environment).await;
    let crowd = tenant.crowd(12).await;
    for round in 0..4 {
        cancel(&tenant, key).await;
        let calls = crowd.iter().map(Some).chain([None]).map(|member| {
            let (tenant, member) = (tenant.clone(), member.map(|member| member.id));
            async move {
                match member {
                    Some(member) => tenant.try_register(register(key, member), NOW).await.is_ok(),
                    None => restore(&tenant, key, &[]).await.is_ok(),
                }
            }
        });
        let calls: Vec<_> = calls.collect();
        let outcomes = concurrently(calls).await;
        assert_eq!(outcomes.last(), Some(&true), "round {round}");
        let seats = outcomes.iter().filter(|outcome| **outcome).count() - 1;
        let (taken, waiting) = tenant.counts(key).await;
        assert_eq!((usize::try_from(taken).unwrap(), waiting), (seats, 0), "round {round}");
    }
}
