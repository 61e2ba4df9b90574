use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use convene_domain::{
    activity::Activity,
    event::Event,
    id::{ActivityId, EventId, MemberId, RegistrationId},
    issue::Issue,
    member::{Member, Role},
    occurrence::{Occurrence, OccurrenceKey, StoredOccurrence},
    organization::Organization,
    registration::{Registration, RegistrationStatus},
    time::{Instant, interval::Interval},
};

use super::idempotency::Keys;

/// Everything that belongs to one organization.
#[derive(Clone)]
pub(super) struct Tenant {
    pub(super) organization: Organization,
    pub(super) members: BTreeMap<MemberId, MemberRecord>,
    pub(super) events: BTreeMap<EventId, Arc<Event>>,
    pub(super) occurrences: BTreeMap<OccurrenceKey, OccurrenceRecord>,
    pub(super) registrations: BTreeMap<RegistrationId, Registration>,
    pub(super) issues: BTreeMap<u32, Issue>,
    pub(super) last_issue_number: u32,
    pub(super) log: BTreeMap<(Instant, ActivityId), Activity>,
    pub(super) keys: Keys,
}

/// A member, or one who was removed.
#[derive(Clone)]
pub(super) struct MemberRecord {
    pub(super) member: Member,
    /// When they were removed, if they were.
    pub(super) removed: Option<Instant>,
}

/// An occurrence that somebody touched.
#[derive(Clone)]
pub(super) struct OccurrenceRecord {
    pub(super) stored: StoredOccurrence,
    /// What the next one to wait is numbered with.
    pub(super) next_in_queue: u64,
    /// The keys that it had before edits of its series.
    pub(super) former: BTreeSet<OccurrenceKey>,
}

impl Tenant {
    pub(super) fn new(organization: Organization) -> Self {
        Self {
            organization,
            members: BTreeMap::new(),
            events: BTreeMap::new(),
            occurrences: BTreeMap::new(),
            registrations: BTreeMap::new(),
            issues: BTreeMap::new(),
            last_issue_number: 0,
            log: BTreeMap::new(),
            keys: Keys::default(),
        }
    }

    /// The members that there are now.
    pub(super) fn present_members(&self) -> impl Iterator<Item = &Member> {
        self.members.values().filter(|record| record.removed.is_none()).map(|record| &record.member)
    }

    /// The member, unless removed.
    pub(super) fn member(&self, id: MemberId) -> Option<&Member> {
        self.members.get(&id).filter(|record| record.removed.is_none()).map(|record| &record.member)
    }

    pub(super) fn admins(&self) -> usize {
        self.present_members().filter(|member| member.role == Role::Admin).count()
    }

    /// The stored occurrence that has this key, or had it before an edit of its series.
    pub(super) fn occurrence(&self, key: OccurrenceKey) -> Option<&OccurrenceRecord> {
        self.occurrences
            .get(&key)
            .or_else(|| self.occurrences.values().find(|record| record.former.contains(&key)))
    }

    /// A stored occurrence as people see it.
    pub(super) fn view(&self, stored: &StoredOccurrence) -> Option<Occurrence> {
        self.events.get(&stored.key.event).map(|event| Occurrence::stored(event, stored))
    }

    /// The active registrations for an occurrence.
    pub(super) fn active_in(&self, key: OccurrenceKey) -> impl Iterator<Item = &Registration> {
        self.registrations
            .values()
            .filter(move |registration| registration.occurrence == key && registration.status.is_active())
    }

    /// The member's seats.
    pub(super) fn seats_of(&self, member: MemberId) -> impl Iterator<Item = &Registration> {
        self.registrations.values().filter(move |registration| {
            registration.member == member && registration.status == RegistrationStatus::Confirmed
        })
    }

    /// The member's seat that stands in the way of being somewhere in this time; the earliest.
    pub(super) fn conflict(&self, member: MemberId, interval: Interval) -> Option<&Registration> {
        self.seats_of(member)
            .filter(|seat| seat.interval.overlaps(&interval))
            .min_by_key(|seat| (seat.interval, seat.id))
    }
}
