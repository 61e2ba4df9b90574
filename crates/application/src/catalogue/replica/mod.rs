use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::RangeInclusive,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use convene_domain::{
    id::EventId,
    occurrence::{OccurrenceKey, StoredOccurrence},
};

use super::{
    CatalogueEvent, Day, DayBudget, DayNumber, HeldEvent, NoDay,
    days::{BATCH, Building, Days, TooDense, fewer, span},
    reindexing::Reindexing,
    turns::Turns,
};
use crate::{large::drop_elsewhere, pace::Pace};

/// The number of parts of a replica. A change copies the parts that it concerns, and shares the others.
const PARTS: usize = 256;

/// The bytes that take the time of dropping an item, about.
const DROPPED_BYTES: usize = 1 << 10;

/// The number of changed events from which on the index is computed again.
const MAX_REINDEXED: usize = 256;

type Part = HashMap<EventId, Arc<HeldEvent>>;

/// The events of an organization and all of their exceptions, at one revision of the catalogue. The seat counts of exceptions
/// may be stale.
#[derive(Debug)]
pub struct Replica {
    revision: i64,
    parts: Vec<Arc<Part>>,
    bytes: usize,
    days: Mutex<Days>,
    /// Held while days are computed, or the replica is updated: a day that is being computed would not get the changes.
    building: Arc<Turns>,
}

/// The difference between two revisions of a catalogue.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Delta {
    /// The later revision.
    pub revision: i64,
    /// The events that were deleted.
    pub deleted_events: Vec<EventId>,
    /// The keys that belong to no exception any more.
    pub former_exceptions: Vec<OccurrenceKey>,
    /// The events that were created or changed, as they are at the later revision.
    pub events: Vec<CatalogueEvent>,
    /// The exceptions that were created or changed, as they are at the later revision.
    pub exceptions: Vec<StoredOccurrence>,
}

impl Replica {
    /// The replica of a catalogue without events.
    #[must_use]
    pub fn empty(revision: i64) -> Self {
        Self {
            revision,
            parts: vec![Arc::default(); PARTS],
            bytes: 0,
            days: Mutex::default(),
            building: Arc::default(),
        }
    }

    /// The revision of the catalogue.
    #[must_use]
    pub const fn revision(&self) -> i64 {
        self.revision
    }

    /// The approximate size in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes + self.days().bytes()
    }

    /// The event with this id.
    #[must_use]
    pub fn event(&self, id: EventId) -> Option<&Arc<CatalogueEvent>> {
        self.held_event(id)?.event()
    }

    /// The event with this id, with its exceptions.
    #[must_use]
    pub fn held_event(&self, id: EventId) -> Option<&HeldEvent> {
        self.parts.get(place(id))?.get(&id).map(AsRef::as_ref)
    }

    /// All events with their exceptions, in any order.
    pub fn held_events(&self) -> impl Iterator<Item = &HeldEvent> + Clone {
        self.parts.iter().flat_map(|part| part.values()).map(AsRef::as_ref)
    }

    /// The replica at a later revision. The parts that did not change are shared.
    pub async fn updated(&self, delta: Delta) -> Self {
        let _building = self.building.of(None).await;
        let mut updated = self.copy();
        updated.apply(delta, &mut Pace::default()).await;
        updated
    }

    /// The occurrences of a day. If they are not known, they are computed, together with those of some days up to the last one
    /// that is needed, which may be an earlier day.
    ///
    /// # Errors
    /// [`NoDay::TooDense`] if there are too many; [`NoDay::Overloaded`] if others compute days for too long.
    pub async fn day(
        &self,
        day: DayNumber,
        last: DayNumber,
        pace: &mut Pace,
        budget: &mut DayBudget,
    ) -> Result<Arc<Day>, NoDay> {
        if let Some(known) = self.known_day(day) {
            return Ok(known?);
        }
        let _building = budget.wait(&self.building).await?;
        if let Some(known) = self.known_day(day) {
            return Ok(known?);
        }
        let mut batch = self.days().batch(day, last);
        loop {
            match self.build(&batch, pace).await {
                Ok(built) => {
                    budget.computed += built.values().map(Day::len).sum::<usize>();
                    break self.days().insert(built);
                }
                Err(TooDense) if batch == (day..=day) => break self.days().set_too_dense(),
                Err(TooDense) => {
                    budget.computed += BATCH;
                    batch = fewer(&batch, day);
                }
            }
        }
        Ok(self.known_day(day).unwrap_or(Err(TooDense))?)
    }

    /// The same replica, as if it had too many occurrences for an index.
    #[cfg(test)]
    pub(crate) fn too_dense(&self) -> Self {
        let copy = self.copy();
        copy.days().set_too_dense();
        copy
    }

    /// Tests whether the occurrences of a day are known, or cannot be.
    #[must_use]
    pub fn knows_day(&self, day: DayNumber) -> bool {
        self.days().knows(day)
    }

    fn known_day(&self, day: DayNumber) -> Option<Result<Arc<Day>, TooDense>> {
        self.days().get(day)
    }

    async fn build(
        &self,
        batch: &RangeInclusive<DayNumber>,
        pace: &mut Pace,
    ) -> Result<BTreeMap<DayNumber, Day>, TooDense> {
        let mut building = Building::new(batch.clone());
        if let Some(span) = span(batch) {
            for held in self.held_events() {
                pace.steps(held.steps(span)).await;
                let items = held.items(span);
                pace.steps(items.len()).await;
                let added = building.add(items, batch)?;
                pace.steps(added / 8).await;
            }
        }
        let mut days = building.into_days();
        for day in days.values_mut() {
            pace.steps(day.len() / 8).await;
            day.sort();
        }
        Ok(days)
    }

    fn days(&self) -> MutexGuard<'_, Days> {
        self.days.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn copy(&self) -> Self {
        Self {
            revision: self.revision,
            parts: self.parts.clone(),
            bytes: self.bytes,
            days: Mutex::new(self.days().clone()),
            building: Arc::clone(&self.building),
        }
    }

    /// Applies the difference to a later revision.
    pub async fn apply(&mut self, delta: Delta, pace: &mut Pace) {
        let Delta { revision, deleted_events, former_exceptions, events, exceptions } = delta;
        self.revision = revision;
        let mut changed: HashMap<EventId, Change> = HashMap::new();
        for id in deleted_events {
            changed.entry(id).or_default().is_deleted = true;
        }
        for key in former_exceptions {
            pace.steps(1).await;
            changed.entry(key.event).or_default().former.insert(key);
        }
        for event in events {
            let change = changed.entry(event.id).or_default();
            change.event = Some(event);
        }
        for exception in exceptions {
            pace.steps(1).await;
            changed.entry(exception.key.event).or_default().exceptions.push(exception);
        }
        let mut days = std::mem::take(&mut *self.days());
        if changed.len() > MAX_REINDEXED {
            days.clear();
        }
        let mut reindexing = Reindexing::of(&days);
        for (id, change) in changed {
            let before = self.change(id, change, pace).await;
            reindexing.add(id, before.as_deref(), self.held_event(id), pace).await;
        }
        reindexing.finish(&mut days, pace).await;
        *self.days() = days;
    }

    /// Changes an event, and returns it as it was before.
    async fn change(&mut self, id: EventId, change: Change, pace: &mut Pace) -> Option<Arc<HeldEvent>> {
        let part = self.parts.get_mut(place(id))?;
        let part = Arc::make_mut(part);
        let before = part.remove(&id);
        pace.steps(1 + before.as_ref().map_or(0, |held| held.exceptions.len())).await;
        self.bytes = self.bytes.saturating_sub(before.as_ref().map_or(0, |held| held.bytes()));
        let mut held = before.as_deref().cloned().unwrap_or_default();
        change.apply(&mut held, pace).await;
        if !held.is_empty() {
            self.bytes += held.bytes();
            part.insert(id, Arc::new(held));
        }
        before
    }
}

/// The last reader of a replica does not wait for it.
impl Drop for Replica {
    fn drop(&mut self) {
        drop_elsewhere(self.bytes / DROPPED_BYTES, std::mem::take(&mut self.parts));
    }
}

/// Replicas are equal if they have the same events and exceptions.
impl PartialEq for Replica {
    fn eq(&self, other: &Self) -> bool {
        self.revision == other.revision && self.parts == other.parts
    }
}

/// The part of an event: the last byte of an id is random.
fn place(id: EventId) -> usize {
    let [.., last] = id.uuid().into_bytes();
    usize::from(last) % PARTS
}

/// The part of a difference that concerns one event.
#[derive(Default)]
struct Change {
    is_deleted: bool,
    former: BTreeSet<OccurrenceKey>,
    event: Option<CatalogueEvent>,
    exceptions: Vec<StoredOccurrence>,
}

impl Change {
    /// Removes first: a former key of one occurrence may belong to another one now.
    async fn apply(self, held: &mut HeldEvent, pace: &mut Pace) {
        if self.is_deleted {
            *held = HeldEvent::default();
        }
        for key in self.former {
            pace.steps(1).await;
            held.exceptions.remove(&key.original_start);
        }
        if let Some(event) = self.event {
            held.event = Some(Arc::new(event));
        }
        for exception in self.exceptions {
            pace.steps(1).await;
            held.exceptions.insert(exception.key.original_start, Arc::new(exception.into()));
        }
        pace.steps(held.exceptions.len()).await;
        held.sort();
    }
}

#[cfg(test)]
mod tests;
