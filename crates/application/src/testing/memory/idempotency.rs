use std::{
    any::Any,
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use convene_domain::{
    activity::Actor, id::RegistrationId, registration::Registration, text::IdempotencyKey, time::Instant,
};

use super::answers::Answer;
use crate::{
    change::{Change, Fingerprint, IDEMPOTENCY_WINDOW},
    failure::Refusal,
    ports::UsedKey,
};

/// What mutations with idempotency keys answered.
#[derive(Clone, Default)]
pub(super) struct Keys(HashMap<(Actor, IdempotencyKey), Remembered>);

#[derive(Clone)]
struct Remembered {
    at: Instant,
    fingerprint: Fingerprint,
    subject: String,
    answer: Arc<dyn Any + Send + Sync>,
}

impl Keys {
    /// What the change answered the first time; `None` if this is the first time.
    pub(super) fn recall<T: Clone + 'static>(&self, change: &Change) -> Result<Option<T>, Refusal> {
        let Some(idempotency) = &change.idempotency else { return Ok(None) };
        let known = self
            .0
            .get(&(change.actor.clone(), idempotency.key.clone()))
            .filter(|known| change.at < known.at + IDEMPOTENCY_WINDOW);
        match known {
            None => Ok(None),
            Some(known) if known.fingerprint != idempotency.fingerprint => Err(Refusal::IdempotencyKeyReused),
            // A fingerprint covers the mutation's name, so another type is another mutation.
            Some(known) => {
                known.answer.downcast_ref::<T>().cloned().map(Some).ok_or(Refusal::IdempotencyKeyReused)
            }
        }
    }

    /// Forgets the keys under which these registrations were made: a registration keeps its own key, and takes it
    /// along.
    pub(super) fn forget_registrations(&mut self, gone: &BTreeSet<RegistrationId>) {
        self.0.retain(|_, remembered| {
            let made = remembered.answer.downcast_ref::<Registration>();
            made.is_none_or(|registration| !gone.contains(&registration.id))
        });
    }

    /// The keys that the actor used, oldest first.
    pub(super) fn used_by(&self, actor: &Actor) -> Vec<UsedKey> {
        let used = self.0.iter().filter(|((user, _), _)| user == actor);
        let mut used: Vec<UsedKey> = used
            .map(|((_, key), Remembered { at, subject, .. })| UsedKey {
                key: key.clone(),
                used_at: *at,
                subject: subject.clone(),
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
            let remembered = Remembered {
                at: change.at,
                fingerprint: idempotency.fingerprint,
                subject: answer.subject(),
                answer: Arc::new(answer.clone()),
            };
            self.0.insert((change.actor.clone(), idempotency.key.clone()), remembered);
        }
    }
}
