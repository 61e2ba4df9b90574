macro_rules! codes {
    ($($code:ident $name:literal,)*) => {
        /// The code of a refusal.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum RefusalCode {
            $($code,)*
        }

        impl RefusalCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$code,)*];

            /// The code as callers see it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$code => $name,)*
                }
            }
        }
    };
}

codes!(
    InvalidInput "INVALID_INPUT",
    NotFound "NOT_FOUND",
    Forbidden "FORBIDDEN",
    AlreadyExists "ALREADY_EXISTS",
    VersionConflict "VERSION_CONFLICT",
    IdempotencyKeyReused "IDEMPOTENCY_KEY_REUSED",
    OccurrenceFull "OCCURRENCE_FULL",
    ScheduleConflict "SCHEDULE_CONFLICT",
    AlreadyRegistered "ALREADY_REGISTERED",
    RegistrationNotOpen "REGISTRATION_NOT_OPEN",
    RegistrationClosed "REGISTRATION_CLOSED",
    OccurrenceCancelled "OCCURRENCE_CANCELLED",
    EventCancelled "EVENT_CANCELLED",
    CancellationClosed "CANCELLATION_CLOSED",
    AlreadyCancelled "ALREADY_CANCELLED",
    EventIsRecurring "EVENT_IS_RECURRING",
    CapacityBelowRegistrations "CAPACITY_BELOW_REGISTRATIONS",
    RegistrationsAffected "REGISTRATIONS_AFFECTED",
    LimitExceeded "LIMIT_EXCEEDED",
    LastAdmin "LAST_ADMIN",
    NotCancelled "NOT_CANCELLED",
    OrganizationSuspended "ORGANIZATION_SUSPENDED",
);
