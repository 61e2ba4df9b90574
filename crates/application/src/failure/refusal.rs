use std::fmt;

use convene_domain::{
    registration::{Registration, RegistrationRefusal},
    time::Instant,
};

use super::FieldPath;

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
