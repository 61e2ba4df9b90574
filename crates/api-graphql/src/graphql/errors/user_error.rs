use std::borrow::Cow;

use convene_application::failure::{Field, FieldPath, Refusal};
use juniper::{GraphQLEnum, GraphQLInterface, GraphQLObject, InputValue, ToInputValue};

use crate::graphql::{
    context::Context,
    object::{Registration, numbers::int},
};

/// Why a mutation was refused, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, GraphQLEnum)]
pub enum UserErrorCode {
    /// A value that is not allowed.
    InvalidInput,
    /// A reference to what does not exist, or not for this caller.
    NotFound,
    /// The caller's role does not allow it.
    Forbidden,
    /// Something of this name is there already.
    AlreadyExists,
    /// Somebody else changed it first.
    VersionConflict,
    /// The idempotency key was used with another input.
    IdempotencyKeyReused,
    /// Every seat is taken.
    OccurrenceFull,
    /// The member holds a seat at that time elsewhere.
    ScheduleConflict,
    /// The member holds a seat, or waits for one, already.
    AlreadyRegistered,
    /// Registration opens later.
    RegistrationNotOpen,
    /// Registration has closed.
    RegistrationClosed,
    /// The occurrence does not take place.
    OccurrenceCancelled,
    /// The event does not take place.
    EventCancelled,
    /// It is too late to cancel.
    CancellationClosed,
    /// It was cancelled before.
    AlreadyCancelled,
    /// The event repeats: one of its occurrences must be named.
    EventIsRecurring,
    /// More seats are taken than there would be.
    CapacityBelowRegistrations,
    /// The change would take seats away from people.
    RegistrationsAffected,
    /// A limit of the platform.
    LimitExceeded,
    /// The organization's last ADMIN must stay one.
    LastAdmin,
}

impl UserErrorCode {
    /// The code as answers spell it.
    pub(super) fn name(self) -> String {
        let value: InputValue = self.to_input_value();
        value.as_scalar().map(ToString::to_string).unwrap_or_default()
    }
}

/// Why a mutation was refused. Nothing was changed.
#[derive(GraphQLInterface)]
#[graphql(
    enum = UserErrorValue,
    for = [InvalidInput, NotFound, Refused, ScheduleConflict, VersionConflict, RegistrationsAffected],
    context = Context,
)]
pub struct UserError {
    /// The reason, for programs.
    code: UserErrorCode,
    /// The reason, for people.
    message: String,
    /// The field of the input that it is about, from the outside in; null where it is about the whole.
    field: Option<Vec<String>>,
}

macro_rules! user_error_type {
    ($(#[$docs:meta])* $name:ident { $($(#[$field_docs:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$docs])*
        #[derive(Clone, Debug, GraphQLObject)]
        #[graphql(impl = UserErrorValue, context = Context)]
        pub struct $name {
            /// The reason, for programs.
            code: UserErrorCode,
            /// The reason, for people.
            message: String,
            /// The field of the input that it is about, from the outside in; null where it is about the whole.
            field: Option<Vec<String>>,
            $($(#[$field_docs])* $field: $type,)*
        }
    };
}

user_error_type!(
    /// A value of the input is not allowed.
    InvalidInput {}
);
user_error_type!(
    /// The input refers to something that does not exist, or not for this caller.
    NotFound {}
);
user_error_type!(
    /// The rules say no; the code says which.
    Refused {}
);
user_error_type!(
    /// The member holds another seat at that time.
    ScheduleConflict {
        /// The registration that stands in the way.
        conflicts_with: Registration,
    }
);
user_error_type!(
    /// Somebody else changed it first.
    VersionConflict {
        /// The version it has now.
        current_version: i32,
    }
);
user_error_type!(
    /// The change would take seats away from people; `onAffected` says whether it may.
    RegistrationsAffected {
        /// How many registrations.
        affected_count: i32,
        /// The first of them, at most 100.
        registrations: Vec<Registration>,
    }
);

/// The code of a refusal and the field of the input it is about: the one table of both.
pub(super) fn code_and_field(refusal: &Refusal) -> (UserErrorCode, Option<FieldPath>) {
    use UserErrorCode as Code;
    match refusal {
        Refusal::InvalidInput { field, .. } => (Code::InvalidInput, Some(field.clone())),
        Refusal::NotFound { field } => (Code::NotFound, Some(field.clone())),
        Refusal::AlreadyExists { field } => (Code::AlreadyExists, Some(field.clone())),
        Refusal::AdminOnly | Refusal::MembersOnly | Refusal::OperatorOnly => (Code::Forbidden, None),
        Refusal::VersionConflict { .. } => (Code::VersionConflict, Some(Field::ExpectedVersion.into())),
        Refusal::IdempotencyKeyReused => (Code::IdempotencyKeyReused, Some(Field::IdempotencyKey.into())),
        Refusal::OccurrenceFull => (Code::OccurrenceFull, None),
        Refusal::ScheduleConflict { .. } => (Code::ScheduleConflict, None),
        Refusal::AlreadyRegistered => (Code::AlreadyRegistered, None),
        Refusal::RegistrationNotOpen { .. } => (Code::RegistrationNotOpen, None),
        Refusal::RegistrationClosed { .. } => (Code::RegistrationClosed, None),
        Refusal::OccurrenceCancelled => (Code::OccurrenceCancelled, None),
        Refusal::EventCancelled => (Code::EventCancelled, None),
        Refusal::CancellationClosed { .. } => (Code::CancellationClosed, None),
        Refusal::AlreadyCancelled => (Code::AlreadyCancelled, None),
        Refusal::EventIsRecurring => (Code::EventIsRecurring, Some(Field::EventId.into())),
        Refusal::CapacityBelowRegistrations { .. } => {
            (Code::CapacityBelowRegistrations, Some(Field::Capacity.into()))
        }
        Refusal::RegistrationsAffected { .. } => (Code::RegistrationsAffected, None),
        Refusal::LimitExceeded { .. } => (Code::LimitExceeded, None),
        Refusal::LastAdmin => (Code::LastAdmin, None),
    }
}

/// A refusal as a mutation's payload tells it.
pub(crate) fn user_error(refusal: Refusal) -> UserErrorValue {
    let (code, field) = code_and_field(&refusal);
    let field = field.map(|path| path.segments().map(Cow::into_owned).collect());
    let message = refusal.to_string();
    match refusal {
        Refusal::InvalidInput { .. } => InvalidInput { code, message, field }.into(),
        Refusal::NotFound { .. } => NotFound { code, message, field }.into(),
        Refusal::ScheduleConflict { with } => {
            ScheduleConflict { code, message, field, conflicts_with: Registration::from(*with) }.into()
        }
        Refusal::VersionConflict { current } => {
            VersionConflict { code, message, field, current_version: int(current) }.into()
        }
        Refusal::RegistrationsAffected { count, registrations } => RegistrationsAffected {
            code,
            message,
            field,
            affected_count: int(count),
            registrations: registrations.into_iter().map(Registration::from).collect(),
        }
        .into(),
        Refusal::AlreadyExists { .. }
        | Refusal::AdminOnly
        | Refusal::MembersOnly
        | Refusal::OperatorOnly
        | Refusal::IdempotencyKeyReused
        | Refusal::OccurrenceFull
        | Refusal::AlreadyRegistered
        | Refusal::RegistrationNotOpen { .. }
        | Refusal::RegistrationClosed { .. }
        | Refusal::OccurrenceCancelled
        | Refusal::EventCancelled
        | Refusal::CancellationClosed { .. }
        | Refusal::AlreadyCancelled
        | Refusal::EventIsRecurring
        | Refusal::CapacityBelowRegistrations { .. }
        | Refusal::LimitExceeded { .. }
        | Refusal::LastAdmin => Refused { code, message, field }.into(),
    }
}
