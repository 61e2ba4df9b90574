//! The times within which members can register and cancel.

use convene_domain::{member::Role, registration::RegistrationStatus};
use time::Duration;

use super::{
    environment::Environment,
    support::{FIRST, NOW, by_root, by_root_at, day, refusal},
};
use crate::{
    failure::Refusal,
    ports::{CancelRequest, EditScope, EventEdit, EventPatch, OnAffected, RegisterRequest},
    testing::builders::{EventBuilder, occurrence_key, register},
};

const LEAST: Duration = Duration::MILLISECOND;

pub(super) async fn opens_and_closes_registration_on_time(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = EventBuilder::weekly(FIRST).opens(Duration::days(3)).closes(Duration::hours(2));
    let event = tenant.event(event).await;
    let crowd = tenant.crowd(4).await;
    let (opens_at, closed_at) = (day(-3), day(0) - Duration::hours(2));
    let journal = tenant.journal().await;
    let attempt = |member: usize, at| {
        tenant.try_register(register(occurrence_key(&event, day(0)), crowd[member].id), at)
    };
    assert_eq!(refusal(attempt(0, opens_at - LEAST).await), Refusal::RegistrationNotOpen { opens_at });
    assert_eq!(refusal(attempt(0, closed_at).await), Refusal::RegistrationClosed { closed_at });
    journal.expect_nothing().await;
    attempt(0, opens_at).await.unwrap();
    attempt(1, closed_at - LEAST).await.unwrap();
    // The same holds for the stored occurrence.
    assert_eq!(refusal(attempt(2, opens_at - LEAST).await), Refusal::RegistrationNotOpen { opens_at });
    assert_eq!(refusal(attempt(2, closed_at).await), Refusal::RegistrationClosed { closed_at });
    attempt(2, closed_at - LEAST).await.unwrap();
    attempt(3, opens_at).await.unwrap();
}

pub(super) async fn closes_the_waitlist_with_registration(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = EventBuilder::weekly(FIRST).opens(Duration::days(3)).closes(Duration::hours(2)).seats(1);
    let event = tenant.event(event).await;
    let crowd = tenant.crowd(2).await;
    tenant.try_register(register(occurrence_key(&event, day(0)), crowd[0].id), day(-1)).await.unwrap();
    let (opens_at, closed_at) = (day(-3), day(0) - Duration::hours(2));
    let wait =
        || RegisterRequest { join_waitlist: true, ..register(occurrence_key(&event, day(0)), crowd[1].id) };
    let refused = tenant.try_register(wait(), closed_at).await;
    assert_eq!(refusal(refused), Refusal::RegistrationClosed { closed_at });
    let refused = tenant.try_register(wait(), opens_at - LEAST).await;
    assert_eq!(refusal(refused), Refusal::RegistrationNotOpen { opens_at });
    let waitlisted = tenant.try_register(wait(), closed_at - LEAST).await.unwrap();
    assert_eq!(waitlisted.status, RegistrationStatus::Waitlisted { sequence: 1 });
}

pub(super) async fn refuses_registrations_after_the_start(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::weekly(FIRST)).await;
    let ada = tenant.member("ada").await;
    for at in [day(0), day(0) + Duration::minutes(30), day(1)] {
        let refused = tenant.try_register(register(occurrence_key(&event, day(0)), ada.id), at).await;
        assert_eq!(refusal(refused), Refusal::RegistrationClosed { closed_at: day(0) });
    }
    tenant.try_register(register(occurrence_key(&event, day(0)), ada.id), day(0) - LEAST).await.unwrap();
}

pub(super) async fn applies_an_edited_policy_to_stored_and_derived_occurrences(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::weekly(FIRST)).await;
    let crowd = tenant.crowd(2).await;
    tenant.seat(&event, day(0), &crowd[0]).await;
    let opens = convene_domain::duration::LeadTime::new(Duration::days(2)).unwrap();
    let edit = EventEdit {
        event: event.id,
        expected_version: None,
        scope: EditScope::All,
        patch: EventPatch { registration_opens: Some(Some(opens)), ..EventPatch::default() },
        on_affected: OnAffected::Refuse,
    };
    tenant.ports.events.update(&tenant.scope, edit, &by_root()).await.unwrap();
    let event = tenant.event_now(&event).await;
    for start in [day(0), day(7)] {
        let refused = tenant.try_register(register(occurrence_key(&event, start), crowd[1].id), NOW).await;
        let opens_at = start - Duration::days(2);
        assert_eq!(refusal(refused), Refusal::RegistrationNotOpen { opens_at }, "stored or derived");
    }
}

pub(super) async fn lets_members_cancel_until_their_deadline_and_admins_until_the_start(
    environment: Environment,
) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::weekly(FIRST).cancellable_until(Duration::days(1)).seats(2)).await;
    let crowd = tenant.crowd(2).await;
    let first = tenant.seat(&event, day(0), &crowd[0]).await;
    let second = tenant.seat(&event, day(0), &crowd[1]).await;
    let closed_at = day(-1);
    let journal = tenant.journal().await;
    for at in [closed_at, day(0) - LEAST] {
        let refused = tenant.try_cancel(&first, at).await;
        assert_eq!(refusal(refused), Refusal::CancellationClosed { closed_at });
    }
    let by_admin = |registration, at| {
        let request = CancelRequest { registration, caller: tenant.admin.id, role: Role::Admin };
        let tenant = tenant.clone();
        async move { tenant.ports.registration_book.cancel(&tenant.scope, request, &by_root_at(at)).await }
    };
    for at in [day(0), day(3)] {
        let refused = by_admin(first.id, at).await;
        assert_eq!(refusal(refused), Refusal::CancellationClosed { closed_at: day(0) }, "it has begun");
    }
    journal.expect_nothing().await;
    tenant.try_cancel(&second, closed_at - LEAST).await.unwrap();
    by_admin(first.id, day(0) - LEAST).await.unwrap();
}

pub(super) async fn lets_members_leave_the_waitlist_after_the_deadline(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::weekly(FIRST).cancellable_until(Duration::days(1)).seats(1)).await;
    let crowd = tenant.crowd(2).await;
    tenant.seat(&event, day(0), &crowd[0]).await;
    let waitlisted = tenant.seat_or_waitlist(&event, day(0), &crowd[1]).await;
    let refused = tenant.try_cancel(&waitlisted, day(0)).await;
    assert_eq!(refusal(refused), Refusal::CancellationClosed { closed_at: day(0) });
    tenant.try_cancel(&waitlisted, day(0) - LEAST).await.unwrap();
}
