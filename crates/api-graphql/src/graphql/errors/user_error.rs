use std::borrow::Cow;

use convene_application::failure::{Refusal, RefusalCode};
use juniper::{GraphQLEnum, GraphQLInterface, GraphQLObject};

use super::top_level::ListedRefusals;
use crate::graphql::{
    context::Context,
    object::{Registration, numbers::int},
};

macro_rules! user_error_codes {
    ($($(#[$docs:meta])* $code:ident,)*) => {
        /// The reason of a refusal, for programs.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, GraphQLEnum)]
        pub enum UserErrorCode {
            $($(#[$docs])* $code,)*
        }

        impl From<RefusalCode> for UserErrorCode {
            fn from(code: RefusalCode) -> Self {
                match code {
                    $(RefusalCode::$code => Self::$code,)*
                }
            }
        }
    };
}

user_error_codes!(
    /// A value is not allowed.
    InvalidInput,
    /// A reference to an object that does not exist, or not for this caller.
    NotFound,
    /// The caller's role does not allow the mutation.
    Forbidden,
    /// The name is taken.
    AlreadyExists,
    /// The object was changed in the meantime.
    VersionConflict,
    /// The idempotency key was used with another input.
    IdempotencyKeyReused,
    /// Every seat is taken.
    OccurrenceFull,
    /// The member has a seat in an overlapping occurrence.
    ScheduleConflict,
    /// The member has a confirmed or waitlisted registration for the occurrence.
    AlreadyRegistered,
    /// Registration opens later.
    RegistrationNotOpen,
    /// Registration has closed.
    RegistrationClosed,
    /// The occurrence is cancelled.
    OccurrenceCancelled,
    /// The event is cancelled.
    EventCancelled,
    /// It is too late to cancel.
    CancellationClosed,
    /// It was cancelled before.
    AlreadyCancelled,
    /// The event is recurring: register for one of its occurrences.
    EventIsRecurring,
    /// More seats are taken than the new capacity has.
    CapacityBelowRegistrations,
    /// The change would cancel registrations. `onAffected` allows an edit; cancel an event before you delete it.
    RegistrationsAffected,
    /// A limit of the platform is exceeded.
    LimitExceeded,
    /// The organization's last ADMIN must stay one.
    LastAdmin,
    /// There is nothing to restore.
    NotCancelled,
    /// The organization was suspended or deleted while the mutation waited.
    OrganizationSuspended,
);

/// A reason why a mutation was refused. Nothing was changed.
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
    /// The path to the field of the input; null if the refusal concerns the whole mutation.
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
            /// The path to the field of the input; null if the refusal concerns the whole mutation.
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
    /// The input refers to an object that does not exist, or not for this caller.
    NotFound {}
);
user_error_type!(
    /// Any other refusal; the code is the reason.
    Refused {}
);
user_error_type!(
    /// The member has a seat in an overlapping occurrence.
    ScheduleConflict {
        /// The conflicting registration.
        conflicts_with: Registration,
    }
);
user_error_type!(
    /// The object was changed in the meantime.
    VersionConflict {
        /// The current version of the object.
        current_version: i32,
    }
);
user_error_type!(
    /// The change would cancel registrations. `onAffected` allows an edit; cancel an event before you delete it.
    RegistrationsAffected {
        /// The number of affected registrations.
        affected_count: i32,
        /// The earliest of them, at most 100.
        registrations: Vec<Registration>,
    }
);

/// The form of refusals in the payload of a mutation. The last entry says how many are left out.
pub(crate) fn user_errors(listed: ListedRefusals) -> Vec<UserErrorValue> {
    let remark = listed
        .remark()
        .map(|message| Refused { code: UserErrorCode::InvalidInput, message, field: None }.into());
    listed.refusals.into_iter().map(user_error).chain(remark).collect()
}

fn user_error(refusal: Refusal) -> UserErrorValue {
    let (code, field) = refusal.code_and_field();
    let code = code.into();
    let field = field.map(|path| path.segments().map(Cow::into_owned).collect());
    let message = refusal.to_string();
    match refusal {
        Refusal::InvalidInput { .. } => InvalidInput { code, message, field }.into(),
        Refusal::NotFound { .. } | Refusal::CreatedAndDeleted => NotFound { code, message, field }.into(),
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
        | Refusal::EventCapacityBelowRegistrations { .. }
        | Refusal::LimitExceeded(_)
        | Refusal::LastAdmin
        | Refusal::NotCancelled
        | Refusal::OrganizationSuspended => Refused { code, message, field }.into(),
    }
}
