//! Resolution of occurrence keys: an occurrence is stored, derived from the rule of its event, or does not exist.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use convene_domain::{
    event::Event,
    id::EventId,
    occurrence::{OccurrenceKey, Resolved, StoredOccurrence},
};

use super::{OccurrenceOfEvent, timeline::Placed};
use crate::{
    caller::TenantScope,
    failure::Fault,
    ports::{Catalogue, Events},
};

/// Finds occurrences by their keys.
#[derive(Clone)]
pub(crate) struct Finder {
    pub(crate) catalogue: Arc<dyn Catalogue>,
    pub(crate) events: Arc<dyn Events>,
}

impl Finder {
    /// The occurrences that these keys [denote](OccurrenceKey::resolve), by requested key. Keys without an occurrence are
    /// omitted. Without `seats`, the numbers of taken seats and of waitlisted registrations may be zero.
    pub(crate) async fn find(
        &self,
        scope: &TenantScope,
        keys: &[OccurrenceKey],
        seats: bool,
    ) -> Result<HashMap<OccurrenceKey, OccurrenceOfEvent>, Fault> {
        let mut found = self.known(scope, keys, seats).await?;
        let others: Vec<_> = keys.iter().copied().filter(|key| !found.contains_key(key)).collect();
        found.extend(self.stored(scope, &others).await?);
        Ok(found)
    }

    /// The occurrences whose present keys the replica knows.
    async fn known(
        &self,
        scope: &TenantScope,
        keys: &[OccurrenceKey],
        seats: bool,
    ) -> Result<HashMap<OccurrenceKey, OccurrenceOfEvent>, Fault> {
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        let Some(replica) = self.catalogue.replica(scope).await? else { return Ok(HashMap::new()) };
        let place = |&key: &OccurrenceKey| Some((key, Placed::of(replica.held_event(key.event)?, key)?));
        let placed: HashMap<_, _> = keys.iter().filter_map(place).collect();
        let mut counts = HashMap::new();
        if seats && !placed.is_empty() {
            let known: Vec<_> = placed.keys().copied().collect();
            let found = self.catalogue.seats(scope, &known).await?;
            counts.extend(found.into_iter().map(|seats| (seats.key, seats)));
        }
        Ok(placed.into_iter().map(|(key, placed)| (key, placed.into_occurrence(counts.get(&key)))).collect())
    }

    /// The occurrences that the storage has under these keys or had before an edit, and those that events derive.
    async fn stored(
        &self,
        scope: &TenantScope,
        keys: &[OccurrenceKey],
    ) -> Result<HashMap<OccurrenceKey, OccurrenceOfEvent>, Fault> {
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        let found = self.catalogue.stored(scope, keys).await?;
        let has_former = found.iter().any(|found| found.asked != found.stored.key);
        let of_stored = found.iter().map(|found| found.stored.key.event);
        let ids: HashSet<EventId> = keys.iter().map(|key| key.event).chain(of_stored).collect();
        let mut stored: HashMap<OccurrenceKey, Vec<StoredOccurrence>> = HashMap::new();
        for found in found {
            stored.entry(found.asked).or_default().push(found.stored);
        }
        let events = self.events(scope, ids, !has_former).await?;

        let find = |key: &OccurrenceKey| {
            let event = events.get(&key.event);
            let known = stored.get(key).into_iter().flatten().map(|stored| (stored.key, stored));
            let found = match key.resolve(event.map(AsRef::as_ref), known)? {
                Resolved::Stored(stored) => OccurrenceOfEvent::stored(events.get(&stored.key.event)?, stored),
                Resolved::Derived(date) => {
                    OccurrenceOfEvent::stored(event?, &StoredOccurrence::from_rule(event?, date))
                }
            };
            Some((*key, found))
        };
        Ok(keys.iter().filter_map(find).collect())
    }

    /// The events with these ids, possibly from the replica.
    ///
    /// The stored occurrences may be newer than the replica. If one of them belongs to an event that is not in it, or was found by
    /// a former key, then an edit may have moved it, and both must be read from the storage.
    async fn events(
        &self,
        scope: &TenantScope,
        ids: HashSet<EventId>,
        may_be_earlier: bool,
    ) -> Result<HashMap<EventId, Arc<Event>>, Fault> {
        if may_be_earlier && let Some(replica) = self.catalogue.replica(scope).await? {
            let held = ids.iter().filter_map(|id| Some((*id, Arc::clone(&replica.event(*id)?.event))));
            let held: HashMap<_, _> = held.collect();
            if held.len() == ids.len() {
                return Ok(held);
            }
        }
        let events = self.events.get_many(scope, &Vec::from_iter(ids)).await?;
        Ok(events.into_iter().map(|event| (event.id, Arc::new(event))).collect())
    }

    /// The event with this id.
    pub(crate) async fn event(&self, scope: &TenantScope, id: EventId) -> Result<Option<Arc<Event>>, Fault> {
        let found = self.events.get_many(scope, &[id]).await?;
        Ok(found.into_iter().find(|event| event.id == id).map(Arc::new))
    }
}

#[cfg(test)]
mod tests;
