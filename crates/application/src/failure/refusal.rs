use std::fmt;

use convene_domain::{
    registration::{Registration, RegistrationRefusal},
    time::Instant,
};

use super::{Field, FieldPath, RefusalCode};
use crate::limits::Limit;

/// The reason of a refused field that refers to a missing object, to follow the field's name.
pub const UNKNOWN_REFERENCE: &str = "refers to nothing that exists";

/// An answer by the rules: nothing was changed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    #[error("{field} {message}")]
    InvalidInput {
        field: FieldPath,
        /// The reason, to follow the field's name.
        message: String,
    },
    /// The field refers to an object that does not exist, or not for this caller; the two are never distinguished.
    #[error("{field} {}", UNKNOWN_REFERENCE)]
    NotFound { field: FieldPath },
    /// A repeat of a creation, whose object does not exist any more.
    #[error("it was created with this idempotency key, and has been deleted since")]
    CreatedAndDeleted,
    #[error("only an admin of the organization may do this")]
    AdminOnly,
    #[error("only a member of the organization may do this")]
    MembersOnly,
    #[error("only the platform's operator may do this")]
    OperatorOnly,
    /// The value of the field is unique and belongs to another object.
    #[error("{field} is taken")]
    AlreadyExists { field: FieldPath },
    #[error("it was changed in the meantime and is at version {current} now")]
    VersionConflict { current: u32 },
    #[error("this idempotency key was used with another input")]
    IdempotencyKeyReused,
    #[error("every seat of the occurrence is taken")]
    OccurrenceFull,
    #[error("the member is registered elsewhere at that time")]
    ScheduleConflict { with: Box<Registration> },
    /// The member has a confirmed or waitlisted registration for the occurrence.
    #[error("the member is already registered for the occurrence")]
    AlreadyRegistered,
    #[error("registration has not opened yet")]
    RegistrationNotOpen { opens_at: Instant },
    #[error("registration has closed")]
    RegistrationClosed { closed_at: Instant },
    #[error("the occurrence is cancelled")]
    OccurrenceCancelled,
    #[error("the event is cancelled")]
    EventCancelled,
    #[error("it is too late to cancel")]
    CancellationClosed { closed_at: Instant },
    #[error("it is already cancelled")]
    AlreadyCancelled,
    #[error("the event is recurring: register for one of its occurrences")]
    EventIsRecurring,
    #[error("the new capacity is below the number of taken seats, {taken}")]
    CapacityBelowRegistrations { taken: u32 },
    /// A restoration would give an occurrence the capacity of its event, which its input does not have.
    #[error("the capacity of the event is below the number of taken seats, {taken}")]
    EventCapacityBelowRegistrations { taken: u32 },
    /// The change would drop confirmed registrations, or move them onto another seat of the same member.
    #[error("number of affected registrations: {count}")]
    RegistrationsAffected {
        count: u32,
        /// The first ones.
        registrations: Vec<Registration>,
    },
    #[error("{0}")]
    LimitExceeded(Limit),
    #[error("the organization's last admin must stay one")]
    LastAdmin,
    /// There is nothing to restore.
    #[error("there is nothing to restore")]
    NotCancelled,
    /// The operator has suspended the organization since the caller was let in, and may have deleted it.
    #[error("the organization was suspended or deleted in the meantime")]
    OrganizationSuspended,
}

impl Refusal {
    /// The refusal of a value.
    #[must_use]
    pub fn invalid(field: impl Into<FieldPath>, message: impl fmt::Display) -> Self {
        Self::InvalidInput { field: field.into(), message: message.to_string() }
    }

    /// The refusal of a reference to an object that does not exist for this caller.
    #[must_use]
    pub fn not_found(field: impl Into<FieldPath>) -> Self {
        Self::NotFound { field: field.into() }
    }

    /// The refusal of a creation, whose input does not have the id of the new object: a missing object was created by an earlier
    /// call with the same idempotency key, and deleted since.
    #[must_use]
    pub(super) fn of_creation(self, id: Field) -> Self {
        match self {
            Self::NotFound { field } if field.is(id) => Self::CreatedAndDeleted,
            other => other,
        }
    }

    /// The refusal of a restoration, whose input has no capacity.
    #[must_use]
    pub(super) fn of_restoration(self) -> Self {
        match self {
            Self::CapacityBelowRegistrations { taken } => Self::EventCapacityBelowRegistrations { taken },
            other => other,
        }
    }

    /// The field of the input and the reason, to follow the field's name, if the refusal is about a value.
    #[must_use]
    pub fn field_problem(&self) -> Option<(&FieldPath, &str)> {
        match self {
            Self::InvalidInput { field, message } => Some((field, message)),
            Self::NotFound { field } => Some((field, UNKNOWN_REFERENCE)),
            Self::CreatedAndDeleted
            | Self::AdminOnly
            | Self::MembersOnly
            | Self::OperatorOnly
            | Self::AlreadyExists { .. }
            | Self::VersionConflict { .. }
            | Self::IdempotencyKeyReused
            | Self::OccurrenceFull
            | Self::ScheduleConflict { .. }
            | Self::AlreadyRegistered
            | Self::RegistrationNotOpen { .. }
            | Self::RegistrationClosed { .. }
            | Self::OccurrenceCancelled
            | Self::EventCancelled
            | Self::CancellationClosed { .. }
            | Self::AlreadyCancelled
            | Self::EventIsRecurring
            | Self::CapacityBelowRegistrations { .. }
            | Self::EventCapacityBelowRegistrations { .. }
            | Self::RegistrationsAffected { .. }
            | Self::LimitExceeded(_)
            | Self::LastAdmin
            | Self::NotCancelled
            | Self::OrganizationSuspended => None,
        }
    }

    #[must_use]
    pub fn code(&self) -> RefusalCode {
        self.code_and_field().0
    }

    /// The code and the field to correct; the other half of the table, the message, is the `Display` form.
    #[must_use]
    pub fn code_and_field(&self) -> (RefusalCode, Option<FieldPath>) {
        use RefusalCode as Code;
        match self {
            Self::InvalidInput { field, .. } => (Code::InvalidInput, Some(field.clone())),
            Self::NotFound { field } => (Code::NotFound, Some(field.clone())),
            Self::CreatedAndDeleted => (Code::NotFound, None),
            Self::AlreadyExists { field } => (Code::AlreadyExists, Some(field.clone())),
            Self::AdminOnly | Self::MembersOnly | Self::OperatorOnly => (Code::Forbidden, None),
            Self::VersionConflict { .. } => (Code::VersionConflict, Some(Field::ExpectedVersion.into())),
            Self::IdempotencyKeyReused => (Code::IdempotencyKeyReused, Some(Field::IdempotencyKey.into())),
            Self::OccurrenceFull => (Code::OccurrenceFull, None),
            Self::ScheduleConflict { .. } => (Code::ScheduleConflict, None),
            Self::AlreadyRegistered => (Code::AlreadyRegistered, None),
            Self::RegistrationNotOpen { .. } => (Code::RegistrationNotOpen, None),
            Self::RegistrationClosed { .. } => (Code::RegistrationClosed, None),
            Self::OccurrenceCancelled => (Code::OccurrenceCancelled, None),
            Self::EventCancelled => (Code::EventCancelled, None),
            Self::CancellationClosed { .. } => (Code::CancellationClosed, None),
            Self::AlreadyCancelled => (Code::AlreadyCancelled, None),
            Self::EventIsRecurring => (Code::EventIsRecurring, Some(Field::EventId.into())),
            Self::CapacityBelowRegistrations { .. } => {
                (Code::CapacityBelowRegistrations, Some(Field::Capacity.into()))
            }
            Self::EventCapacityBelowRegistrations { .. } => (Code::CapacityBelowRegistrations, None),
            Self::RegistrationsAffected { .. } => (Code::RegistrationsAffected, None),
            Self::LimitExceeded(limit) => (Code::LimitExceeded, field_of(*limit).map(FieldPath::from)),
            Self::LastAdmin => (Code::LastAdmin, None),
            Self::NotCancelled => (Code::NotCancelled, None),
            Self::OrganizationSuspended => (Code::OrganizationSuspended, None),
        }
    }
}

/// The field that names the object with the limit; `None` if the limit concerns the whole change.
const fn field_of(limit: Limit) -> Option<Field> {
    match limit {
        Limit::UpcomingRegistrations
        | Limit::WaitlistedRegistrations
        | Limit::EditedRegistrations
        | Limit::ExaminedWaitlists => None,
        Limit::EarlierSchedules => Some(Field::EventId),
        Limit::Exceptions | Limit::StoredOccurrences | Limit::WaitlistLength => Some(Field::OccurrenceId),
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
