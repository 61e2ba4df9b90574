//! Field names in activity log entries, which are those of the API.

use std::collections::BTreeMap;

use convene_domain::{
    activity::{Action, Activity},
    id::EventId,
    issue::IssueStatus,
    text::{Description, OrganizationName, Title},
};

use super::{
    environment::Environment,
    support::{FIRST, by_root, day, edit_of},
};
use crate::{
    ports::{
        EditScope, EventEdit, EventPatch, IssuePatch, MemberPatch, OccurrenceEdit, OccurrencePatch,
        OnAffected, OrganizationPatch,
    },
    testing::builders::{EventBuilder, IssueBuilder, MemberBuilder, fresh_uuid, occurrence_key},
};

/// The fields of an entry, with `+` for an added, `-` for a removed and `=` for a changed value.
fn fields(entry: &Activity) -> String {
    let mut fields: Vec<String> = entry
        .changes
        .iter()
        .map(|change| {
            let sign = match (&change.before, &change.after) {
                (None, _) => '+',
                (_, None) => '-',
                (Some(_), Some(_)) => '=',
            };
            format!("{sign}{}", change.field)
        })
        .collect();
    fields.sort();
    fields.join(" ")
}

/// Checks the fields of the first entry of each action.
fn expect<const N: usize>(entries: &[Activity], expected: [(&'static str, &str); N]) {
    let mut logged = BTreeMap::new();
    for entry in entries {
        logged.entry(entry.action.as_str()).or_insert_with(|| fields(entry));
    }
    assert_eq!(logged, BTreeMap::from(expected.map(|(action, fields)| (action, fields.to_owned()))));
}

pub(super) async fn fields_of_organizations_and_members_are_logged(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let (scope, ports) = (&tenant.scope, &tenant.ports);
    let name = Some(OrganizationName::parse("The choir").unwrap());
    let patch = OrganizationPatch { name, ..OrganizationPatch::default() };
    ports.organizations.update(scope, patch, &by_root()).await.unwrap();
    let ada = tenant.add(MemberBuilder::new("ada").email("ada@example.org")).await;
    let patch = MemberPatch { email: Some(None), ..MemberPatch::default() };
    ports.members.update(scope, ada.id, patch, &by_root()).await.unwrap();
    ports.members.remove(scope, ada.id, &by_root()).await.unwrap();
    let expected = [
        ("member.added", "+displayName +role +userId"),
        ("member.removed", "-displayName -role -userId"),
        ("member.updated", "-email"),
        ("organization.created", "+name +slug +timeZone"),
        ("organization.updated", "=name"),
    ];
    expect(&tenant.log().await, expected);
}

pub(super) async fn fields_of_registrations_are_logged(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::once(FIRST).seats(1)).await;
    let crowd = tenant.crowd(2).await;
    let journal = tenant.journal().await;
    let seat = tenant.seat(&event, day(0), &crowd[0]).await;
    tenant.seat_or_waitlist(&event, day(0), &crowd[1]).await;
    tenant.cancel(&seat).await;
    let entries = journal.new_entries().await;
    let expected = [
        ("registration.created", "+memberId +occurrenceId +status"),
        ("registration.waitlisted", "+memberId +occurrenceId +status"),
        ("registration.promoted", "=status"),
        ("registration.cancelled", "+cancellationReason =status"),
    ];
    expect(&entries, expected);
    let created = entries.iter().find(|entry| entry.action == Action::RegistrationCreated).unwrap();
    let value = |field: &str| {
        let change = created.changes.iter().find(|change| change.field == field);
        change.and_then(|change| change.after.clone())
    };
    assert_eq!(value("memberId"), Some(crowd[0].id.to_string()));
    assert_eq!(value("occurrenceId"), Some(seat.occurrence.to_string()));
}

pub(super) async fn fields_of_issues_are_logged(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let (scope, issues) = (&tenant.scope, &tenant.ports.issues);
    let event = tenant.event(EventBuilder::once(FIRST)).await;
    let issue = IssueBuilder::new("Broken projector", tenant.admin.id)
        .description("It flickers")
        .assignee(tenant.admin.id)
        .event(event.id)
        .build();
    let journal = tenant.journal().await;
    let issue = issues.create(scope, issue, &by_root()).await.unwrap();
    let patch = IssuePatch {
        description: Some(Description::parse("It is dark").unwrap()),
        status: Some(IssueStatus::Done),
        event: Some(None),
        ..IssuePatch::default()
    };
    issues.update(scope, issue.id, patch, &by_root()).await.unwrap();
    issues.delete(scope, issue.id, None, &by_root()).await.unwrap();
    let expected = [
        ("issue.created", "+assigneeId +description +eventId +priority +status +title"),
        ("issue.updated", "-eventId =description =status"),
        ("issue.deleted", "-assigneeId -description -priority -status -title"),
    ];
    expect(&journal.new_entries().await, expected);
}

pub(super) async fn fields_of_events_and_occurrences_are_logged(environment: Environment) {
    const CREATED: &str =
        "+capacity +description +duration +location +recurrence.rrule +startsAt +status +timeZone +title";
    let tenant = environment.tenant("choir").await;
    let (scope, events) = (&tenant.scope, &tenant.ports.events);
    let journal = tenant.journal().await;
    let event = tenant.event(EventBuilder::daily(FIRST, 9)).await;
    let seat = occurrence_key(&event, day(1));
    let title = || Some(Title::parse("Evensong").unwrap());
    let patch = OccurrencePatch {
        title: title(),
        starts_at: Some(FIRST + time::Duration::hours(30)),
        ..OccurrencePatch::default()
    };
    let edit = OccurrenceEdit { occurrence: seat, patch, on_affected: OnAffected::Refuse };
    events.update_occurrence(scope, edit, &by_root()).await.unwrap();
    events.cancel_occurrence(scope, seat.into(), &by_root()).await.unwrap();
    let patch = EventPatch { title: title(), ..EventPatch::default() };
    events.update(scope, edit_of(event.id, patch), &by_root()).await.unwrap();
    let from = occurrence_key(&event, day(5));
    let patch = EventPatch { title: Some(Title::parse("Second half").unwrap()), ..EventPatch::default() };
    let new_event = EventId::from_uuid(fresh_uuid());
    let scope_of_edit = EditScope::ThisAndFollowing { from, new_event };
    let edit = EventEdit { scope: scope_of_edit, ..edit_of(event.id, patch) };
    events.update(scope, edit, &by_root()).await.unwrap();
    events.cancel(scope, new_event, &by_root()).await.unwrap();
    events.delete(scope, new_event, &by_root()).await.unwrap();
    let expected = [
        ("event.cancelled", "=status"),
        ("event.created", CREATED),
        ("event.deleted", &CREATED.replace('+', "-")),
        ("event.split", "=recurrence.rrule"),
        ("event.updated", "=title"),
        ("occurrence.cancelled", "=status"),
        ("occurrence.updated", "=endsAt =startsAt =title"),
    ];
    expect(&journal.new_entries().await, expected);
}
