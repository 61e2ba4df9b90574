use std::{
    any::Any,
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use convene_domain::{
    activity::Actor, id::RegistrationId, registration::Registration, text::IdempotencyKey, time::Instant,
};

use crate::{
    change::{Change, Fingerprint, IDEMPOTENCY_WINDOW},
    failure::Refusal,
};

/// What mutations with idempotency keys answered.
#[derive(Clone, Default)]
pub(super) struct Keys(HashMap<(Actor, IdempotencyKey), Remembered>);

#[derive(Clone)]
struct Remembered {
    at: Instant,
    fingerprint: Fingerprint,
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

    pub(super) fn remember<T: Clone + Send + Sync + 'static>(&mut self, change: &Change, answer: &T) {
        if let Some(idempotency) = &change.idempotency {
            let remembered = Remembered {
                at: change.at,
                fingerprint: idempotency.fingerprint,
                answer: Arc::new(answer.clone()),
            };
            self.0.insert((change.actor.clone(), idempotency.key.clone()), remembered);
        }
    }
}
