//! Edits of occurrences, and their effects on registrations.

use std::collections::{BTreeMap, HashSet};

use convene_domain::{
    id::MemberId,
    occurrence::{OccurrenceKey, StoredOccurrence},
    overlap,
    registration::{CancellationReason, Registration},
    time::interval::Interval,
};

use super::{tenant::OccurrenceRecord, transaction::Transaction};
use crate::{
    editing::{OccurrenceStep, Successor, record_former_id, verify_effects},
    failure::Outcome,
    ports::OnAffected,
};

/// The numbers of registrations that an edit changed.
pub(super) struct Edited {
    pub(super) cancelled: u32,
    /// Those whose start or end changed with their occurrence.
    pub(super) moved: u32,
}

impl Transaction<'_> {
    /// Edits the occurrences and their registrations.
    pub(super) fn carry_out(&mut self, steps: &[OccurrenceStep], on_affected: OnAffected) -> Outcome<Edited> {
        let mut cancelled = Vec::new();
        let mut affected = Vec::new();
        let mut edited: BTreeMap<OccurrenceKey, StoredOccurrence> = BTreeMap::new();
        for step in steps {
            let registrations = self.tenant.active_in(step.before().key).cloned();
            match step.cancellation_reason() {
                Some(CancellationReason::OccurrenceMoved) => affected.extend(registrations),
                Some(_) => cancelled.extend(registrations),
                None => {
                    edited.insert(step.before().key, step.after());
                }
            }
        }
        affected.extend(self.conflicts(&edited, &affected));
        verify_effects(steps, on_affected, affected.len() as u64, affected.clone())?;
        for registration in &cancelled {
            self.cancel(registration.id, CancellationReason::OccurrenceCancelled)?;
        }
        for registration in &affected {
            self.cancel(registration.id, CancellationReason::OccurrenceMoved)?;
        }
        let moved = self.moved(&edited);
        let seats = cancelled.iter().chain(&affected).chain(&moved);
        let seats = seats.filter(|seat| seat.is_seat());
        let freed: Vec<_> = seats.map(|seat| (seat.member, seat.interval)).collect();
        self.replace(steps);
        self.promote_in(edited.values().map(|after| after.key))?;
        self.promote_freed(&freed)?;
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Ok(Edited { cancelled: count(cancelled.len() + affected.len()), moved: count(moved.len()) })
    }

    /// The active registrations that follow their occurrence to another time.
    fn moved(&self, edited: &BTreeMap<OccurrenceKey, StoredOccurrence>) -> Vec<Registration> {
        let active = self.tenant.registrations.values().filter(|one| one.status.is_active());
        active
            .filter(|one| edited.get(&one.occurrence).is_some_and(|after| after.interval != one.interval))
            .cloned()
            .collect()
    }

    /// The confirmed registrations that cannot follow their occurrence, because they would conflict with another one
    /// of the member.
    fn conflicts(
        &self,
        edited: &BTreeMap<OccurrenceKey, StoredOccurrence>,
        dropped: &[Registration],
    ) -> Vec<Registration> {
        let mut seats: BTreeMap<MemberId, Vec<(Registration, Interval, Interval)>> = BTreeMap::new();
        for seat in self.tenant.registrations.values() {
            if seat.is_seat() && !dropped.contains(seat) {
                let after = edited.get(&seat.occurrence).map_or(seat.interval, |after| after.interval);
                seats.entry(seat.member).or_default().push((seat.clone(), seat.interval, after));
            }
        }
        seats.into_values().flat_map(overlap::conflicting_moves).collect()
    }

    /// Stores the edited occurrences, with the counters as the cancellations left them.
    fn replace(&mut self, steps: &[OccurrenceStep]) {
        // An occurrence may get the former key of another one, so all are removed first.
        let removed: Vec<_> = steps
            .iter()
            .filter_map(|step| Some((step, self.tenant.occurrences.remove(&step.before().key)?)))
            .collect();
        // A former key means the occurrence that had it last.
        let is_vacated = |step: &OccurrenceStep| step.after().key != step.before().key;
        let vacated: HashSet<OccurrenceKey> = removed
            .iter()
            .map(|(step, _)| *step)
            .filter(|step| is_vacated(step))
            .map(|step| step.before().key)
            .collect();
        for record in self.tenant.occurrences.values_mut() {
            record.former.retain(|key| !vacated.contains(key));
        }
        let (mut moved, mut successors) = (BTreeMap::new(), BTreeMap::new());
        for (step, mut record) in removed {
            let is_gone = matches!(step, OccurrenceStep::Replace(_));
            let was_dropped = record.stored.is_dropped();
            let last = record.stored.clone();
            record.former.retain(|key| !vacated.contains(key));
            let OccurrenceRecord { stored, former, .. } = &mut record;
            let before = stored.key;
            *stored = StoredOccurrence { taken: stored.taken, waiting: stored.waiting, ..step.after() };
            if before != stored.key {
                record_former_id(former, before, &stored.key);
            }
            moved.insert(before, (stored.key, stored.interval));
            if is_gone {
                let last = if was_dropped { last } else { record.stored };
                let last = self.tenant.view(&last).map(|last| (before, Successor::None(Box::new(last))));
                successors.extend(last);
            } else {
                successors.insert(before, Successor::Occurrence(record.stored.key));
                self.tenant.occurrences.insert(record.stored.key, record);
            }
        }
        self.tenant.keys.follow(&successors);
        let active = self.tenant.registrations.values().filter(|one| one.status.is_active());
        let following = active.filter_map(|one| {
            let (occurrence, interval) = *moved.get(&one.occurrence)?;
            Some((one.updated_at, Registration { occurrence, interval, ..one.clone() }))
        });
        let following: Vec<_> = following
            .filter(|(_, after)| self.tenant.registrations.get(&after.id).is_some_and(|one| one != after))
            .collect();
        for (last, _) in &following {
            self.follow(*last);
        }
        for (_, after) in following {
            let after = Registration { updated_at: self.change.at, ..after };
            self.tenant.registrations.insert(after.id, after);
        }
    }
}
