use convene_domain::{
    activity::Actor,
    text::{IdempotencyKey, UserId},
    time::Instant,
};

use crate::{
    change::Change,
    idempotency::{Fingerprint, Idempotency},
    testing::FixedClock,
};

/// Builds changes, made when a [`FixedClock`] starts, in no request and under no idempotency key.
#[derive(Debug, Clone)]
pub struct ChangeBuilder(Change);

impl ChangeBuilder {
    /// A change by the user with this id.
    ///
    /// # Panics
    /// For what is no user id.
    #[must_use]
    pub fn by(user: &str) -> Self {
        Self::of(Actor::User(UserId::parse(user).expect("a user id")))
    }

    /// A change by the platform itself.
    #[must_use]
    pub const fn by_system() -> Self {
        Self::of(Actor::System)
    }

    const fn of(actor: Actor) -> Self {
        Self(Change { actor, at: FixedClock::START, request_id: None, idempotency: None })
    }

    /// Makes it at another moment.
    #[must_use]
    pub const fn at(mut self, at: Instant) -> Self {
        self.0.at = at;
        self
    }

    /// Makes it in a request.
    #[must_use]
    pub fn request(mut self, id: &str) -> Self {
        self.0.request_id = Some(id.to_owned());
        self
    }

    /// Makes it under an idempotency key; `input` stands for the mutation's input.
    ///
    /// # Panics
    /// For what is no idempotency key.
    #[must_use]
    pub fn key(mut self, key: &str, input: u8) -> Self {
        let key = IdempotencyKey::parse(key).expect("an idempotency key");
        self.0.idempotency = Some(Idempotency { key, fingerprint: Fingerprint([input; 32]) });
        self
    }

    /// The change.
    #[must_use]
    pub fn build(self) -> Change {
        self.0
    }
}
