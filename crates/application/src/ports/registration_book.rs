use async_trait::async_trait;
use convene_domain::{
    id::{MemberId, RegistrationId},
    occurrence::OccurrenceKey,
    registration::Registration,
};

use crate::{caller::TenantScope, change::Change, failure::Outcome};

/// A wish to register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegistrationOrder {
    /// The id that the registration will have.
    pub id: RegistrationId,
    /// For what. The occurrence need not be stored yet, and may be asked for by a key that it had before an edit
    /// of its series.
    pub occurrence: OccurrenceKey,
    /// Who gets the seat.
    pub member: MemberId,
    /// When the occurrence is full, wait for a seat instead of being refused.
    pub join_waitlist: bool,
}

/// A wish to cancel a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CancellationOrder {
    /// Which registration.
    pub registration: RegistrationId,
    /// Only if it is this member's; `None` for an admin, who may cancel anyone's.
    pub of_member: Option<MemberId>,
    /// The caller as a member, to tell an admin's own registration from others'.
    pub caller: MemberId,
}

/// What a cancellation did.
#[derive(Debug, Clone, PartialEq)]
pub struct Cancelled {
    /// The registration, cancelled.
    pub registration: Registration,
    /// The registration that got the free seat, if anyone was waiting whose time was free.
    pub promoted: Option<Registration>,
}

/// Gives out seats and takes them back.
///
/// Each method is one atomic decision that holds under any concurrency, also with other processes: the seats of
/// an occurrence are never exceeded, and no member ever holds two seats whose times overlap. What is
/// acknowledged is durable; a fault other than `OutcomeUnknown` has changed nothing.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait RegistrationBook: Send + Sync {
    /// Registers a member, or puts them into the queue where the order says so. While others wait, a free seat
    /// that they can't take (their time is taken) goes to whoever can.
    ///
    /// What a key stands for by the event's rule goes before what it stood for until an edit of the series.
    ///
    /// Refusals: `NotFound` on `occurrenceId` (or `memberId`) for what does not exist; `AlreadyRegistered`;
    /// `EventCancelled`, or `OccurrenceCancelled` for one that was called off by itself; `RegistrationNotOpen`;
    /// `RegistrationClosed`; `OccurrenceFull`; `ScheduleConflict`; `LimitExceeded` above 1,000 upcoming
    /// registrations of a member. One who is both registered already and would conflict is told
    /// `AlreadyRegistered`.
    async fn register(
        &self,
        scope: &TenantScope,
        order: RegistrationOrder,
        change: &Change,
    ) -> Outcome<Registration>;

    /// Cancels a registration: the seat and the member's time are free again, and the first in the queue whose
    /// time is free moves up, all in one step.
    ///
    /// Refusals: `NotFound` on `registrationId`, also for another member's; `AlreadyCancelled`;
    /// `CancellationClosed`.
    async fn cancel(
        &self,
        scope: &TenantScope,
        order: CancellationOrder,
        change: &Change,
    ) -> Outcome<Cancelled>;
}
