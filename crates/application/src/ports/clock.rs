use convene_domain::time::Instant;

/// Tells the time.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
pub trait Clock: Send + Sync {
    /// The present moment in whole milliseconds, so that it survives being stored.
    fn now(&self) -> Instant;
}
