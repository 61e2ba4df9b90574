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

/// Builds changes at the start of a [`FixedClock`], without request id and idempotency key.
#[derive(Debug, Clone)]
pub struct ChangeBuilder(Change);

impl ChangeBuilder {
    /// A change by the user with this id.
    ///
    /// # Panics
    /// If the text is not a user id.
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
        Self(Change { actor, at: FixedClock::START, request_id: None, idempotency: None, is_dry_run: false })
    }

    /// Sets the time.
    #[must_use]
    pub const fn at(mut self, at: Instant) -> Self {
        self.0.at = at;
        self
    }

    /// Sets the request id.
    #[must_use]
    pub fn request(mut self, id: &str) -> Self {
        self.0.request_id = Some(id.to_owned());
        self
    }

    /// Sets an idempotency key; `input` represents the mutation's input.
    ///
    /// # Panics
    /// If the text is not an idempotency key.
    #[must_use]
    pub fn key(mut self, key: &str, input: u8) -> Self {
        let key = IdempotencyKey::parse(key).expect("an idempotency key");
        self.0.idempotency = Some(Idempotency { key, fingerprint: Fingerprint([input; 32]) });
        self
    }

    /// Makes it a dry run.
    #[must_use]
    pub const fn dry_run(mut self) -> Self {
        self.0.is_dry_run = true;
        self
    }

    /// The change.
    #[must_use]
    pub fn build(self) -> Change {
        self.0
    }
}
