//! Idempotency keys: a caller's name for a mutation, which makes the mutation repeatable.

use convene_domain::{text::IdempotencyKey, time::Instant};

use crate::failure::Refusal;

/// The period after a mutation in which the use of its key counts.
///
/// The stored result names the objects of the reply, not their state: a repeat is answered with the objects as they
/// are now, and is refused with `NotFound` if they are gone.
pub const IDEMPOTENCY_WINDOW: time::Duration = time::Duration::hours(24);

/// The digest of a mutation's name and input: the same for the same input, whatever the order of its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 32]);

/// The key of a mutation together with its fingerprint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// Two callers may use the same key for different mutations.
    pub key: IdempotencyKey,
    pub fingerprint: Fingerprint,
}

/// The stored use of a key by one actor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyUse<R> {
    /// The time of the mutation, by the clock of the process that ran it.
    pub at: Instant,
    /// The digest of the mutation that used the key.
    pub fingerprint: Fingerprint,
    /// The objects of the reply, as the adapter stores them.
    pub result: R,
}

/// The relation of a mutation to the earlier use of its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyStatus<R> {
    /// The key was not used within the window: run the mutation.
    Fresh,
    /// The same mutation has succeeded within the window, with this result.
    Repeat(R),
    /// The key was used within the window for another mutation or another input.
    Reused,
}

impl<R> KeyStatus<Option<R>> {
    /// Returns the result of a repeat; `None` if the key is fresh. The stored use of a mutation of another kind has no result.
    ///
    /// # Errors
    /// [`Refusal::IdempotencyKeyReused`]
    pub fn repeated(self) -> Result<Option<R>, Refusal> {
        match self {
            Self::Fresh => Ok(None),
            Self::Repeat(Some(result)) => Ok(Some(result)),
            Self::Repeat(None) | Self::Reused => Err(Refusal::IdempotencyKeyReused),
        }
    }
}

/// Classifies a mutation by the stored use of its key. An adapter may pass a use that is older than the window.
pub fn classify<R>(stored: Option<KeyUse<R>>, now: Instant, fingerprint: Fingerprint) -> KeyStatus<R> {
    match stored.filter(|stored| now < stored.at + IDEMPOTENCY_WINDOW) {
        None => KeyStatus::Fresh,
        Some(stored) if stored.fingerprint == fingerprint => KeyStatus::Repeat(stored.result),
        Some(_) => KeyStatus::Reused,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use time::{Duration, macros::utc_datetime};

    use super::*;

    const USED: Instant = utc_datetime!(2026-10-05 9:00);
    const SAME: Fingerprint = Fingerprint([1; 32]);
    const OTHER: Fingerprint = Fingerprint([2; 32]);

    fn used(at: Instant, fingerprint: Fingerprint, result: &'static str) -> KeyUse<&'static str> {
        KeyUse { at, fingerprint, result }
    }

    #[rstest]
    #[case::at_once(Duration::ZERO, SAME, KeyStatus::Repeat("first"))]
    #[case::by_a_clock_that_is_behind(-Duration::SECOND, SAME, KeyStatus::Repeat("first"))]
    #[case::just_within(IDEMPOTENCY_WINDOW - Duration::MILLISECOND, SAME, KeyStatus::Repeat("first"))]
    #[case::exactly_at_the_end(IDEMPOTENCY_WINDOW, SAME, KeyStatus::Fresh)]
    #[case::other_input(Duration::ZERO, OTHER, KeyStatus::Reused)]
    #[case::other_input_just_within(IDEMPOTENCY_WINDOW - Duration::MILLISECOND, OTHER, KeyStatus::Reused)]
    #[case::other_input_exactly_at_the_end(IDEMPOTENCY_WINDOW, OTHER, KeyStatus::Fresh)]
    fn a_use_counts_within_the_window(
        #[case] later: Duration,
        #[case] fingerprint: Fingerprint,
        #[case] expected: KeyStatus<&'static str>,
    ) {
        assert_eq!(classify(Some(used(USED, SAME, "first")), USED + later, fingerprint), expected);
    }

    #[test]
    fn a_key_without_a_use_is_fresh() {
        assert_eq!(classify(None::<KeyUse<()>>, USED, SAME), KeyStatus::Fresh);
    }
}
