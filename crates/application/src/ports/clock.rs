use convene_domain::time::Instant;

/// Tells the time.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
pub trait Clock: Send + Sync {
    /// Returns the current time in whole milliseconds, so that a stored time equals the original.
    fn now(&self) -> Instant;
}
