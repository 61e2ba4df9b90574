use std::{collections::BTreeMap, sync::Arc};

use convene_domain::{
    activity::Activity,
    event::Event,
    id::{ActivityId, EventId, MemberId, RegistrationId},
    issue::Issue,
    member::{Member, Role},
    occurrence::{Occurrence, OccurrenceKey, Resolved, StoredOccurrence},
    organization::Organization,
    registration::Registration,
    time::{Instant, interval::Interval},
};

use super::idempotency::UsedKeys;
use crate::{failure::Refusal, limits::FORMER_IDS, registration::refusals};

/// All data of one organization.
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
    pub(super) keys: UsedKeys,
}

/// A member, possibly removed.
#[derive(Clone)]
pub(super) struct MemberRecord {
    pub(super) member: Member,
    /// The time of the removal.
    pub(super) removed: Option<Instant>,
}

/// A stored occurrence.
#[derive(Clone)]
pub(super) struct OccurrenceRecord {
    pub(super) stored: StoredOccurrence,
    /// The sequence of the next registration on the waitlist.
    pub(super) next_waitlist_sequence: u64,
    /// The latest keys that the occurrence had before edits of its series, oldest first.
    pub(super) former: Vec<OccurrenceKey>,
}

impl OccurrenceRecord {
    /// The record of an occurrence that was not stored before.
    pub(super) const fn of(stored: StoredOccurrence) -> Self {
        Self { stored, next_waitlist_sequence: 1, former: Vec::new() }
    }

    /// Adds former keys, which are earlier than its own.
    pub(super) fn inherit(&mut self, mut former: Vec<OccurrenceKey>) {
        former.append(&mut self.former);
        former.drain(..former.len().saturating_sub(FORMER_IDS));
        self.former = former;
    }

    /// Tests whether only registrations materialized it, and it has none any more.
    pub(super) fn is_untouched(&self) -> bool {
        let StoredOccurrence { taken, waiting, version, .. } = self.stored;
        taken + waiting == 0 && version == 1 && self.former.is_empty()
    }
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
            keys: UsedKeys::default(),
        }
    }

    /// The members who were not removed.
    pub(super) fn present_members(&self) -> impl Iterator<Item = &Member> {
        self.members.values().filter(|record| record.removed.is_none()).map(|record| &record.member)
    }

    /// The member, unless removed.
    pub(super) fn member(&self, id: MemberId) -> Option<&Member> {
        self.members.get(&id).filter(|record| record.removed.is_none()).map(|record| &record.member)
    }

    pub(super) fn admins(&self) -> i32 {
        self.present_members().map(|member| i32::from(member.role == Role::Admin)).sum()
    }

    /// The stored occurrence that has this key, or had it before an edit of its series.
    pub(super) fn occurrence(&self, key: OccurrenceKey) -> Option<&OccurrenceRecord> {
        self.occurrences
            .get(&key)
            .or_else(|| self.occurrences.values().find(|record| record.former.contains(&key)))
    }

    /// The occurrence that the key denotes.
    pub(super) fn resolve(&self, key: OccurrenceKey) -> Option<Resolved<&OccurrenceRecord>> {
        let stored = self.occurrence(key).map(|record| (record.stored.key, record));
        key.resolve(self.events.get(&key.event).map(AsRef::as_ref), stored)
    }

    /// The occurrence with the properties that it takes from its event.
    pub(super) fn view(&self, stored: &StoredOccurrence) -> Option<Occurrence> {
        self.events.get(&stored.key.event).map(|event| Occurrence::stored(event, stored))
    }

    /// The active registrations for an occurrence.
    pub(super) fn active_in(&self, key: OccurrenceKey) -> impl Iterator<Item = &Registration> {
        self.registrations
            .values()
            .filter(move |registration| registration.occurrence == key && registration.status.is_active())
    }

    /// The member's confirmed registrations.
    pub(super) fn seats_of(&self, member: MemberId) -> impl Iterator<Item = &Registration> {
        self.registrations
            .values()
            .filter(move |registration| registration.member == member && registration.is_seat())
    }

    /// The refusal for a member whose agenda has no room for a seat at this time.
    pub(super) fn seat_refusal(&self, member: MemberId, interval: Interval, now: Instant) -> Option<Refusal> {
        let conflict = self
            .seats_of(member)
            .filter(|seat| seat.interval.overlaps(&interval))
            .min_by_key(|seat| (seat.interval, seat.id));
        let seats = self.seats_of(member).map(|seat| seat.interval);
        let conflict = conflict.cloned().map(refusals::conflict_refusal);
        conflict.or_else(|| refusals::agenda_refusal(seats, now))
    }
}
