use std::{
    any::Any,
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use convene_domain::{
    activity::Actor,
    occurrence::{Occurrence, OccurrenceKey},
    text::IdempotencyKey,
};

use super::results::StoredResult;
use crate::{
    change::Change,
    failure::Refusal,
    idempotency::{KeyStatus, KeyUse, classify},
    ports::{Changed, UsedKey},
};

/// The uses of idempotency keys, by actor and key.
#[derive(Clone, Default)]
pub(super) struct UsedKeys(HashMap<(Actor, IdempotencyKey), KeyUse<Stored>>);

#[derive(Clone)]
struct Stored {
    subject: String,
    result: Arc<dyn Any + Send + Sync>,
}

impl UsedKeys {
    /// Finds the stored result of the change, if the change is a repeat.
    pub(super) fn repeated_result<T: Clone + 'static>(&self, change: &Change) -> Result<Option<T>, Refusal> {
        let Some(idempotency) = &change.idempotency else { return Ok(None) };
        let stored = self.0.get(&(change.actor.clone(), idempotency.key.clone())).cloned();
        match classify(stored, change.at, idempotency.fingerprint) {
            KeyStatus::Fresh => Ok(None),
            // A fingerprint covers the mutation's name, so another type is another mutation.
            KeyStatus::Repeat(Stored { result, .. }) => {
                result.downcast_ref::<T>().cloned().map(Some).ok_or(Refusal::IdempotencyKeyReused)
            }
            KeyStatus::Reused => Err(Refusal::IdempotencyKeyReused),
        }
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

    /// Replaces the keys of occurrences in results by those that the occurrences get.
    pub(super) fn follow(&mut self, moved: &BTreeMap<OccurrenceKey, OccurrenceKey>) {
        for used in self.0.values_mut() {
            let Some(changed) = used.result.result.downcast_ref::<Changed<Occurrence>>() else { continue };
            if let Some(key) = moved.get(&changed.now.key) {
                let now = Occurrence { key: *key, ..changed.now.clone() };
                let changed = Changed { now, ..changed.clone() };
                used.result = Stored { subject: changed.subject(), result: Arc::new(changed) };
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
