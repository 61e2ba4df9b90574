use async_trait::async_trait;
use convene_domain::{
    id::{EventId, OrganizationId},
    time::Instant,
};

use crate::{
    caller::TenantScope,
    change::Change,
    failure::{Fault, Outcome},
};

/// An event with stored occurrences ahead that do not have the times of its dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct OutdatedEvent {
    pub organization: OrganizationId,
    pub event: EventId,
}

/// What a realignment of events has moved.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RealignedEvents {
    /// The events with occurrences that moved.
    pub events: Vec<EventId>,
    /// The number of registrations, waitlisted ones included, whose start or end changed with their occurrence.
    pub registrations: u32,
}

/// The stored occurrences whose times an update of the time-zone database has changed.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Realignment: Send + Sync {
    /// The events of all organizations, suspended ones included, that have occurrences without
    /// current times (`editing::has_current_times`), in the order of their ids. Nothing need be known of documents that
    /// cannot be read.
    async fn outdated(&self, now: Instant) -> Result<Vec<OutdatedEvent>, Fault>;

    /// Gives the stored occurrences of events the times of their dates, with the registrations for them, as an edit of each event
    /// does that changes nothing else, but all together: seats are compared with the new times of all of them, and members are
    /// promoted when all have moved. An event whose occurrences have these times is not changed, and nothing is logged for it.
    /// Unknown events are left out.
    ///
    /// Refusals, which leave all of them as they are: `RegistrationsAffected` if a member would lose a seat, or a place on a
    /// waitlist; `CapacityBelowRegistrations`; `LimitExceeded` if too many registrations follow; `OrganizationSuspended` if
    /// the organization is gone.
    async fn realign(
        &self,
        scope: &TenantScope,
        events: Vec<EventId>,
        change: &Change,
    ) -> Outcome<RealignedEvents>;

    /// The version of the time-zone database that was recorded last.
    async fn recorded_version(&self) -> Result<Option<String>, Fault>;

    /// Records that all stored occurrences have the times of this version of the time-zone database. It replaces an earlier record.
    async fn record_version(&self, version: &str, now: Instant) -> Result<(), Fault>;

    /// Tests whether any organization has a stored occurrence.
    async fn has_occurrences(&self) -> Result<bool, Fault>;
}
