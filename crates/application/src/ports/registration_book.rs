use async_trait::async_trait;
use convene_domain::{
    id::{MemberId, RegistrationId},
    member::Role,
    occurrence::OccurrenceKey,
    registration::Registration,
};

use crate::{
    caller::{Caller, TenantScope},
    change::Change,
    failure::Outcome,
};

/// A request to register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegisterRequest {
    /// The id of the new registration.
    pub id: RegistrationId,
    /// The occurrence. It may be derived, and the key may be one that it had before an edit of its series.
    pub occurrence: OccurrenceKey,
    /// The member to register.
    pub member: MemberId,
    /// `true` to join the waitlist of a full occurrence, instead of being refused.
    pub join_waitlist: bool,
}

/// A request to cancel a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CancelRequest {
    /// The registration.
    pub registration: RegistrationId,
    /// The member who cancels.
    pub(crate) caller: MemberId,
    /// The role of the caller. Admins may cancel the registrations of other members.
    pub(crate) role: Role,
}

impl CancelRequest {
    /// The request of the caller to cancel the registration.
    #[must_use]
    pub const fn by(caller: &Caller, registration: RegistrationId) -> Self {
        Self { registration, caller: caller.member(), role: caller.role() }
    }

    /// A request of any member, for tests of ports.
    #[cfg(any(test, feature = "testing"))]
    #[must_use]
    pub const fn for_tests(registration: RegistrationId, caller: MemberId, role: Role) -> Self {
        Self { registration, caller, role }
    }

    /// The member who cancels.
    #[must_use]
    pub const fn caller(&self) -> MemberId {
        self.caller
    }
}

/// The result of a cancellation.
#[derive(Debug, Clone, PartialEq)]
pub struct Cancelled {
    /// The cancelled registration.
    pub registration: Registration,
    /// The registration that was promoted to the free seat.
    pub promoted: Option<Registration>,
}

/// Registers members and cancels registrations.
///
/// Each method is one atomic decision that holds under any concurrency, also with other processes: an occurrence never
/// has more confirmed registrations than seats, and no member ever holds two seats whose times overlap. An
/// acknowledged change is durable; a fault other than `OutcomeUnknown` has changed nothing.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait RegistrationBook: Send + Sync {
    /// Registers a member, with a seat or on the waitlist. A free seat that no waitlisted member can take goes to any
    /// member who can. A waitlisted member who can take it is promoted.
    ///
    /// A key means the occurrence that has it now; if there is none, the one that had it before an edit of the series.
    ///
    /// Refusals: `NotFound` on `occurrenceId` (or `memberId`) for what does not exist; `AlreadyRegistered`;
    /// `EventCancelled`, or `OccurrenceCancelled` for an occurrence that was cancelled by itself; `RegistrationNotOpen`;
    /// `RegistrationClosed`; `OccurrenceFull`; `ScheduleConflict`; `LimitExceeded` above
    /// [`UPCOMING_REGISTRATIONS`](crate::limits::UPCOMING_REGISTRATIONS),
    /// [`WAITLISTED_REGISTRATIONS`](crate::limits::WAITLISTED_REGISTRATIONS) and
    /// [`WAITLIST_LENGTH`](crate::limits::WAITLIST_LENGTH). Of several reasons, the first one of these is
    /// given: the occurrence does not exist, or cannot be stored; the member is registered already; the occurrence does not
    /// admit anybody; the member does not exist; the member has a conflict; the member has too many registrations;
    /// the waitlist is too long.
    async fn register(
        &self,
        scope: &TenantScope,
        request: RegisterRequest,
        change: &Change,
    ) -> Outcome<Registration>;

    /// Cancels a registration, frees the seat and the member's time, and promotes the first waitlisted member whose
    /// time is free, all in one step. The member is promoted where a free seat waits for the time that became free.
    ///
    /// Refusals: `NotFound` on `registrationId`, also for another member's; `AlreadyCancelled`;
    /// `CancellationClosed`.
    async fn cancel(
        &self,
        scope: &TenantScope,
        request: CancelRequest,
        change: &Change,
    ) -> Outcome<Cancelled>;
}
