use std::{cmp::Reverse, collections::BTreeMap, ops::RangeInclusive};

use convene_domain::id::EventId;

use super::{
    HeldEvent,
    day::{DayChange, DayNumber, by_day},
    days::{Days, span},
};
use crate::{limits::INDEXED_OCCURRENCES, pace::Pace};

/// The items that the changes of an index compute and copy at most: as many as a list computes at a time. Days whose change would
/// take more are dropped, and the lists that need them compute them again.
const WORK: usize = INDEXED_OCCURRENCES;

/// The changes of an index that follow from the changes of events. Each day is changed once for all events.
pub(super) struct Reindexing {
    runs: Vec<RangeInclusive<DayNumber>>,
    days: BTreeMap<DayNumber, DayChange>,
    /// The items that may still be computed and copied; `None` if there were too many.
    left: Option<usize>,
}

impl Reindexing {
    pub(super) fn of(days: &Days) -> Self {
        Self { runs: days.runs(), days: BTreeMap::new(), left: Some(WORK) }
    }

    /// Adds the change of an event.
    pub(super) async fn add(
        &mut self,
        id: EventId,
        before: Option<&HeldEvent>,
        after: Option<&HeldEvent>,
        pace: &mut Pace,
    ) {
        for run in self.runs.clone() {
            let Some(span) = span(&run) else { continue };
            let both = [before, after];
            let compared = both.iter().flatten().map(|held| held.steps(span)).sum();
            // Each event asks its rules, even if it has nothing in these days.
            self.count(compared, both.len() * Pace::STEPS_PER_RULE + compared, pace).await;
            if self.left.is_none() {
                return;
            }
            let [before, after] = both.map(|held| held.map_or_else(Vec::new, |held| held.items(span)));
            // Readers may still use the days of the replica before: what does not change is not copied.
            if before != after {
                let on_days = before.iter().chain(&after).map(|item| item.days_within(&run).count()).sum();
                self.count(on_days, on_days / 8, pace).await;
                if self.left.is_none() {
                    return;
                }
                for day in before.iter().flat_map(|item| item.days_within(&run)) {
                    self.days.entry(day).or_default().events.insert(id);
                }
                for (day, items) in by_day(after, &run) {
                    let change = self.days.entry(day).or_default();
                    change.events.insert(id);
                    change.items.extend(items);
                }
            } else {
                self.count(before.len(), before.len() / 8, pace).await;
            }
        }
    }

    /// Changes the days, those that were used last first.
    pub(super) async fn finish(mut self, days: &mut Days, pace: &mut Pace) {
        if self.left.is_none() {
            days.clear();
            return;
        }
        let mut changes: Vec<_> = std::mem::take(&mut self.days).into_iter().collect();
        changes.sort_by_key(|(day, _)| Reverse(days.last_use(*day)));
        for (day, change) in changes {
            let items = days.len_of(day) + change.items.len();
            self.count(items, 1 + items / 8, pace).await;
            match self.left {
                Some(_) => days.change(day, change),
                None => days.remove(day),
            }
        }
    }

    /// Counts items, and the steps that they take.
    async fn count(&mut self, items: usize, steps: usize, pace: &mut Pace) {
        self.left = self.left.and_then(|left| left.checked_sub(items));
        pace.steps(if self.left.is_some() { steps } else { 1 }).await;
    }
}
