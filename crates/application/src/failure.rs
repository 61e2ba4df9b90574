//! How a use case ends when it does not succeed.
//!
//! A *refusal* is an answer: the rules say no, nothing was changed, and it carries the data that explain it. A
//! *fault* is a failure of the machinery: it keeps its source for the log and tells the caller only whether to
//! try again.

use std::{borrow::Cow, error::Error, fmt};

use convene_domain::{
    registration::{Registration, RegistrationRefusal},
    time::Instant,
};

/// Names a field of a command, from the outside in: `recurrence`, `byWeekday`, `0`, `nth`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldPath(Vec<Cow<'static, str>>);

impl FieldPath {
    /// A field at the top of the command.
    #[must_use]
    pub fn of(name: impl Into<Cow<'static, str>>) -> Self {
        Self(vec![name.into()])
    }

    /// A field within this one.
    #[must_use]
    pub fn child(&self, name: impl Into<Cow<'static, str>>) -> Self {
        let mut path = self.0.clone();
        path.push(name.into());
        Self(path)
    }

    /// An element of this list.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.child(index.to_string())
    }

    /// The names, from the outside in.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(AsRef::as_ref)
    }
}

impl From<&'static str> for FieldPath {
    fn from(name: &'static str) -> Self {
        Self::of(name)
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

/// Why the rules say no. Nothing was changed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// A value that is not allowed.
    #[error("{field} {message}")]
    InvalidInput {
        /// Where.
        field: FieldPath,
        /// What is wrong, to follow the field's name.
        message: String,
    },
    /// What a field refers to does not exist, or not for this caller: the two are never told apart.
    #[error("{field} refers to nothing that exists")]
    NotFound {
        /// Which reference.
        field: FieldPath,
    },
    /// The caller's role does not allow it.
    #[error("only an admin of the organization may do this")]
    AdminOnly,
    /// The caller belongs to no organization, and what is asked for does.
    #[error("only a member of the organization may do this")]
    MembersOnly,
    /// Only the platform's operator may do this.
    #[error("only the platform's operator may do this")]
    OperatorOnly,
    /// Something of this name is there already.
    #[error("{field} is taken")]
    AlreadyExists {
        /// Which name.
        field: FieldPath,
    },
    /// Somebody else changed it first.
    #[error("it was changed in the meantime and is at version {current} now")]
    VersionConflict {
        /// The version it has now.
        current: u32,
    },
    /// The idempotency key was used for another input.
    #[error("this idempotency key was used with another input")]
    IdempotencyKeyReused,
    /// No seat is free.
    #[error("every seat of the occurrence is taken")]
    OccurrenceFull,
    /// The member holds another registration at that time.
    #[error("the member is registered elsewhere at that time")]
    ScheduleConflict {
        /// The registration in the way.
        with: Box<Registration>,
    },
    /// The member is registered for, or waits for, this occurrence already.
    #[error("the member is already registered for the occurrence")]
    AlreadyRegistered,
    /// Registration opens later.
    #[error("registration has not opened yet")]
    RegistrationNotOpen {
        /// When it opens.
        opens_at: Instant,
    },
    /// Registration has closed.
    #[error("registration has closed")]
    RegistrationClosed {
        /// When it closed.
        closed_at: Instant,
    },
    /// The occurrence is cancelled.
    #[error("the occurrence is cancelled")]
    OccurrenceCancelled,
    /// The event is cancelled.
    #[error("the event is cancelled")]
    EventCancelled,
    /// It is too late to cancel.
    #[error("it is too late to cancel")]
    CancellationClosed {
        /// Until when it was possible.
        closed_at: Instant,
    },
    /// It was cancelled before.
    #[error("it is already cancelled")]
    AlreadyCancelled,
    /// The event repeats, so one of its occurrences must be named.
    #[error("the event repeats: register for one of its occurrences")]
    EventIsRecurring,
    /// More seats are taken than there would be.
    #[error("{taken} seats are taken, more than there would be")]
    CapacityBelowRegistrations {
        /// How many are taken.
        taken: u32,
    },
    /// People hold seats in what the change would drop or move onto another seat of theirs.
    #[error("the change affects {count} registrations")]
    RegistrationsAffected {
        /// How many registrations.
        count: u32,
        /// The first of them, at most 100.
        registrations: Vec<Registration>,
    },
    /// A limit of the platform.
    #[error("{what} is limited to {limit}")]
    LimitExceeded {
        /// What is limited.
        what: &'static str,
        /// To how many.
        limit: u32,
    },
    /// An organization must keep an admin.
    #[error("the organization's last admin must stay one")]
    LastAdmin,
}

impl Refusal {
    /// A value that is not allowed.
    #[must_use]
    pub fn invalid(field: impl Into<FieldPath>, message: impl fmt::Display) -> Self {
        Self::InvalidInput { field: field.into(), message: message.to_string() }
    }

    /// A reference to what does not exist for this caller.
    #[must_use]
    pub fn not_found(field: impl Into<FieldPath>) -> Self {
        Self::NotFound { field: field.into() }
    }
}

impl From<RegistrationRefusal> for Refusal {
    fn from(refusal: RegistrationRefusal) -> Self {
        match refusal {
            RegistrationRefusal::OccurrenceCancelled => Self::OccurrenceCancelled,
            RegistrationRefusal::NotYetOpen { opens_at } => Self::RegistrationNotOpen { opens_at },
            RegistrationRefusal::Closed { closed_at } => Self::RegistrationClosed { closed_at },
            RegistrationRefusal::Full => Self::OccurrenceFull,
            RegistrationRefusal::CancellationClosed { closed_at } => Self::CancellationClosed { closed_at },
            RegistrationRefusal::AlreadyCancelled => Self::AlreadyCancelled,
        }
    }
}

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

/// How a use case ends when it does not succeed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The rules say no; at least one reason, all that were found.
    #[error("refused: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Refused(Vec<Refusal>),
    /// The machinery failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(vec![refusal])
    }
}

impl From<RegistrationRefusal> for Failure {
    fn from(refusal: RegistrationRefusal) -> Self {
        Refusal::from(refusal).into()
    }
}

/// What a use case, or a port that decides, answers with.
pub type Outcome<T> = Result<T, Failure>;
