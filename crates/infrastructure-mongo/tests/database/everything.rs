//! Calls of every method of the ports.

use convene_application::{
    caller::TenantScope,
    change::Change,
    page::{Direction, Order, PageRequest},
    ports::{
        ActivityFilter, Duplication, EditScope, EventEdit, EventFilter, EventOrderField, EventPatch,
        EventPosition, IssueFilter, IssueOrderField, IssuePatch, IssuePosition, MemberFilter, MemberPatch,
        OccurrenceEdit, OccurrencePatch, OccurrenceRestoration, OnAffected, OrganizationPatch,
        OrganizationReference, RegistrationFilter, RegistrationOrderField,
    },
    testing::{
        FixedClock,
        builders::{
            ChangeBuilder, EventBuilder, IssueBuilder, MemberBuilder, first, first_after, fresh_uuid,
        },
    },
};
use convene_domain::{
    event::EventStatus,
    id::{ActivityId, EventId},
    member::Role,
    occurrence::OccurrenceKey,
    text::{OrganizationName, SearchText, Title, UserId},
    time::{Instant, interval::Interval},
};
use convene_infrastructure_mongo::ports::MongoPorts;
use time::{Duration, macros::datetime};

use crate::support::{Tenant, TestDatabase};

/// Calls every method at least once, as the organization's admin.
pub(crate) async fn use_everything(database: &TestDatabase, tenant: &Tenant) {
    let change = ChangeBuilder::by("first-admin").build();
    let ports = &database.ports;
    use_organizations(ports, &tenant.scope, &change).await;
    use_members(ports, &tenant.scope, &change).await;
    use_issues(ports, tenant, &change).await;
    use_events(ports, &tenant.scope, &change).await;
    use_activity_log(ports, &tenant.scope).await;
    use_personal_data(ports, &tenant.scope, &change).await;
}

async fn use_organizations(ports: &MongoPorts, scope: &TenantScope, change: &Change) {
    ports.organizations.get(scope).await.unwrap();
    let patch = OrganizationPatch {
        name: Some(OrganizationName::parse("Another name").unwrap()),
        ..OrganizationPatch::default()
    };
    ports.organizations.update(scope, patch, change).await.unwrap();
}

async fn use_members(ports: &MongoPorts, scope: &TenantScope, change: &Change) {
    let members = &ports.members;
    let member = members.add(scope, MemberBuilder::new("ada").build(), change).await.unwrap();
    let patch = MemberPatch { email: Some(None), role: Some(Role::Admin), ..MemberPatch::default() };
    members.update(scope, member.id, patch, change).await.unwrap();
    members.get_many(scope, &[member.id]).await.unwrap();
    members.get_many_with_removed(scope, &[member.id]).await.unwrap();
    members.list(scope, MemberFilter::default(), first_after(10, member.id)).await.unwrap();
    members.list(scope, MemberFilter { role: Some(Role::Admin), search: None }, first(10)).await.unwrap();
    members.find_by_user_id(scope, &member.user_id).await.unwrap().unwrap();
    let by_id = OrganizationReference::Id(scope.organization());
    ports.directory.find_membership(&by_id, &member.user_id).await.unwrap().unwrap();
    members.remove(scope, member.id, change).await.unwrap();
}

async fn use_issues(ports: &MongoPorts, tenant: &Tenant, change: &Change) {
    let (issues, scope) = (&ports.issues, &tenant.scope);
    let keyed = ChangeBuilder::by("first-admin").key("key", 1).build();
    let issue = IssueBuilder::new("Broken projector", tenant.admin()).build();
    let issue = issues.create(scope, issue, &keyed).await.unwrap();
    let patch = IssuePatch {
        title: Some(Title::parse("Projector").unwrap()),
        assignee: Some(Some(tenant.admin())),
        ..IssuePatch::default()
    };
    issues.update(scope, issue.id, patch, change).await.unwrap();
    issues.get_many(scope, &[issue.id]).await.unwrap();
    issues.get_by_number(scope, 1).await.unwrap().unwrap();
    issues.list(scope, IssueFilter::default(), first_after(10, IssuePosition::Number(1))).await.unwrap();
    let filter = IssueFilter { search: Some(SearchText::parse("PROJ").unwrap()), ..IssueFilter::default() };
    assert_eq!(issues.list(scope, filter, first(10)).await.unwrap().items.len(), 1);
    issues.delete(scope, issue.id, None, change).await.unwrap();
}

async fn use_events(ports: &MongoPorts, scope: &TenantScope, change: &Change) {
    let events = &ports.events;
    let once = EventBuilder::once(datetime!(2031-04-01 10:00)).build();
    let once = events.create(scope, once, change).await.unwrap();
    let weekly = EventBuilder::weekly(datetime!(2031-04-01 10:00)).build();
    let weekly = events.create(scope, weekly, change).await.unwrap();
    events.get_many(scope, &[once.id]).await.unwrap();
    let filter = EventFilter {
        search: Some(SearchText::parse("HEARS").unwrap()),
        status: Some(EventStatus::Scheduled),
        recurring: Some(true),
        ..EventFilter::default()
    };
    assert_eq!(events.list(scope, filter, first(10), None).await.unwrap().items.len(), 1);
    let later = first_after(10, EventPosition::CreatedAt(once.id));
    assert_eq!(events.list(scope, EventFilter::default(), later, None).await.unwrap().items.len(), 1);

    let second =
        OccurrenceKey { event: weekly.id, original_start: weekly.series.first_start() + Duration::WEEK };
    let patch =
        OccurrencePatch { starts_at: Some(datetime!(2031-04-09 12:00)), ..OccurrencePatch::default() };
    let edit = OccurrenceEdit { occurrence: second, patch, on_affected: OnAffected::Refuse };
    events.update_occurrence(scope, edit, change).await.unwrap();
    events.cancel_occurrence(scope, second.into(), change).await.unwrap();
    let restoration = OccurrenceRestoration {
        occurrence: second,
        fields: Vec::new(),
        expected_version: None,
        on_affected: OnAffected::Refuse,
    };
    events.restore_occurrence(scope, restoration, change).await.unwrap();

    let patch = EventPatch { starts_at: Some(datetime!(2031-04-01 11:00)), ..EventPatch::default() };
    let edit = EventEdit {
        event: weekly.id,
        expected_version: Some(1),
        scope: EditScope::All,
        patch: patch.clone(),
        on_affected: OnAffected::Refuse,
    };
    let moved = events.update(scope, edit.clone(), change).await.unwrap().now;
    let from =
        OccurrenceKey { event: weekly.id, original_start: moved.series.first_start() + Duration::WEEK };
    let new_event = EventId::from_uuid(fresh_uuid());
    let patch = EventPatch { title: Some(Title::parse("Later").unwrap()), ..EventPatch::default() };
    let split = EventEdit {
        expected_version: None,
        scope: EditScope::ThisAndFollowing { from, new_event },
        patch,
        ..edit
    };
    events.update(scope, split, change).await.unwrap();

    let window = Interval::new(FixedClock::START, FixedClock::START + Duration::days(60)).unwrap();
    assert_eq!(ports.catalogue.window(scope, window, None).await.unwrap().events.len(), 3);
    assert_eq!(ports.catalogue.window(scope, window, Some(vec![once.id])).await.unwrap().events.len(), 1);
    assert_eq!(ports.catalogue.stored(scope, &[second]).await.unwrap().len(), 1);
    let copy = EventId::from_uuid(fresh_uuid());
    let duplication = Duplication { event: once.id, copy, title: None, start: None };
    events.duplicate(scope, duplication, change).await.unwrap();
    events.cancel(scope, new_event, change).await.unwrap();
    events.restore(scope, new_event, change).await.unwrap();
    events.cancel(scope, new_event, change).await.unwrap();
    events.delete(scope, new_event, change).await.unwrap();
}

async fn use_personal_data(ports: &MongoPorts, scope: &TenantScope, change: &Change) {
    for user in ["ada", "first-admin"] {
        let user = UserId::parse(user).unwrap();
        let record = ports.personal_data.collect(scope, &user).await.unwrap();
        assert!(!record.memberships.is_empty() && !record.activity.is_empty(), "{record:?}");
        ports.personal_data.erase(scope, &user, change).await.unwrap();
    }
}

async fn use_activity_log(ports: &MongoPorts, scope: &TenantScope) {
    lists(ports, scope).await;
    let page: PageRequest<(Instant, ActivityId)> = first(10);
    let log = ports.activity_log.list(scope, ActivityFilter::default(), page).await.unwrap();
    let last = log.items.last().unwrap();
    let filter = ActivityFilter { subject: Some(last.subject.to_string()), ..ActivityFilter::default() };
    ports.activity_log.list(scope, filter, first_after(10, (last.at, last.id))).await.unwrap();
    ports.activity_log.get_many(scope, &[last.id]).await.unwrap();
}

/// Reads lists in every order and direction, and counts them.
async fn lists(ports: &MongoPorts, scope: &TenantScope) {
    for (direction, is_descending) in [(Direction::Forward, true), (Direction::Backward, false)] {
        for field in [EventOrderField::CreatedAt, EventOrderField::StartsAt, EventOrderField::Title] {
            let order = Order { field, is_descending };
            let filter = EventFilter { search: SearchText::parse("e").ok(), ..EventFilter::default() };
            for filter in [filter, EventFilter::default()] {
                let page = PageRequest { order, direction, ..first(1) };
                let found = ports.events.list(scope, filter.clone(), page, None).await.unwrap();
                let from = found.items.first().map(|event| EventPosition::of(event, field));
                let page = PageRequest { order, direction, from, ..first(1) };
                ports.events.list(scope, filter, page, None).await.unwrap();
            }
        }
        for field in [IssueOrderField::Number, IssueOrderField::UpdatedAt, IssueOrderField::Priority] {
            let order = Order { field, is_descending };
            let page = PageRequest { order, direction, ..first(1) };
            let found = ports.issues.list(scope, IssueFilter::default(), page).await.unwrap();
            let from = found.items.first().map(|issue| IssuePosition::of(issue, field));
            let page = PageRequest { order, direction, from, ..first(1) };
            ports.issues.list(scope, IssueFilter::default(), page).await.unwrap();
        }
        for field in [RegistrationOrderField::StartsAt, RegistrationOrderField::CreatedAt] {
            let order = Order { field, is_descending };
            let page = PageRequest { order, direction, ..first(1) };
            ports.registrations.list(scope, RegistrationFilter::default(), page).await.unwrap();
        }
    }
    ports.events.count(scope, EventFilter::default()).await.unwrap();
    ports.issues.count(scope, IssueFilter::default()).await.unwrap();
    ports.members.count(scope, MemberFilter::default()).await.unwrap();
    ports.registrations.count(scope, RegistrationFilter::default()).await.unwrap();
}
