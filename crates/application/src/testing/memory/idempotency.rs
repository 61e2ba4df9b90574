use std::{
    any::Any,
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use convene_domain::{
    activity::Actor,
    id::EventId,
    occurrence::{Occurrence, OccurrenceKey},
    text::IdempotencyKey,
    time::Instant,
};

use super::results::StoredResult;
use crate::{
    change::Change,
    editing::Successor,
    failure::Refusal,
    idempotency::{KeyUse, classify},
    limits::FOLLOWED_RESULTS,
    ports::{Changed, UsedKey},
};

/// The identity of a used key.
pub(super) type UsedKeyId = (Actor, IdempotencyKey);

/// The uses of idempotency keys, by actor and key.
#[derive(Clone, Default)]
pub(super) struct UsedKeys(HashMap<UsedKeyId, KeyUse<Stored>>);

#[derive(Clone)]
struct Stored {
    subject: String,
    result: Arc<dyn Any + Send + Sync>,
}

impl KeyUse<Stored> {
    fn changed(&self) -> Option<&Changed<Occurrence>> {
        self.result.result.downcast_ref()
    }

    /// The occurrence that the result has, unless it is gone.
    fn occurrence(&self) -> Option<OccurrenceKey> {
        self.changed().filter(|changed| changed.dropped_exceptions.is_empty()).map(|changed| changed.now.key)
    }

    /// Applies the successor of the occurrence. One that is gone is listed as dropped, in its last state.
    fn follow(&mut self, successor: &Successor) {
        let Some(changed) = self.changed() else { return };
        let mut changed = changed.clone();
        match successor {
            Successor::Occurrence(key) => changed.now.key = *key,
            Successor::None(last) => changed.dropped_exceptions = vec![last.as_ref().clone()],
        }
        self.result = Stored { subject: changed.subject(), result: Arc::new(changed) };
    }
}

impl UsedKeys {
    /// Finds the stored result of the change, if the change is a repeat.
    pub(super) fn repeated_result<T: Clone + 'static>(&self, change: &Change) -> Result<Option<T>, Refusal> {
        let Some(idempotency) = &change.idempotency else { return Ok(None) };
        let stored = self.0.get(&(change.actor.clone(), idempotency.key.clone()));
        // A fingerprint covers the mutation's name, so another type is another mutation.
        let stored = stored.map(|&KeyUse { at, fingerprint, ref result }| {
            let result = result.result.downcast_ref::<T>().cloned();
            KeyUse { at, fingerprint, result }
        });
        classify(stored, change.at, idempotency.fingerprint).repeated()
    }

    /// Returns the keys that the actor used, oldest first.
    pub(super) fn used_by(&self, actor: &Actor) -> Vec<UsedKey> {
        let used = self.0.iter().filter(|((user, _), _)| user == actor);
        let mut used: Vec<UsedKey> = used
            .map(|((_, key), used)| UsedKey {
                key: key.clone(),
                used_at: used.at,
                subject: used.result.subject.clone(),
            })
            .collect();
        used.sort_by_key(|used| used.used_at);
        used
    }

    /// Deletes the keys that the actor used, and returns their number.
    pub(super) fn delete_of_actor(&mut self, actor: &Actor) -> u64 {
        let before = self.0.len();
        self.0.retain(|(user, _), _| user != actor);
        (before - self.0.len()) as u64
    }

    /// Applies the successors of occurrences to the newest results.
    pub(super) fn follow(&mut self, successors: &BTreeMap<OccurrenceKey, Successor>) {
        let newest = self.newest(|key| successors.contains_key(key));
        let found = newest.into_iter().filter_map(|(id, key)| Some((id, successors.get(&key)?.clone())));
        self.answer(found.collect());
    }

    /// The newest uses whose result is an occurrence of the event with an original start that is ahead.
    pub(super) fn newest_ahead(&self, event: EventId, now: Instant) -> Vec<(UsedKeyId, OccurrenceKey)> {
        self.newest(|key| key.event == event && key.original_start > now)
    }

    /// The newest uses whose result is one of these occurrences.
    fn newest(&self, is_one: impl Fn(&OccurrenceKey) -> bool) -> Vec<(UsedKeyId, OccurrenceKey)> {
        let all = self.0.iter().filter_map(|(id, used)| Some((used.at, id, used.occurrence()?)));
        let mut found: Vec<_> = all.filter(|(_, _, key)| is_one(key)).collect();
        found.sort_by_key(|(at, ..)| Reverse(*at));
        found.truncate(FOLLOWED_RESULTS);
        found.into_iter().map(|(_, id, key)| (id.clone(), key)).collect()
    }

    /// Applies successors to single results.
    pub(super) fn answer(&mut self, successors: Vec<(UsedKeyId, Successor)>) {
        for (id, successor) in successors {
            if let Some(used) = self.0.get_mut(&id) {
                used.follow(&successor);
            }
        }
    }

    /// Deletes the keys whose result is this object.
    pub(super) fn delete_about(&mut self, subject: &str) {
        self.0.retain(|_, used| used.result.subject != subject);
    }

    /// Stores the use of a key.
    pub(super) fn record<T: StoredResult>(&mut self, change: &Change, result: &T) {
        if let Some(idempotency) = &change.idempotency {
            let result = Stored { subject: result.subject(), result: Arc::new(result.clone()) };
            let used = KeyUse { at: change.at, fingerprint: idempotency.fingerprint, result };
            self.0.insert((change.actor.clone(), idempotency.key.clone()), used);
        }
    }
}
