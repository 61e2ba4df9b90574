use std::{collections::BTreeMap, sync::Arc};

use convene_domain::{
    activity::{Action, Subject},
    event::{Event, EventStatus},
    id::{EventId, IssueId, MemberId, RegistrationId},
    issue::Issue,
    member::Member,
    occurrence::{Exception, OccurrenceKey},
    organization::Organization,
    registration::{Registration, RegistrationStatusKind},
};

use super::mutation::Mutation;
use crate::{
    ports::{EventFilter, EventPosition, IssueFilter, IssuePosition, MemberFilter, RegistrationFilter},
    testing::contract::{support::read_all_pages, tenant::Tenant},
};

/// Action and subject of an entry of the activity log.
pub(super) type Entry = (Action, String);

/// All readable data of an organization.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::testing::contract) struct Snapshot {
    pub(super) organization: Organization,
    pub(super) members: BTreeMap<MemberId, Member>,
    pub(in crate::testing::contract) events: BTreeMap<EventId, Event>,
    pub(super) registrations: BTreeMap<RegistrationId, Registration>,
    pub(super) issues: BTreeMap<IssueId, Issue>,
    /// Exception and status of the occurrence that the mutation is about. Edits of its event change it too, but are
    /// logged for the event.
    occurrence: Option<(OccurrenceKey, Exception, EventStatus)>,
}

impl Snapshot {
    pub(in crate::testing::contract) async fn of(tenant: &Tenant, occurrence: Option<OccurrenceKey>) -> Self {
        let (ports, scope) = (&tenant.ports, &tenant.scope);
        let members = read_all_pages(
            |page| ports.members.list(scope, MemberFilter::default(), page),
            |member| member.id,
        )
        .await;
        let list = |page| ports.events.list(scope, EventFilter::default(), page, None);
        let events = read_all_pages(list, |event| EventPosition::CreatedAt(event.id)).await;
        let list = |page| ports.issues.list(scope, IssueFilter::default(), page);
        let issues = read_all_pages(list, |issue| IssuePosition::Number(issue.number)).await;
        let registrations = tenant.registrations(RegistrationFilter::default()).await;
        let mut snapshot = Self {
            organization: ports.organizations.get(scope).await.expect("the organization is read"),
            members: members.into_iter().map(|member| (member.id, member)).collect(),
            events: events.into_iter().map(|event| (event.id, Arc::unwrap_or_clone(event))).collect(),
            registrations: registrations.into_iter().map(|one| (one.id, one)).collect(),
            issues: issues.into_iter().map(|issue| (issue.id, issue)).collect(),
            occurrence: None,
        };
        snapshot.read_occurrence(tenant, occurrence).await;
        snapshot
    }

    /// Reads exception and status of the occurrence, with defaults for one that is not stored.
    pub(super) async fn read_occurrence(&mut self, tenant: &Tenant, occurrence: Option<OccurrenceKey>) {
        self.occurrence = None;
        if let Some(key) = occurrence {
            let own =
                tenant.stored(key).await.map(|stored| (stored.key, stored.exception, stored.state.status()));
            self.occurrence = Some(own.unwrap_or((key, Exception::default(), EventStatus::Scheduled)));
        }
    }

    /// The entries of a mutation that led from this state to `after`, sorted.
    pub(super) fn expected_entries(&self, mutation: &Mutation, after: &Self) -> Vec<Entry> {
        let mut entries = Vec::new();
        if self.organization != after.organization {
            let subject = Subject::Organization(after.organization.id);
            entries.push((Action::OrganizationUpdated, subject.to_string()));
        }
        let actions = [Action::MemberAdded, Action::MemberUpdated, Action::MemberRemoved];
        entries.extend(differences(&self.members, &after.members, actions));
        let actions = [Action::IssueCreated, Action::IssueUpdated, Action::IssueDeleted];
        entries.extend(differences(&self.issues, &after.issues, actions));
        let is_split = after.events.keys().any(|id| !self.events.contains_key(id));
        let changed = if is_split { Action::EventSplit } else { Action::EventUpdated };
        let of_events =
            differences(&self.events, &after.events, [Action::EventCreated, changed, Action::EventDeleted]);
        entries.extend(of_events.into_iter().map(|(action, subject)| {
            let is_this = |event: &&Event| event.id.to_string() == subject;
            let status =
                |events: &BTreeMap<_, Event>| events.values().find(is_this).map(|event| event.status);
            let action = match (status(&self.events), status(&after.events)) {
                (Some(EventStatus::Scheduled), Some(EventStatus::Cancelled)) => Action::EventCancelled,
                (Some(EventStatus::Cancelled), Some(EventStatus::Scheduled)) => Action::EventRestored,
                _ => action,
            };
            (action, subject)
        }));
        if let (Some(before), Some(now)) = (&self.occurrence, &after.occurrence)
            && before != now
            && after.events.contains_key(&now.0.event)
        {
            let action = match mutation {
                Mutation::RestoreOccurrence(_) => Action::OccurrenceRestored,
                Mutation::CancelOccurrence(_) => Action::OccurrenceCancelled,
                _ => Action::OccurrenceUpdated,
            };
            entries.push((action, now.0.to_string()));
        }
        entries.extend(after.registrations.values().filter_map(|now| {
            let before = self.registrations.get(&now.id).map(|before| before.status.kind());
            let action = match (before, now.status.kind()) {
                (before, now) if before == Some(now) => return None,
                (None, RegistrationStatusKind::Confirmed) => Action::RegistrationCreated,
                (_, RegistrationStatusKind::Confirmed) => Action::RegistrationPromoted,
                (_, RegistrationStatusKind::Waitlisted) => Action::RegistrationWaitlisted,
                (_, RegistrationStatusKind::Cancelled) => Action::RegistrationCancelled,
            };
            Some((action, now.id.to_string()))
        }));
        entries.sort_by_key(|(action, subject)| (action.as_str(), subject.clone()));
        entries
    }
}

/// The entries of added, changed and removed objects.
fn differences<K: Ord + ToString, V: PartialEq>(
    before: &BTreeMap<K, V>,
    after: &BTreeMap<K, V>,
    [added, changed, removed]: [Action; 3],
) -> Vec<Entry> {
    let now = after.iter().filter_map(|(id, value)| match before.get(id) {
        None => Some((added, id.to_string())),
        Some(before) if before != value => Some((changed, id.to_string())),
        Some(_) => None,
    });
    let removed_entries =
        before.keys().filter(|id| !after.contains_key(id)).map(|id| (removed, id.to_string()));
    now.chain(removed_entries).collect()
}
