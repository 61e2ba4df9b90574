//! Repeats of every mutation with its key: they return the same result and change nothing.

use std::fmt::Debug;

use convene_domain::{
    event::Event,
    id::EventId,
    issue::IssueStatus,
    member::Role,
    occurrence::OccurrenceKey,
    text::{OrganizationName, Title},
};
use time::Duration;

use super::{
    environment::Environment,
    support::{FIRST, NOW, day, edit_of, refusal},
    tenant::Tenant,
};
use crate::{
    change::Change,
    failure::{Outcome, Refusal},
    ports::{
        CancelRequest, EditScope, EventEdit, EventPatch, IssuePatch, MemberPatch, OccurrenceEdit,
        OccurrencePatch, OnAffected, OrganizationPatch, RegisterRequest,
    },
    testing::builders::{
        ChangeBuilder, EventBuilder, IssueBuilder, MemberBuilder, fresh_uuid, occurrence_key, register,
    },
};

/// Makes a change and repeats it.
async fn repeat<T, F>(tenant: &Tenant, change: impl Fn(Change) -> F) -> T
where
    T: Debug + PartialEq,
    F: Future<Output = Outcome<T>>,
{
    let key = fresh_uuid().to_string();
    let keyed = |input, at| ChangeBuilder::by("root").key(&key, input).at(at).build();
    let first = change(keyed(1, NOW)).await.expect("the change is made");
    let journal = tenant.journal().await;
    for at in [NOW, NOW + Duration::MINUTE] {
        let again = change(keyed(1, at)).await.expect("the repeat is answered");
        assert_eq!(again, first, "the same answer");
    }
    assert_eq!(refusal(change(keyed(2, NOW)).await), Refusal::IdempotencyKeyReused);
    journal.expect_nothing().await;
    first
}

pub(super) async fn changes_of_organizations_and_members_are_repeatable(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let (tenant, scope) = (&tenant, &tenant.scope);
    repeat(tenant, async |change| {
        let name = Some(OrganizationName::parse("The choir").unwrap());
        let patch = OrganizationPatch { name, ..OrganizationPatch::default() };
        tenant.ports.organizations.update(scope, patch, &change).await
    })
    .await;
    // The use case gives the member of each call another id.
    let ada = repeat(tenant, async |change| {
        tenant.ports.members.add(scope, MemberBuilder::new("ada").build(), &change).await
    })
    .await;
    repeat(tenant, async |change| {
        let patch = MemberPatch { email: Some(None), role: Some(Role::Admin), ..MemberPatch::default() };
        tenant.ports.members.update(scope, ada.id, patch, &change).await
    })
    .await;
    let event = tenant.event(EventBuilder::daily(FIRST, 3)).await;
    tenant.seat(&event, day(0), &ada).await;
    tenant.seat(&event, day(1), &ada).await;
    let removed =
        repeat(tenant, async |change| tenant.ports.members.remove(scope, ada.id, &change).await).await;
    assert_eq!((removed.id, removed.cancelled_registrations), (ada.id, 2));
}

pub(super) async fn changes_of_issues_are_repeatable(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let (tenant, scope) = (&tenant, &tenant.scope);
    let issue = repeat(tenant, async |change| {
        let issue = IssueBuilder::new("Broken projector", tenant.admin.id).build();
        tenant.ports.issues.create(scope, issue, &change).await
    })
    .await;
    assert_eq!(issue.number, 1);
    repeat(tenant, async |change| {
        let patch = IssuePatch { status: Some(IssueStatus::Done), ..IssuePatch::default() };
        tenant.ports.issues.update(scope, issue.id, patch, &change).await
    })
    .await;
    repeat(tenant, async |change| tenant.ports.issues.delete(scope, issue.id, None, &change).await).await;
    let next = IssueBuilder::new("No badges", tenant.admin.id).build();
    let change = ChangeBuilder::by("root").build();
    assert_eq!(tenant.ports.issues.create(scope, next, &change).await.unwrap().number, 2);
}

pub(super) async fn changes_of_events_are_repeatable(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let (tenant, scope) = (&tenant, &tenant.scope);
    let events = &tenant.ports.events;
    let ada = tenant.member("ada").await;
    let event = repeat(tenant, async |change| {
        events.create(scope, EventBuilder::daily(FIRST, 9).build(), &change).await
    })
    .await;
    tenant.seat(&event, day(1), &ada).await;
    tenant.seat(&event, day(3), &ada).await;
    tenant.seat(&event, day(8), &ada).await;
    let changed = repeat(tenant, async |change| {
        let patch = EventPatch { starts_at: Some(FIRST + Duration::hours(3)), ..EventPatch::default() };
        let edit = EventEdit { expected_version: Some(1), ..edit_of(event.id, patch) };
        events.update(scope, edit, &change).await
    })
    .await;
    assert_eq!((changed.now.version, changed.cancelled_registrations), (2, 0));
    let second: Event = repeat(tenant, async |change| {
        let start = day(5) + Duration::hours(3);
        let from = OccurrenceKey { event: event.id, original_start: start };
        let new_event = EventId::from_uuid(fresh_uuid());
        let patch = EventPatch { title: Some(Title::parse("Second half").unwrap()), ..EventPatch::default() };
        let scope_of_edit = EditScope::ThisAndFollowing { from, new_event };
        let edit = EventEdit { scope: scope_of_edit, ..edit_of(event.id, patch) };
        events.update(scope, edit, &change).await
    })
    .await
    .now;
    assert_ne!(second.id, event.id);
    let cancelled = repeat(tenant, async |change| events.cancel(scope, second.id, &change).await).await;
    assert_eq!(cancelled.cancelled_registrations, 1);
    repeat(tenant, async |change| events.delete(scope, second.id, &change).await).await;
}

pub(super) async fn changes_of_occurrences_are_repeatable(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let (tenant, scope) = (&tenant, &tenant.scope);
    let events = &tenant.ports.events;
    let ada = tenant.member("ada").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 9)).await;
    let other = tenant.event(EventBuilder::once(FIRST + Duration::hours(30))).await;
    tenant.seat(&other, day(1) + Duration::hours(6), &ada).await;
    let seat = tenant.seat(&event, day(1), &ada).await;
    let changed = repeat(tenant, async |change| {
        let patch =
            OccurrencePatch { starts_at: Some(FIRST + Duration::hours(30)), ..OccurrencePatch::default() };
        let on_affected = OnAffected::CancelRegistrations;
        let edit = OccurrenceEdit { occurrence: seat.occurrence, patch, on_affected };
        events.update_occurrence(scope, edit, &change).await
    })
    .await;
    assert_eq!((changed.now.key, changed.cancelled_registrations), (seat.occurrence, 1));
    let seat = tenant.seat(&event, day(2), &ada).await;
    let changed =
        repeat(tenant, async |change| events.cancel_occurrence(scope, seat.occurrence.into(), &change).await)
            .await;
    assert_eq!((changed.now.key, changed.cancelled_registrations), (seat.occurrence, 1));
}

pub(super) async fn registrations_and_cancellations_are_repeatable(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let (tenant, scope) = (&tenant, &tenant.scope);
    let book = &tenant.ports.registration_book;
    let event = tenant.event(EventBuilder::daily(FIRST, 9).seats(1)).await;
    let crowd = tenant.crowd(2).await;
    // The use case gives the registration of each call another id.
    let request = |member: usize| RegisterRequest {
        join_waitlist: true,
        ..register(occurrence_key(&event, day(0)), crowd[member].id)
    };
    let seat = repeat(tenant, async |change| book.register(scope, request(0), &change).await).await;
    let waitlisted = repeat(tenant, async |change| book.register(scope, request(1), &change).await).await;
    assert_eq!(tenant.counts(seat.occurrence).await, (1, 1));
    let request = CancelRequest { registration: seat.id, caller: tenant.admin.id, role: Role::Admin };
    let cancelled = repeat(tenant, async |change| book.cancel(scope, request, &change).await).await;
    assert_eq!(cancelled.promoted.map(|promoted| promoted.id), Some(waitlisted.id));
    assert_eq!(tenant.counts(seat.occurrence).await, (1, 0));
}
