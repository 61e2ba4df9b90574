//! The keys in the past that an edit gives to occurrences.

use std::collections::HashSet;

use convene_domain::{occurrence::OccurrenceKey, time::Instant};
use time::Duration;

use super::{EventPlan, OccurrenceStep};

impl EventPlan {
    /// The new keys of occurrences whose date has passed. Stored occurrences that the plan was not made with can have them: dropped
    /// ones, which stay stored for their registrations.
    #[must_use]
    pub fn past_keys(&self, now: Instant) -> Vec<OccurrenceKey> {
        let keys = self.steps.iter().filter_map(|step| match step {
            OccurrenceStep::Become { before, after } if before.key != after.key => Some(after.key),
            _ => None,
        });
        let left: HashSet<OccurrenceKey> = self.steps.iter().map(|step| step.before().key).collect();
        keys.filter(|key| key.original_start <= now && !left.contains(key)).collect()
    }

    /// Replaces the keys that other occurrences have by keys of the next free seconds.
    pub fn avoid(&mut self, taken: &HashSet<OccurrenceKey>) {
        let mut used: HashSet<OccurrenceKey> = taken.clone();
        used.extend(self.steps.iter().flat_map(|step| [step.before().key, step.after().key]));
        for step in &mut self.steps {
            if let OccurrenceStep::Become { before, after } = step
                && before.key != after.key
                && taken.contains(&after.key)
            {
                let mut key = after.key;
                while used.contains(&key) || self.event.occurrence_at(key.original_start).is_some() {
                    key.original_start = key.original_start.saturating_add(Duration::SECOND);
                }
                used.insert(key);
                after.key = key;
            }
        }
    }
}
