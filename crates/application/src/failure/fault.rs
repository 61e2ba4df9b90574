use std::error::Error;

/// What lies behind a fault, for the log.
pub type Source = Box<dyn Error + Send + Sync + 'static>;

/// A failure of the machinery.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// Storage could not be reached or did not answer in time; nothing was changed.
    #[error("storage is unavailable")]
    Unavailable(#[source] Source),
    /// The change may or may not have happened; repeating it with the same idempotency key tells.
    #[error("the outcome is unknown")]
    OutcomeUnknown(#[source] Source),
    /// Too much is waiting; nothing was changed.
    #[error("overloaded")]
    Overloaded,
    /// Anything else: a defect, or stored data that cannot be understood.
    #[error("internal fault")]
    Internal(#[source] Source),
}

impl Fault {
    /// Whether the same request may succeed later.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        !matches!(self, Self::Internal(_))
    }

    /// A defect, told by a message.
    #[must_use]
    pub fn internal(source: impl Into<Source>) -> Self {
        Self::Internal(source.into())
    }
}
