//! Versions of occurrences whose dates an edit brings back.

use std::collections::{BTreeMap, HashSet};

use convene_domain::{
    event::Event,
    occurrence::{OccurrenceKey, StoredOccurrence, StoredState},
    recurrence::SeriesOccurrence,
    time::Instant,
};

use super::{EventPlan, OccurrenceStep};
use crate::limits::{FORMER_IDS, KEPT_VERSIONS};

impl EventPlan {
    /// The occurrences whose documents make room for other dates.
    pub fn replaced(&self) -> impl Iterator<Item = &StoredOccurrence> {
        self.steps.iter().filter_map(|step| match step {
            OccurrenceStep::Replace(replaced) => Some(replaced.as_ref()),
            _ => None,
        })
    }

    /// Assigns the former ids of replaced occurrences to the stored occurrences that have their dates now, by the ids of these. So the
    /// versions stay known: a date with a former id can come back, also in another event.
    #[must_use]
    pub fn inherited(
        &self,
        former: &BTreeMap<OccurrenceKey, Vec<OccurrenceKey>>,
    ) -> BTreeMap<OccurrenceKey, Vec<OccurrenceKey>> {
        let mut inherited: BTreeMap<OccurrenceKey, Vec<OccurrenceKey>> = BTreeMap::new();
        if former.is_empty() {
            return inherited;
        }
        let mut stored: HashSet<OccurrenceKey> = self.returned.iter().map(|returned| returned.key).collect();
        // A former id means the occurrence that had it last.
        let mut vacated: HashSet<OccurrenceKey> = HashSet::new();
        for step in &self.steps {
            if let OccurrenceStep::Become { before, after } = step {
                stored.insert(after.key);
                if before.key != after.key {
                    vacated.insert(before.key);
                }
            }
        }
        for replaced in self.replaced() {
            let Some(ids) = former.get(&replaced.key) else { continue };
            let date = self.event.series.occurrence_at_local(replaced.original_local);
            let date = date.filter(|date| date.local == replaced.original_local);
            let date = date.map(|date| OccurrenceKey { original_start: date.start, ..replaced.key });
            let heirs = [date, Some(replaced.key)];
            if let Some(heir) = heirs.into_iter().flatten().find(|heir| stored.contains(heir)) {
                let kept = ids.iter().filter(|id| **id != heir && !vacated.contains(id));
                inherited.entry(heir).or_default().extend(kept);
            }
        }
        inherited.retain(|_, ids| !ids.is_empty());
        for ids in inherited.values_mut() {
            ids.drain(..ids.len().saturating_sub(FORMER_IDS));
        }
        inherited
    }

    /// Tests whether the edited event can have dates that it did not have before, or dates with the ids of others.
    #[must_use]
    pub fn may_bring_dates_back(&self, before: &Event) -> bool {
        self.ended.is_none()
            && (self.event.series != before.series || self.steps.iter().any(OccurrenceStep::leaves_its_key))
    }

    /// Plans to store the dates that come back, each with a version above that of the occurrence which had its id: a derived
    /// occurrence begins with version 1. `former` are the ids of the event that its occurrences, or those of other events, had
    /// before, with their versions; `stored` are the occurrences that the plan was made with.
    pub fn keep_versions(
        &mut self,
        before: &Event,
        stored: &[StoredOccurrence],
        former: &[(OccurrenceKey, u32)],
        now: Instant,
    ) {
        if !self.may_bring_dates_back(before) {
            return;
        }
        let after = &self.event;
        let mut known: BTreeMap<OccurrenceKey, u32> = BTreeMap::new();
        let mut know = |key: OccurrenceKey, version: u32| {
            let highest = known.entry(key).or_default();
            *highest = (*highest).max(version);
        };
        for step in &self.steps {
            if let OccurrenceStep::Become { before, after } = step
                && before.key != after.key
            {
                know(before.key, before.version);
            }
            if let OccurrenceStep::Replace(replaced) = step {
                let version = step.after().version;
                know(replaced.key, version);
                let date = after.series.occurrence_at_local(replaced.original_local);
                if let Some(date) = date.filter(|date| date.local == replaced.original_local) {
                    know(OccurrenceKey { original_start: date.start, ..replaced.key }, version);
                }
            }
        }
        for (key, version) in former {
            if before.occurrence_at(key.original_start).is_none() {
                know(*key, *version);
            }
        }
        let mut taken: HashSet<OccurrenceKey> = stored.iter().map(|occurrence| occurrence.key).collect();
        for step in &self.steps {
            taken.remove(&step.before().key);
        }
        for step in &mut self.steps {
            if let OccurrenceStep::Become { before, after } = step {
                taken.insert(after.key);
                if let Some(version) = known.get(&after.key).filter(|_| before.key != after.key) {
                    after.version = after.version.max(version.saturating_add(1));
                }
            }
        }
        let free = known
            .into_iter()
            .filter(|(key, version)| key.original_start > now && *version > 1 && !taken.contains(key));
        let dates = free.filter_map(|(key, version)| {
            let date = after.occurrence_at(key.original_start).filter(|_| key.event == after.id)?;
            let version = version.saturating_add(1);
            Some(StoredOccurrence { version, ..StoredOccurrence::from_rule(after, date) })
        });
        let kept = stored.iter().filter(|stored| stored.is_for_version()).count();
        self.returned = dates.take(KEPT_VERSIONS.saturating_sub(kept)).collect();
    }
}

/// Dropped occurrences for ids of `event` that occurrences of a deleted event had, with the versions of these: dates with these ids
/// can come back. `former` are all such ids that no stored occurrence has; `kept` occurrences of `event` are stored only for their
/// versions.
#[must_use]
pub fn dropped_versions(
    event: &Event,
    former: &BTreeMap<OccurrenceKey, u32>,
    kept: u64,
    now: Instant,
) -> Vec<StoredOccurrence> {
    let of_event = former.iter().filter(|(key, _)| key.event == event.id && key.original_start > now);
    let gone = of_event.filter(|(key, _)| event.occurrence_at(key.original_start).is_none());
    let dropped = gone.map(|(key, version)| {
        let start = key.original_start;
        let local = event.series.zone().to_local(start);
        StoredOccurrence {
            state: StoredState::Dropped,
            version: *version,
            ..StoredOccurrence::from_rule(event, SeriesOccurrence { start, local, shifted: false })
        }
    });
    dropped.take(KEPT_VERSIONS.saturating_sub(usize::try_from(kept).unwrap_or(usize::MAX))).collect()
}
