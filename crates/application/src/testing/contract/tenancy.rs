//! Tenant isolation: calls with ids of another organization get the same results as calls with unknown ids, and change
//! nothing.

use std::{fmt::Debug, sync::Arc};

use convene_domain::{
    event::Event,
    id::{ActivityId, EventId, IssueId, MemberId, RegistrationId},
    issue::{Issue, IssueStatus},
    member::{Member, Role},
    occurrence::OccurrenceKey,
    registration::Registration,
    time::interval::Interval,
};
use time::Duration;

use super::{
    environment::Environment,
    support::{FIRST, NOW, by_root, day, edit_of, refusal},
    tenant::Tenant,
};
use crate::{
    failure::{Field, Outcome, Refusal},
    ports::{
        ActivityFilter, CancelRequest, CatalogueWindow, Duplication, EditScope, EventEdit, EventFilter,
        EventPatch, IssueFilter, IssuePatch, MemberFilter, MemberPatch, OccurrenceEdit, OccurrencePatch,
        OccurrenceRestoration, OnAffected, OrganizationPatch, OrganizationReference, RegistrationFilter,
    },
    testing::builders::{EventBuilder, IssueBuilder, first, fresh_uuid, occurrence_key, register},
};

/// Ids of an organization, or unknown ids.
#[derive(Debug, Clone)]
struct Ids {
    member: MemberId,
    event: Event,
    touched: OccurrenceKey,
    untouched: OccurrenceKey,
    exception: OccurrenceKey,
    registration: RegistrationId,
    waiting: RegistrationId,
    issue: IssueId,
    issue_number: u32,
    entry: ActivityId,
}

impl Ids {
    async fn of(tenant: &Tenant) -> Self {
        let event = tenant.event(EventBuilder::daily(FIRST, 9).seats(1)).await;
        let crowd = tenant.crowd(2).await;
        let seat = tenant.seat(&event, day(0), &crowd[0]).await;
        let waiting = tenant.seat_or_waitlist(&event, day(0), &crowd[1]).await;
        let exception = OccurrenceKey { event: event.id, original_start: day(2) };
        tenant.ports.events.cancel_occurrence(&tenant.scope, exception.into(), &by_root()).await.unwrap();
        let issue = IssueBuilder::new("Broken projector", crowd[0].id).assignee(crowd[0].id).event(event.id);
        let issue = tenant.ports.issues.create(&tenant.scope, issue.build(), &by_root()).await.unwrap();
        Self {
            member: crowd[0].id,
            touched: seat.occurrence,
            untouched: OccurrenceKey { event: event.id, original_start: day(1) },
            exception,
            event,
            registration: seat.id,
            waiting: waiting.id,
            issue: issue.id,
            issue_number: issue.number,
            entry: tenant.log().await[0].id,
        }
    }

    fn unknown() -> Self {
        let event = EventBuilder::daily(FIRST, 9).seats(1).build();
        let key = |number| OccurrenceKey { event: event.id, original_start: day(number) };
        Self {
            member: MemberId::from_uuid(fresh_uuid()),
            touched: key(0),
            untouched: key(1),
            exception: key(2),
            registration: RegistrationId::from_uuid(fresh_uuid()),
            waiting: RegistrationId::from_uuid(fresh_uuid()),
            issue: IssueId::from_uuid(fresh_uuid()),
            issue_number: 7,
            entry: ActivityId::from_uuid(fresh_uuid()),
            event,
        }
    }
}

/// All readable data of an organization.
#[derive(Debug, PartialEq)]
struct Snapshot {
    organization: convene_domain::organization::Organization,
    members: Vec<Member>,
    events: Vec<Arc<Event>>,
    window: CatalogueWindow,
    counts: (u32, u32),
    registrations: Vec<Registration>,
    issues: Vec<Issue>,
    log: Vec<convene_domain::activity::Activity>,
}

impl Snapshot {
    async fn of(tenant: &Tenant, ids: &Ids) -> Self {
        let (ports, scope) = (&tenant.ports, &tenant.scope);
        let everything = Interval::new(NOW, day(99)).unwrap();
        let mut window = ports.catalogue.window(scope, everything, None).await.unwrap();
        window.events.sort_by_key(|event| event.id);
        window.exceptions.sort_by_key(|exception| exception.key);
        Self {
            organization: ports.organizations.get(scope).await.unwrap(),
            members: ports.members.list(scope, MemberFilter::default(), first(100)).await.unwrap().items,
            events: ports.events.list(scope, EventFilter::default(), first(100), None).await.unwrap().items,
            window,
            counts: tenant.counts(ids.touched).await,
            registrations: tenant.registrations(RegistrationFilter::default()).await,
            issues: ports.issues.list(scope, IssueFilter::default(), first(100)).await.unwrap().items,
            log: tenant.log().await,
        }
    }
}

fn not_found<T: Debug>(outcome: Outcome<T>, field: Field) {
    assert_eq!(refusal(outcome), Refusal::not_found(field));
}

/// Calls every read of the ports with ids that the organization does not have.
async fn read_everything(tenant: &Tenant, of: &Ids) {
    let (ports, scope) = (&tenant.ports, &tenant.scope);
    let own_members = ports.members.list(scope, MemberFilter::default(), first(100)).await.unwrap().items;
    assert!(own_members.iter().all(|member| member.id != of.member));
    let admins = ports
        .members
        .list(scope, MemberFilter { role: Some(Role::Admin), search: None }, first(100))
        .await
        .unwrap()
        .items;
    assert_eq!(admins, std::slice::from_ref(&tenant.admin));
    assert_eq!(ports.members.get_many(scope, &[of.member]).await.unwrap(), []);
    assert_eq!(ports.members.get_many_with_removed(scope, &[of.member]).await.unwrap(), []);
    assert_eq!(ports.events.get_many(scope, &[of.event.id]).await.unwrap(), []);
    assert_eq!(ports.events.list(scope, EventFilter::default(), first(100), None).await.unwrap().items, []);
    let everything = Interval::new(NOW, day(99)).unwrap();
    for events in [None, Some(vec![of.event.id])] {
        let window = ports.catalogue.window(scope, everything, events).await.unwrap();
        assert_eq!(window, CatalogueWindow::default());
    }
    let keys = [of.touched, of.untouched, of.exception];
    assert_eq!(ports.catalogue.stored(scope, &keys).await.unwrap(), []);
    assert_eq!(ports.catalogue.seats(scope, &keys).await.unwrap(), []);
    let registrations = [of.registration, of.waiting];
    assert_eq!(ports.registrations.get_many(scope, &registrations).await.unwrap(), []);
    assert_eq!(ports.registrations.active_of(scope, of.member, &keys).await.unwrap(), []);
    assert!(ports.registrations.waitlist_positions(scope, &registrations).await.unwrap().is_empty());
    let by_member = RegistrationFilter { member: Some(of.member), ..RegistrationFilter::default() };
    let by_key = RegistrationFilter { occurrence: Some(of.touched), ..RegistrationFilter::default() };
    for filter in [RegistrationFilter::default(), by_member, by_key] {
        assert_eq!(tenant.registrations(filter).await, []);
    }
    assert_eq!(ports.issues.get_many(scope, &[of.issue]).await.unwrap(), []);
    assert_eq!(ports.issues.get_by_number(scope, of.issue_number).await.unwrap(), None);
    for assignees in [None, Some(vec![of.member])] {
        let filter = IssueFilter { assignees, ..IssueFilter::default() };
        assert_eq!(ports.issues.list(scope, filter, first(100)).await.unwrap().items, []);
    }
    assert_eq!(ports.activity_log.get_many(scope, &[of.entry]).await.unwrap(), []);
    for subject in [of.event.id.to_string(), of.registration.to_string(), of.member.to_string()] {
        let filter = ActivityFilter { subject: Some(subject), ..ActivityFilter::default() };
        assert_eq!(ports.activity_log.list(scope, filter, first(100)).await.unwrap().items, []);
    }
}

/// Calls every mutation of the ports with these ids, and with own ids that refer to them.
async fn change_everything(tenant: &Tenant, of: &Ids, own: &Ids) {
    let (ports, scope, by) = (&tenant.ports, &tenant.scope, &by_root());
    let promote = MemberPatch { role: Some(Role::Admin), ..MemberPatch::default() };
    not_found(ports.members.update(scope, of.member, promote, by).await, Field::MemberId);
    not_found(ports.members.remove(scope, of.member, by).await, Field::MemberId);

    let patch = || EventPatch { starts_at: Some(FIRST + Duration::HOUR), ..EventPatch::default() };
    let edit = edit_of(of.event.id, patch());
    not_found(ports.events.update(scope, edit, by).await, Field::EventId);
    let new_event = EventId::from_uuid(fresh_uuid());
    let split = |event, from| {
        let scope = EditScope::ThisAndFollowing { from, new_event };
        EventEdit { scope, ..edit_of(event, patch()) }
    };
    not_found(ports.events.update(scope, split(of.event.id, of.untouched), by).await, Field::EventId);
    for from in [of.touched, of.untouched, of.exception] {
        not_found(ports.events.update(scope, split(own.event.id, from), by).await, Field::FromOccurrenceId);
    }
    not_found(ports.events.cancel(scope, of.event.id, by).await, Field::EventId);
    not_found(ports.events.restore(scope, of.event.id, by).await, Field::EventId);
    let copy = EventId::from_uuid(fresh_uuid());
    let duplication = Duplication { event: of.event.id, copy, title: None, start: None };
    not_found(ports.events.duplicate(scope, duplication, by).await, Field::EventId);
    not_found(ports.events.delete(scope, of.event.id, by).await, Field::EventId);
    for occurrence in [of.touched, of.untouched, of.exception] {
        let patch = OccurrencePatch { starts_at: Some(FIRST + Duration::HOUR), ..OccurrencePatch::default() };
        let edit = OccurrenceEdit { occurrence, patch, on_affected: OnAffected::CancelRegistrations };
        not_found(ports.events.update_occurrence(scope, edit, by).await, Field::OccurrenceId);
        not_found(ports.events.cancel_occurrence(scope, occurrence.into(), by).await, Field::OccurrenceId);
        let on_affected = OnAffected::Refuse;
        let restoration =
            OccurrenceRestoration { occurrence, fields: Vec::new(), expected_version: None, on_affected };
        not_found(ports.events.restore_occurrence(scope, restoration, by).await, Field::OccurrenceId);
    }

    let book = &ports.registration_book;
    for request in [
        register(occurrence_key(&of.event, day(0)), own.member),
        register(occurrence_key(&of.event, day(1)), own.member),
        register(of.touched, own.member),
        // Keys are not secret: another organization can write one down.
        register(of.touched, own.member),
        register(of.untouched, own.member),
    ] {
        not_found(book.register(scope, request, by).await, Field::OccurrenceId);
    }
    not_found(
        book.register(scope, register(occurrence_key(&own.event, day(1)), of.member), by).await,
        Field::MemberId,
    );
    for registration in [of.registration, of.waiting] {
        let callers = [(tenant.admin.id, Role::Admin), (of.member, Role::Member), (own.member, Role::Member)];
        for (caller, role) in callers {
            let request = CancelRequest { registration, caller, role };
            not_found(book.cancel(scope, request, by).await, Field::RegistrationId);
        }
    }

    let issue = || IssueBuilder::new("No badges", own.member);
    not_found(ports.issues.create(scope, issue().assignee(of.member).build(), by).await, Field::AssigneeId);
    not_found(ports.issues.create(scope, issue().event(of.event.id).build(), by).await, Field::EventId);
    let done = IssuePatch { status: Some(IssueStatus::Done), ..IssuePatch::default() };
    not_found(ports.issues.update(scope, of.issue, done, by).await, Field::IssueId);
    let assign = IssuePatch { assignee: Some(Some(of.member)), ..IssuePatch::default() };
    not_found(ports.issues.update(scope, own.issue, assign, by).await, Field::AssigneeId);
    let relate = IssuePatch { event: Some(Some(of.event.id)), ..IssuePatch::default() };
    not_found(ports.issues.update(scope, own.issue, relate, by).await, Field::EventId);
    not_found(ports.issues.delete(scope, of.issue, None, by).await, Field::IssueId);
}

pub(super) async fn reads_return_nothing_of_another_organization(environment: Environment) {
    let choir = environment.tenant("choir").await;
    let band = environment.tenant("band").await;
    let theirs = Ids::of(&choir).await;
    let before = Snapshot::of(&choir, &theirs).await;
    read_everything(&band, &theirs).await;
    read_everything(&band, &Ids::unknown()).await;
    assert_eq!(Snapshot::of(&choir, &theirs).await, before);
}

pub(super) async fn changes_of_another_organization_are_refused(environment: Environment) {
    let choir = environment.tenant("choir").await;
    let band = environment.tenant("band").await;
    let theirs = Ids::of(&choir).await;
    let own = Ids::of(&band).await;
    let before = (Snapshot::of(&choir, &theirs).await, Snapshot::of(&band, &own).await);
    change_everything(&band, &theirs, &own).await;
    change_everything(&band, &Ids::unknown(), &own).await;
    let after = (Snapshot::of(&choir, &theirs).await, Snapshot::of(&band, &own).await);
    assert_eq!(after, before);
}

pub(super) async fn changes_affect_the_own_organization_only(environment: Environment) {
    let choir = environment.tenant("choir").await;
    let band = environment.tenant("band").await;
    let theirs = Ids::of(&choir).await;
    let own = Ids::of(&band).await;
    let before = Snapshot::of(&choir, &theirs).await;
    let (ports, scope, by) = (&band.ports, &band.scope, &by_root());
    let patch = OrganizationPatch {
        time_zone: Some(convene_domain::time::zone::Zone::UTC),
        ..OrganizationPatch::default()
    };
    ports.organizations.update(scope, patch, by).await.unwrap();
    // The same user ids, the same slots, the same issue numbers in both.
    ports.members.remove(scope, own.member, by).await.unwrap();
    ports.events.cancel(scope, own.event.id, by).await.unwrap();
    ports.issues.delete(scope, own.issue, None, by).await.unwrap();
    assert_eq!(Snapshot::of(&choir, &theirs).await, before);
    let slug = OrganizationReference::Slug(choir.organization.slug.clone());
    let user = convene_domain::text::UserId::parse("user-0").unwrap();
    let found = ports.directory.find_membership(&slug, &user).await.unwrap();
    assert_eq!(found.map(|membership| membership.member.id), Some(theirs.member));
    let slug = OrganizationReference::Slug(band.organization.slug.clone());
    assert_eq!(ports.directory.find_membership(&slug, &user).await.unwrap(), None);
}
