use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use convene_domain::{
    id::EventId,
    occurrence::{OccurrenceKey, StoredOccurrence},
};

use super::{CatalogueEvent, Entry};
use crate::pace::Pace;

/// The number of parts of a replica. A change copies the parts that it concerns, and shares the others.
const PARTS: usize = 256;

type Part = HashMap<EventId, Arc<Entry>>;

/// The events of an organization and all of their exceptions, at one revision of the catalogue. The seat counts of exceptions
/// may be stale.
#[derive(Debug, Clone)]
pub struct Replica {
    revision: i64,
    parts: Vec<Arc<Part>>,
    bytes: usize,
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
        Self { revision, parts: vec![Arc::default(); PARTS], bytes: 0 }
    }

    /// The revision of the catalogue.
    #[must_use]
    pub const fn revision(&self) -> i64 {
        self.revision
    }

    /// The approximate size in bytes.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// The event with this id.
    #[must_use]
    pub fn event(&self, id: EventId) -> Option<&Arc<CatalogueEvent>> {
        self.entry(id)?.event()
    }

    /// The event with this id, with its exceptions.
    #[must_use]
    pub fn entry(&self, id: EventId) -> Option<&Entry> {
        self.parts.get(place(id))?.get(&id).map(AsRef::as_ref)
    }

    /// All events with their exceptions, in any order.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.parts.iter().flat_map(|part| part.values()).map(AsRef::as_ref)
    }

    /// The replica at a later revision. The parts that did not change are shared.
    pub async fn updated(&self, delta: Delta) -> Self {
        let mut updated = self.clone();
        updated.apply(delta, &mut Pace::default()).await;
        updated
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
        for (id, change) in changed {
            pace.steps(1 + change.former.len() + change.exceptions.len()).await;
            self.change(id, change);
        }
    }

    fn change(&mut self, id: EventId, change: Change) {
        let Some(part) = self.parts.get_mut(place(id)) else { return };
        let part = Arc::make_mut(part);
        let before = part.remove(&id);
        self.bytes = self.bytes.saturating_sub(before.as_ref().map_or(0, |entry| entry.bytes()));
        let mut entry = before.unwrap_or_default();
        change.apply(Arc::make_mut(&mut entry));
        if !entry.is_empty() {
            self.bytes += entry.bytes();
            part.insert(id, entry);
        }
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
    /// Removes first: a key that one occurrence lost may belong to another one now.
    fn apply(self, entry: &mut Entry) {
        if self.is_deleted {
            *entry = Entry::default();
        }
        for key in self.former {
            entry.exceptions.remove(&key.original_start);
        }
        if let Some(event) = self.event {
            entry.event = Some(Arc::new(event));
        }
        for exception in self.exceptions {
            entry.exceptions.insert(exception.key.original_start, exception);
        }
    }
}

#[cfg(test)]
mod tests;
