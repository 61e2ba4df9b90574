use convene_domain::{
    activity::Action,
    event::EventStatus,
    id::RegistrationId,
    occurrence::OccurrenceKey,
    registration::{CancellationReason, Registration, RegistrationStatus},
};

use super::{entries, tenant::OccurrenceRecord, transaction::Transaction};
use crate::failure::Fault;

impl Transaction<'_> {
    /// Stores a new registration, confirmed or waitlisted.
    pub(super) fn admit(&mut self, registration: Registration) -> Result<Registration, Fault> {
        let record = self.record(registration.occurrence)?;
        let action = if registration.status.waitlist_sequence().is_some() {
            record.next_in_queue += 1;
            record.stored.waiting += 1;
            Action::RegistrationWaitlisted
        } else {
            record.stored.taken += 1;
            Action::RegistrationCreated
        };
        self.tenant.registrations.insert(registration.id, registration.clone());
        self.log(entries::registration(action, None, &registration));
        Ok(registration)
    }

    /// Cancels an active registration; nobody moves up yet.
    pub(super) fn cancel(
        &mut self,
        id: RegistrationId,
        reason: CancellationReason,
    ) -> Result<Registration, Fault> {
        let before = self.tenant.registrations.get(&id).cloned().ok_or_else(|| missing(&id))?;
        let record = self.record(before.occurrence)?;
        if before.status == RegistrationStatus::Confirmed {
            record.stored.taken -= 1;
        } else {
            record.stored.waiting -= 1;
        }
        let mut after = before.clone();
        after.status = RegistrationStatus::Cancelled { at: self.change.at, reason };
        self.tenant.registrations.insert(id, after.clone());
        self.log(entries::registration(Action::RegistrationCancelled, Some(&before), &after));
        Ok(after)
    }

    /// Gives the free seats of an occurrence to those who wait, in their order. Who has a clash is passed over
    /// and keeps their place.
    pub(super) fn promote(&mut self, key: OccurrenceKey) -> Result<Vec<Registration>, Fault> {
        let now = self.change.at;
        let stored = &self.record(key)?.stored;
        if stored.status == EventStatus::Cancelled || stored.interval.start() <= now {
            return Ok(Vec::new());
        }
        let mut free = stored.capacity.get().saturating_sub(stored.taken);
        let mut queue: Vec<_> = self
            .tenant
            .active_in(key)
            .filter(|registration| registration.status.waitlist_sequence().is_some())
            .cloned()
            .collect();
        queue.sort_by_key(|waiting| waiting.status.waitlist_sequence());
        let mut promoted = Vec::new();
        for before in queue {
            if free == 0 {
                break;
            }
            if self.tenant.conflict(before.member, before.interval).is_some() {
                continue;
            }
            free -= 1;
            let mut after = before.clone();
            after.status = RegistrationStatus::Confirmed;
            let record = self.record(key)?;
            record.stored.taken += 1;
            record.stored.waiting -= 1;
            self.tenant.registrations.insert(after.id, after.clone());
            self.log(entries::registration(Action::RegistrationPromoted, Some(&before), &after));
            promoted.push(after);
        }
        Ok(promoted)
    }

    /// The stored occurrence, to be changed.
    pub(super) fn record(&mut self, key: OccurrenceKey) -> Result<&mut OccurrenceRecord, Fault> {
        self.tenant.occurrences.get_mut(&key).ok_or_else(|| missing(&key))
    }
}

fn missing(what: &dyn std::fmt::Display) -> Fault {
    Fault::internal(format!("{what} is referred to, but not there"))
}
