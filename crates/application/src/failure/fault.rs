use std::error::Error;

/// The cause of a fault, for the log.
pub type Source = Box<dyn Error + Send + Sync + 'static>;

/// A technical failure.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// Storage is unreachable or did not answer in time. Nothing was changed.
    #[error("storage is unavailable")]
    Unavailable(#[source] Source),
    /// The change may or may not have been made. Repeating it with the same idempotency key tells.
    #[error("the outcome is unknown")]
    OutcomeUnknown(#[source] Source),
    /// Too many requests are waiting. Nothing was changed.
    #[error("overloaded")]
    Overloaded,
    /// A defect, or stored data that cannot be read.
    #[error("internal fault")]
    Internal(#[source] Source),
}

impl Fault {
    /// A defect, described by a message.
    #[must_use]
    pub fn internal(source: impl Into<Source>) -> Self {
        Self::Internal(source.into())
    }

    /// The part of the fault that a caller may know.
    #[must_use]
    pub const fn kind(&self) -> FaultKind {
        match self {
            Self::Unavailable(_) => FaultKind::Unavailable,
            Self::OutcomeUnknown(_) => FaultKind::OutcomeUnknown,
            Self::Overloaded => FaultKind::Overloaded,
            Self::Internal(_) => FaultKind::Internal,
        }
    }
}

/// The part of a fault that a caller may know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultKind {
    Unavailable,
    OutcomeUnknown,
    Overloaded,
    Internal,
}

impl FaultKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Unavailable, Self::OutcomeUnknown, Self::Overloaded, Self::Internal];

    /// The code as callers see it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.row().0
    }

    /// The message as callers see it.
    #[must_use]
    pub const fn message(self) -> &'static str {
        self.row().1
    }

    /// Returns true if the same request may succeed later.
    #[must_use]
    pub const fn is_retryable(self) -> bool {
        self.row().2
    }

    const fn row(self) -> (&'static str, &'static str, bool) {
        match self {
            Self::Unavailable => ("UNAVAILABLE", "The service is unavailable. Try again.", true),
            Self::OutcomeUnknown => (
                "OUTCOME_UNKNOWN",
                "The change may or may not have been made. Repeat it with the same idempotency key.",
                true,
            ),
            Self::Overloaded => {
                ("OVERLOADED", "The service is overloaded and changed nothing. Try again.", true)
            }
            Self::Internal => ("INTERNAL", "An internal error occurred.", false),
        }
    }
}
