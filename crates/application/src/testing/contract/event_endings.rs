//! Cancelling and deleting events.

use convene_domain::{
    event::EventStatus,
    id::EventId,
    occurrence::OccurrenceKey,
    registration::{CancellationReason, RegistrationStatus},
};
use time::Duration;

use super::{
    environment::Environment,
    support::{FIRST, NOW, by_root, by_root_at, day, refusal},
};
use crate::{
    failure::{Field, Refusal},
    ports::{EventDeleted, RegistrationFilter},
    testing::builders::{EventBuilder, fresh_uuid, occurrence_key, register},
};

pub(super) async fn cancelling_an_event_cancels_its_upcoming_occurrences(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 5).seats(1)).await;
    let crowd = tenant.crowd(2).await;
    let running = tenant.seat(&event, day(0), &crowd[0]).await;
    let coming = tenant.seat(&event, day(1), &crowd[0]).await;
    let waiting = tenant.seat_or_waitlist(&event, day(1), &crowd[1]).await;
    let given_up = tenant.seat(&event, day(2), &crowd[1]).await;
    let given_up = tenant.cancel(&given_up).await.registration;
    let journal = tenant.journal().await;
    let now = day(0) + Duration::minutes(30);
    let changed = tenant.ports.events.cancel(&tenant.scope, event.id, &by_root_at(now)).await.unwrap();
    assert_eq!(changed.cancelled_registrations, 2);
    assert_eq!((changed.now.status, changed.now.version), (EventStatus::Cancelled, 2));
    assert_eq!(changed.now.updated_at, now);
    assert_eq!(tenant.event_now(&event).await, changed.now);
    journal
        .expect([
            ("event.cancelled", event.id.to_string()),
            ("registration.cancelled", coming.id.to_string()),
            ("registration.cancelled", waiting.id.to_string()),
        ])
        .await;
    for (registration, was_waitlisted) in [(&coming, false), (&waiting, true)] {
        let cancelled = tenant.registration_now(registration).await;
        let reason = CancellationReason::OccurrenceCancelled;
        assert_eq!(cancelled.status, RegistrationStatus::Cancelled { at: now, reason, was_waitlisted });
    }
    assert_eq!(tenant.registration_now(&running).await, running);
    assert_eq!(tenant.registration_now(&given_up).await, given_up, "it has its own reason");
    let stored = tenant.stored(coming.occurrence).await.unwrap();
    assert_eq!((stored.status(), stored.taken, stored.waiting), (EventStatus::Cancelled, 0, 0));
    let begun = tenant.stored(running.occurrence).await.unwrap();
    assert_eq!((begun.status(), begun.taken), (EventStatus::Scheduled, 1));

    for start in [day(1), day(3)] {
        let refused = tenant.try_register(register(occurrence_key(&event, start), crowd[1].id), now).await;
        assert_eq!(refusal(refused), Refusal::EventCancelled, "stored before or not");
    }
    let free = tenant.event(EventBuilder::once(FIRST + Duration::days(1))).await;
    tenant.seat(&free, day(1), &crowd[0]).await;
}

pub(super) async fn an_event_is_cancelled_once(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::once(FIRST)).await;
    tenant.ports.events.cancel(&tenant.scope, event.id, &by_root()).await.unwrap();
    let key = OccurrenceKey { event: event.id, original_start: day(0) };
    assert_eq!(tenant.stored(key).await.unwrap().status(), EventStatus::Cancelled);
    let journal = tenant.journal().await;
    let refused = tenant.ports.events.cancel(&tenant.scope, event.id, &by_root()).await;
    assert_eq!(refusal(refused), Refusal::AlreadyCancelled);
    let unknown = EventId::from_uuid(fresh_uuid());
    let refused = tenant.ports.events.cancel(&tenant.scope, unknown, &by_root()).await;
    assert_eq!(refusal(refused), Refusal::not_found(Field::EventId));
    journal.expect_nothing().await;
}

pub(super) async fn only_an_event_without_active_registrations_is_deleted(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 5).seats(1)).await;
    let other = tenant.event(EventBuilder::daily(FIRST + Duration::hours(5), 5)).await;
    let crowd = tenant.crowd(2).await;
    let seat = tenant.seat(&event, day(1), &crowd[0]).await;
    let waiting = tenant.seat_or_waitlist(&event, day(1), &crowd[1]).await;
    let elsewhere = tenant.seat(&other, day(1) + Duration::hours(5), &crowd[0]).await;
    let journal = tenant.journal().await;
    let change = by_root();
    let delete = || tenant.ports.events.delete(&tenant.scope, event.id, &change);
    let mut registrations = vec![seat.clone(), waiting.clone()];
    registrations.sort_by_key(|registration| registration.id);
    assert_eq!(refusal(delete().await), Refusal::RegistrationsAffected { count: 2, registrations });
    journal.expect_nothing().await;
    tenant.cancel(&waiting).await;
    let registrations = vec![seat.clone()];
    assert_eq!(refusal(delete().await), Refusal::RegistrationsAffected { count: 1, registrations });
    tenant.cancel(&seat).await;

    let journal = tenant.journal().await;
    assert_eq!(delete().await.unwrap(), EventDeleted { id: event.id, remaining_registrations: 0 });
    journal.expect([("event.deleted", event.id.to_string())]).await;
    assert_eq!(tenant.ports.events.get_many(&tenant.scope, &[event.id]).await.unwrap(), []);
    assert_eq!(tenant.stored(seat.occurrence).await, None);
    assert_eq!(tenant.registrations(RegistrationFilter::default()).await, [elsewhere]);
    assert_eq!(refusal(delete().await), Refusal::not_found(Field::EventId));
    let refused = tenant.try_register(register(occurrence_key(&event, day(1)), crowd[0].id), NOW).await;
    assert_eq!(refusal(refused), Refusal::not_found(Field::OccurrenceId));
}
