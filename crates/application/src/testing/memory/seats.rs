//! Changes of registrations, and of the counters of their occurrences.

use std::collections::BTreeSet;

use convene_domain::{
    activity::ActivityDraft,
    id::{MemberId, RegistrationId},
    occurrence::{Occurrence, OccurrenceKey},
    registration::{CancellationReason, Registration, Seating},
    time::interval::Interval,
};

use super::{tenant::OccurrenceRecord, transaction::Transaction};
use crate::{
    failure::Fault,
    registration::{history::superseded, log},
};

impl Transaction<'_> {
    /// Stores a new registration, confirmed or waitlisted.
    pub(super) fn admit(&mut self, registration: Registration) -> Result<Registration, Fault> {
        let record = self.record(registration.occurrence)?;
        if registration.status.waitlist_sequence().is_some() {
            record.next_waitlist_sequence += 1;
            record.stored.waiting += 1;
        } else {
            record.stored.taken += 1;
        }
        let entry = log::created(&registration);
        Ok(self.store(registration, entry))
    }

    /// Cancels an active registration, without promoting anybody.
    pub(super) fn cancel(
        &mut self,
        id: RegistrationId,
        reason: CancellationReason,
    ) -> Result<Registration, Fault> {
        let before = self.tenant.registrations.get(&id).cloned().ok_or_else(|| missing(&id))?;
        let record = self.record(before.occurrence)?;
        if before.is_seat() {
            record.stored.taken -= 1;
        } else {
            record.stored.waiting -= 1;
        }
        let after = before.cancelled(self.follow(before.updated_at), reason);
        let entry = log::cancelled(&before, &after);
        let cancelled = self.store(after, entry);
        self.prune(&cancelled);
        Ok(cancelled)
    }

    /// Deletes the superseded cancelled registrations of the same member and occurrence.
    fn prune(&mut self, latest: &Registration) {
        let of_pair = self.tenant.registrations.values().filter(|one| {
            !one.status.is_active() && (one.member, one.occurrence) == (latest.member, latest.occurrence)
        });
        let mut of_pair: Vec<_> = of_pair.map(|one| (one.status.cancelled_at(), one.id)).collect();
        of_pair.sort_unstable();
        for (_, id) in superseded(&of_pair) {
            self.tenant.registrations.remove(id);
        }
    }

    /// Promotes members to the free seats of the occurrences, the earliest first. Returns the promoted registrations.
    pub(super) fn promote_in(
        &mut self,
        keys: impl IntoIterator<Item = OccurrenceKey>,
    ) -> Result<Vec<Registration>, Fault> {
        let mut in_order = BTreeSet::new();
        for key in keys {
            in_order.insert((self.occurrence(key)?.interval.start(), key));
        }
        let mut promoted = Vec::new();
        for (_, key) in in_order {
            promoted.extend(self.promote(key)?);
        }
        Ok(promoted)
    }

    /// Promotes members whose time became free to the free seats that they wait for. At another time, they may have had no room.
    pub(super) fn promote_freed(&mut self, freed: &[(MemberId, Interval)]) -> Result<(), Fault> {
        let waiting = self.tenant.registrations.values().filter(|waiting| {
            waiting.status.waitlist_sequence().is_some()
                && freed.iter().any(|(member, _)| waiting.member == *member)
        });
        let keys: Vec<OccurrenceKey> = waiting.map(|waiting| waiting.occurrence).collect();
        self.promote_in(keys)?;
        Ok(())
    }

    /// Promotes members to the free seats of an occurrence, in the order of the waitlist. Members who have no room in
    /// their agenda stay on the waitlist.
    fn promote(&mut self, key: OccurrenceKey) -> Result<Vec<Registration>, Fault> {
        let now = self.change.at;
        let free = Seating::from(&self.occurrence(key)?).promotable(now);
        let tenant = &self.tenant;
        let active = tenant.active_in(key);
        let mut waitlist: Vec<_> = active.filter(|it| it.status.waitlist_sequence().is_some()).collect();
        waitlist.sort_by_key(|waiting| waiting.status.waitlist_sequence());
        let mut with_room = waitlist
            .into_iter()
            .filter(|waiting| tenant.seat_refusal(waiting.member, waiting.interval, now).is_none());
        let chosen: Vec<_> = (0..free).map_while(|_| with_room.next().cloned()).collect();
        let mut promoted = Vec::with_capacity(chosen.len());
        for before in chosen {
            promoted.push(self.confirm(&before)?);
        }
        Ok(promoted)
    }

    /// Gives a waitlisted member a seat.
    pub(super) fn confirm(&mut self, before: &Registration) -> Result<Registration, Fault> {
        let record = self.record(before.occurrence)?;
        record.stored.taken += 1;
        record.stored.waiting -= 1;
        let after = before.promoted(self.follow(before.updated_at));
        let entry = log::promoted(before, &after);
        self.promoted += 1;
        Ok(self.store(after, entry))
    }

    fn store(&mut self, registration: Registration, entry: ActivityDraft) -> Registration {
        self.tenant.registrations.insert(registration.id, registration.clone());
        self.log(entry);
        registration
    }

    /// The stored occurrence of a registration.
    pub(super) fn occurrence(&self, key: OccurrenceKey) -> Result<Occurrence, Fault> {
        let record = self.tenant.occurrences.get(&key);
        record.and_then(|record| self.tenant.view(&record.stored)).ok_or_else(|| missing(&key))
    }

    fn record(&mut self, key: OccurrenceKey) -> Result<&mut OccurrenceRecord, Fault> {
        self.tenant.occurrences.get_mut(&key).ok_or_else(|| missing(&key))
    }
}

fn missing(what: &dyn std::fmt::Display) -> Fault {
    Fault::internal(format!("{what} is referred to but not stored"))
}
