//! Carries out what an edit was planned to do to occurrences, and to everyone who holds a seat in them.

use std::collections::BTreeMap;

use convene_domain::{
    event::EventStatus,
    id::{MemberId, RegistrationId},
    occurrence::{Exception, OccurrenceKey, StoredOccurrence},
    registration::{CancellationReason, Registration, RegistrationStatus},
    time::interval::Interval,
};

use super::{tenant::OccurrenceRecord, transaction::Transaction};
use crate::{
    editing::OccurrenceStep,
    failure::{Outcome, Refusal},
    ports::OnAffected,
};

/// The most registrations that a refusal lists.
const MAX_LISTED: usize = 100;

/// Refuses if anyone is affected.
pub(super) fn affected(mut registrations: Vec<Registration>) -> Result<(), Refusal> {
    let count = u32::try_from(registrations.len()).unwrap_or(u32::MAX);
    registrations.sort_by_key(|registration| (registration.interval.start(), registration.id));
    registrations.truncate(MAX_LISTED);
    if count == 0 { Ok(()) } else { Err(Refusal::RegistrationsAffected { count, registrations }) }
}

impl Transaction<'_> {
    /// Changes, moves and drops occurrences, with their registrations; says how many were cancelled.
    pub(super) fn carry_out(&mut self, steps: &[OccurrenceStep], on_affected: OnAffected) -> Outcome<u32> {
        let mut called_off = Vec::new();
        let mut dropped = Vec::new();
        let mut becoming: BTreeMap<OccurrenceKey, &StoredOccurrence> = BTreeMap::new();
        for step in steps {
            let holders = self.tenant.active_in(step.before().key).cloned();
            match step {
                OccurrenceStep::Drop(_) => dropped.extend(holders),
                OccurrenceStep::Become { after, .. } if after.status == EventStatus::Cancelled => {
                    called_off.extend(holders);
                }
                OccurrenceStep::Become { before, after } => {
                    becoming.insert(before.key, after.as_ref());
                }
            }
        }
        let mut in_the_way = dropped.clone();
        in_the_way.extend(self.clashes(&becoming, &dropped));
        if on_affected == OnAffected::Refuse {
            affected(in_the_way.clone())?;
        }
        for registration in &called_off {
            self.cancel(registration.id, CancellationReason::OccurrenceCancelled)?;
        }
        for registration in &in_the_way {
            self.cancel(registration.id, CancellationReason::OccurrenceMoved)?;
        }
        self.replace(steps);
        for after in becoming.values() {
            self.promote(after.key)?;
        }
        Ok(u32::try_from(called_off.len() + in_the_way.len()).unwrap_or(u32::MAX))
    }

    /// The seats that can't follow their occurrence, because their member holds another seat at the new time.
    /// Seats that move are judged in the order of their new times, so that as many as possible are kept.
    fn clashes(
        &self,
        becoming: &BTreeMap<OccurrenceKey, &StoredOccurrence>,
        dropped: &[Registration],
    ) -> Vec<Registration> {
        let seats = || {
            let all = self.tenant.registrations.values();
            all.filter(|one| one.status == RegistrationStatus::Confirmed)
        };
        let new_time = |seat: &Registration| becoming.get(&seat.occurrence).map(|after| after.interval);
        let moves = |seat: &Registration| new_time(seat).is_some_and(|interval| interval != seat.interval);
        let mut moving: Vec<(Interval, RegistrationId)> =
            seats().filter(|seat| moves(seat)).filter_map(|seat| Some((new_time(seat)?, seat.id))).collect();
        moving.sort_unstable();
        let mut agendas: BTreeMap<MemberId, Vec<Interval>> = BTreeMap::new();
        for seat in seats().filter(|seat| !moves(seat) && !dropped.contains(seat)) {
            agendas.entry(seat.member).or_default().push(seat.interval);
        }
        let mut clashing = Vec::new();
        for (interval, id) in moving {
            let Some(seat) = self.tenant.registrations.get(&id) else { continue };
            let agenda = agendas.entry(seat.member).or_default();
            if agenda.iter().any(|busy| busy.overlaps(&interval)) {
                clashing.push(seat.clone());
            } else {
                agenda.push(interval);
            }
        }
        clashing
    }

    /// Puts the occurrences into their new places. Their seat counts are those that cancellations left.
    fn replace(&mut self, steps: &[OccurrenceStep]) {
        // One may get the key that another one leaves, so all are taken out first.
        let taken_out: Vec<_> = steps
            .iter()
            .filter_map(|step| Some((step, self.tenant.occurrences.remove(&step.before().key)?)))
            .collect();
        let mut moved = BTreeMap::new();
        for (step, mut record) in taken_out {
            let OccurrenceRecord { stored, former, .. } = &mut record;
            match step {
                OccurrenceStep::Become { before, after } => {
                    let (taken, waiting) = (stored.taken, stored.waiting);
                    *stored = StoredOccurrence { taken, waiting, ..after.as_ref().clone() };
                    if before.key != after.key {
                        former.insert(before.key);
                    }
                    moved.insert(before.key, (after.key, after.interval));
                }
                // It stays for the registrations that tell of it, as no exception of a series without it.
                OccurrenceStep::Drop(_) => {
                    stored.status = EventStatus::Cancelled;
                    stored.exception = Exception::default();
                    stored.version += 1;
                }
            }
            self.tenant.occurrences.insert(record.stored.key, record);
        }
        for registration in self.tenant.registrations.values_mut() {
            if let Some(&(key, interval)) = moved.get(&registration.occurrence) {
                registration.occurrence = key;
                registration.interval = interval;
            }
        }
    }
}
