use std::fmt::Debug;

use convene_domain::{
    capacity::Capacity,
    event::{Event, EventStatus},
    id::{EventId, IssueId, MemberId, RegistrationId},
    issue::{IssuePriority, IssueStatus},
    member::{Member, Role},
    occurrence::OccurrenceKey,
    text::{DisplayName, Email, OrganizationName, Title},
};
use rand::{Rng, rngs::StdRng, seq::IteratorRandom};
use time::Duration;

use super::snapshot::Snapshot;
use crate::{
    change::Change,
    failure::Outcome,
    ports::{
        CancelRequest, Changed, Duplication, EditScope, EventEdit, EventPatch, IssuePatch, MemberPatch,
        MemberRemoved, NewIssue, NewStart, OccurrenceEdit, OccurrenceField, OccurrencePatch,
        OccurrenceRestoration, OnAffected, OrganizationPatch, RegisterRequest,
    },
    testing::{
        builders::{EventBuilder, IssueBuilder, MemberBuilder, fresh_uuid},
        contract::{support::FIRST, tenant::Tenant},
    },
};

/// The number of days on which events take place.
const DAYS: u32 = 6;

/// A mutation of an organization.
#[derive(Debug, Clone)]
pub(super) enum Mutation {
    UpdateOrganization(OrganizationPatch),
    AddMember(Box<Member>),
    UpdateMember(MemberId, MemberPatch),
    RemoveMember(MemberId),
    CreateEvent(Box<Event>),
    UpdateEvent(Box<EventEdit>),
    CancelEvent(EventId),
    RestoreEvent(EventId),
    DuplicateEvent(Duplication),
    DeleteEvent(EventId),
    UpdateOccurrence(Box<OccurrenceEdit>),
    CancelOccurrence(OccurrenceKey),
    RestoreOccurrence(OccurrenceRestoration),
    Register(RegisterRequest),
    CancelRegistration(CancelRequest),
    CreateIssue(NewIssue),
    UpdateIssue(IssueId, IssuePatch),
    DeleteIssue(IssueId),
}

impl Mutation {
    /// A random mutation, mostly of existing objects. It uses few different values, so that some change nothing.
    pub(super) fn random(random: &mut StdRng, state: &Snapshot, admin: MemberId) -> Self {
        let mut choose = Choose { random, state };
        match choose.random.random_range(0..45) {
            0 => Self::UpdateOrganization(OrganizationPatch {
                name: Some(OrganizationName::parse(&choose.name()).unwrap()),
                ..OrganizationPatch::default()
            }),
            1..=4 => Self::AddMember(Box::new(MemberBuilder::new(&choose.user()).build())),
            5 | 6 => Self::UpdateMember(choose.member(), choose.member_patch()),
            7 => Self::RemoveMember(choose.member()),
            8 | 9 => Self::CreateEvent(Box::new(choose.new_event())),
            10..=12 => Self::UpdateEvent(Box::new(choose.event_edit())),
            13 => Self::CancelEvent(choose.event()),
            14 => Self::DeleteEvent(choose.event()),
            15 | 16 => Self::UpdateOccurrence(Box::new(choose.occurrence_edit())),
            17 => Self::CancelOccurrence(choose.occurrence()),
            18..=29 => Self::Register(choose.request()),
            30..=32 => Self::CancelRegistration(CancelRequest {
                registration: choose.registration(),
                caller: admin,
                role: Role::Admin,
            }),
            44 => Self::DuplicateEvent(choose.duplication()),
            42 | 43 => Self::RestoreEvent(choose.cancelled_event()),
            40 | 41 => Self::RestoreOccurrence(choose.restoration()),
            33..=35 => Self::CreateIssue(choose.new_issue(admin)),
            36..=38 => Self::UpdateIssue(choose.issue(), choose.issue_patch()),
            _ => Self::DeleteIssue(choose.issue()),
        }
    }

    /// The occurrence of a mutation of a single occurrence.
    pub(super) fn occurrence(&self) -> Option<OccurrenceKey> {
        match self {
            Self::UpdateOccurrence(edit) => Some(edit.occurrence),
            Self::CancelOccurrence(key) => Some(*key),
            Self::RestoreOccurrence(restoration) => Some(restoration.occurrence),
            _ => None,
        }
    }

    /// Tests whether it can be a dry run: registrations and their cancellations cannot.
    pub(super) const fn can_be_dry_run(&self) -> bool {
        !matches!(self, Self::Register(_) | Self::CancelRegistration(_))
    }

    /// Makes the change.
    pub(super) async fn perform(&self, tenant: &Tenant, change: &Change) -> Outcome<Answer> {
        let (scope, ports) = (&tenant.scope, &tenant.ports);
        match self.clone() {
            Self::UpdateOrganization(patch) => {
                ports.organizations.update(scope, patch, change).await.map(Answer::of)
            }
            Self::AddMember(member) => ports.members.add(scope, *member, change).await.map(Answer::of),
            Self::UpdateMember(id, patch) => {
                ports.members.update(scope, id, patch, change).await.map(Answer::of)
            }
            Self::RemoveMember(id) => ports.members.remove(scope, id, change).await.map(Answer::of_removal),
            Self::CreateEvent(event) => ports.events.create(scope, *event, change).await.map(Answer::of),
            Self::UpdateEvent(edit) => ports.events.update(scope, *edit, change).await.map(Answer::of_change),
            Self::CancelEvent(id) => ports.events.cancel(scope, id, change).await.map(Answer::of_change),
            Self::RestoreEvent(id) => ports.events.restore(scope, id, change).await.map(Answer::of),
            Self::DuplicateEvent(duplication) => {
                ports.events.duplicate(scope, duplication, change).await.map(Answer::of)
            }
            Self::DeleteEvent(id) => ports.events.delete(scope, id, change).await.map(Answer::of),
            Self::UpdateOccurrence(edit) => {
                ports.events.update_occurrence(scope, *edit, change).await.map(Answer::of_change)
            }
            Self::CancelOccurrence(key) => {
                ports.events.cancel_occurrence(scope, key.into(), change).await.map(Answer::of_change)
            }
            Self::RestoreOccurrence(restoration) => {
                let restored = ports.events.restore_occurrence(scope, restoration, change).await;
                restored.map(Answer::of_change)
            }
            Self::Register(request) => {
                ports.registration_book.register(scope, request, change).await.map(Answer::of)
            }
            Self::CancelRegistration(request) => {
                ports.registration_book.cancel(scope, request, change).await.map(Answer::of)
            }
            Self::CreateIssue(issue) => ports.issues.create(scope, issue, change).await.map(Answer::of),
            Self::UpdateIssue(id, patch) => {
                ports.issues.update(scope, id, patch, change).await.map(Answer::of)
            }
            Self::DeleteIssue(id) => ports.issues.delete(scope, id, None, change).await.map(Answer::of),
        }
    }
}

/// The answer of a mutation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    text: String,
    /// The number of promoted registrations, if the answer has it.
    pub(super) promoted: Option<u32>,
}

impl Answer {
    fn of(answer: impl Debug) -> Self {
        Self { text: format!("{answer:?}"), promoted: None }
    }

    fn of_change<T: Debug>(changed: Changed<T>) -> Self {
        Self { promoted: Some(changed.promoted_registrations), ..Self::of(changed) }
    }

    fn of_removal(removed: MemberRemoved) -> Self {
        Self { promoted: Some(removed.promoted_registrations), ..Self::of(removed) }
    }
}

/// Chooses existing objects, or an unknown one where there is none.
struct Choose<'run> {
    random: &'run mut StdRng,
    state: &'run Snapshot,
}

impl Choose<'_> {
    fn one_in(&mut self, so_many: u32) -> bool {
        self.random.random_ratio(1, so_many)
    }

    fn name(&mut self) -> String {
        format!("Name {}", self.random.random_range(0..4))
    }

    fn title(&mut self) -> Title {
        Title::parse(&self.name()).unwrap()
    }

    fn user(&mut self) -> String {
        format!("user-{}", self.random.random_range(0..40))
    }

    fn member(&mut self) -> MemberId {
        let known = self.state.members.keys().copied().choose(self.random);
        known.unwrap_or_else(|| MemberId::from_uuid(fresh_uuid()))
    }

    fn event(&mut self) -> EventId {
        let known = self.state.events.keys().copied().choose(self.random);
        known.filter(|_| !self.one_in(20)).unwrap_or_else(|| EventId::from_uuid(fresh_uuid()))
    }

    fn cancelled_event(&mut self) -> EventId {
        let events = self.state.events.values().filter(|event| event.status == EventStatus::Cancelled);
        let cancelled = events.map(|event| event.id).choose(self.random);
        cancelled.unwrap_or_else(|| self.event())
    }

    fn registration(&mut self) -> RegistrationId {
        let known = self.state.registrations.keys().copied().choose(self.random);
        known.unwrap_or_else(|| RegistrationId::from_uuid(fresh_uuid()))
    }

    fn issue(&mut self) -> IssueId {
        let known = self.state.issues.keys().copied().choose(self.random);
        known.filter(|_| !self.one_in(20)).unwrap_or_else(|| IssueId::from_uuid(fresh_uuid()))
    }

    /// By the rule that its event has now, or, past its end, none of its. The first ones are the most sought after,
    /// so that there are waitlists.
    fn occurrence(&mut self) -> OccurrenceKey {
        let first = self.state.events.keys().next().copied();
        let event = first.filter(|_| !self.one_in(3)).unwrap_or_else(|| self.event());
        let first = self.state.events.get(&event).map_or(FIRST.as_utc(), |event| event.series.first_start());
        let day = self.random.random_range(0..DAYS).min(self.random.random_range(0..DAYS));
        OccurrenceKey { event, original_start: first + Duration::days(day.into()) }
    }

    fn capacity(&mut self) -> Capacity {
        Capacity::new(self.random.random_range(1..4_u32)).unwrap()
    }

    fn on_affected(&mut self) -> OnAffected {
        if self.one_in(2) { OnAffected::Refuse } else { OnAffected::CancelRegistrations }
    }

    fn member_patch(&mut self) -> MemberPatch {
        let email = Email::parse(&format!("{}@example.org", self.user())).unwrap();
        let expected_version = self.one_in(5).then_some(1);
        MemberPatch {
            expected_version,
            display_name: self.one_in(2).then(|| DisplayName::parse("Somebody").unwrap()),
            email: self.one_in(2).then_some(Some(email)),
            role: self.one_in(4).then_some(if self.one_in(2) { Role::Admin } else { Role::Member }),
        }
    }

    fn new_event(&mut self) -> Event {
        let start = FIRST + Duration::hours(self.random.random_range(0..12));
        let event = if self.one_in(4) { EventBuilder::once(start) } else { EventBuilder::daily(start, DAYS) };
        event.title(&self.name()).seats(self.capacity().get()).build()
    }

    fn event_edit(&mut self) -> EventEdit {
        let from = self.occurrence();
        let scope = if self.one_in(2) {
            EditScope::All
        } else {
            EditScope::ThisAndFollowing { from, new_event: EventId::from_uuid(fresh_uuid()) }
        };
        let start = self.state.events.get(&from.event).map_or(FIRST, |event| event.series.start());
        let patch = EventPatch {
            title: self.one_in(2).then(|| self.title()),
            starts_at: (scope == EditScope::All && self.one_in(2)).then_some(start + Duration::HOUR),
            capacity: self.one_in(3).then(|| self.capacity()),
            ..EventPatch::default()
        };
        let expected_version = self.one_in(5).then_some(2);
        EventEdit { event: from.event, expected_version, scope, patch, on_affected: self.on_affected() }
    }

    fn occurrence_edit(&mut self) -> OccurrenceEdit {
        let occurrence = self.occurrence();
        let moved = FIRST + Duration::hours(self.random.random_range(0..100));
        let patch = OccurrencePatch {
            title: self.one_in(2).then(|| self.title()),
            starts_at: self.one_in(3).then_some(moved),
            capacity: self.one_in(3).then(|| self.capacity()),
            ..OccurrencePatch::default()
        };
        OccurrenceEdit { occurrence, patch, on_affected: self.on_affected() }
    }

    fn duplication(&mut self) -> Duplication {
        Duplication {
            event: self.event(),
            copy: EventId::from_uuid(fresh_uuid()),
            title: self.one_in(2).then(|| self.title()),
            start: self.one_in(2).then_some(NewStart::At(FIRST + Duration::DAY)),
        }
    }

    fn restoration(&mut self) -> OccurrenceRestoration {
        let fields = [OccurrenceField::Title, OccurrenceField::StartsAt, OccurrenceField::Capacity];
        OccurrenceRestoration {
            occurrence: self.occurrence(),
            fields: fields.into_iter().filter(|_| self.one_in(3)).collect(),
            expected_version: None,
            on_affected: self.on_affected(),
        }
    }

    fn request(&mut self) -> RegisterRequest {
        RegisterRequest {
            id: RegistrationId::from_uuid(fresh_uuid()),
            occurrence: self.occurrence(),
            member: self.member(),
            join_waitlist: !self.one_in(4),
        }
    }

    fn new_issue(&mut self, reporter: MemberId) -> NewIssue {
        let issue = IssueBuilder::new(&self.name(), reporter);
        let issue = if self.one_in(2) { issue.assignee(self.member()) } else { issue };
        if self.one_in(3) { issue.event(self.event()) } else { issue }.build()
    }

    fn issue_patch(&mut self) -> IssuePatch {
        let statuses = [IssueStatus::Open, IssueStatus::InProgress, IssueStatus::Done];
        IssuePatch {
            title: self.one_in(3).then(|| self.title()),
            status: statuses.into_iter().choose(self.random),
            priority: self.one_in(3).then_some(IssuePriority::High),
            assignee: self.one_in(3).then(|| Some(self.member())),
            ..IssuePatch::default()
        }
    }
}
