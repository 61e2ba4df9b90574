use std::{
    any::Any,
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use convene_domain::{activity::Actor, id::RegistrationId, registration::Registration, text::IdempotencyKey};

use super::answers::Answer;
use crate::{
    change::Change,
    failure::Refusal,
    idempotency::{KeyStatus, KeyUse, classify},
    ports::UsedKey,
};

/// The uses of idempotency keys, by actor and key.
#[derive(Clone, Default)]
pub(super) struct Keys(HashMap<(Actor, IdempotencyKey), KeyUse<Remembered>>);

#[derive(Clone)]
struct Remembered {
    subject: String,
    answer: Arc<dyn Any + Send + Sync>,
}

impl Keys {
    /// What the change answered the first time; `None` if this is the first time.
    pub(super) fn recall<T: Clone + 'static>(&self, change: &Change) -> Result<Option<T>, Refusal> {
        let Some(idempotency) = &change.idempotency else { return Ok(None) };
        let stored = self.0.get(&(change.actor.clone(), idempotency.key.clone())).cloned();
        match classify(stored, change.at, idempotency.fingerprint) {
            KeyStatus::Fresh => Ok(None),
            // A fingerprint covers the mutation's name, so another type is another mutation.
            KeyStatus::Repeat(Remembered { answer, .. }) => {
                answer.downcast_ref::<T>().cloned().map(Some).ok_or(Refusal::IdempotencyKeyReused)
            }
            KeyStatus::Reused => Err(Refusal::IdempotencyKeyReused),
        }
    }

    /// Forgets the keys under which these registrations were made: a registration keeps its own key, and takes it
    /// along.
    pub(super) fn forget_registrations(&mut self, gone: &BTreeSet<RegistrationId>) {
        self.0.retain(|_, remembered| {
            let made = remembered.result.answer.downcast_ref::<Registration>();
            made.is_none_or(|registration| !gone.contains(&registration.id))
        });
    }

    /// The keys that the actor used, oldest first.
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

    /// Forgets the keys that the actor used, and says how many those were.
    pub(super) fn forget(&mut self, actor: &Actor) -> u64 {
        let before = self.0.len();
        self.0.retain(|(user, _), _| user != actor);
        (before - self.0.len()) as u64
    }

    pub(super) fn remember<T: Answer>(&mut self, change: &Change, answer: &T) {
        if let Some(idempotency) = &change.idempotency {
            let result = Remembered { subject: answer.subject(), answer: Arc::new(answer.clone()) };
            let used = KeyUse { at: change.at, fingerprint: idempotency.fingerprint, result };
            self.0.insert((change.actor.clone(), idempotency.key.clone()), used);
        }
    }
}
