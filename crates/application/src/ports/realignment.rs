use async_trait::async_trait;
use convene_domain::{
    event::Event,
    id::{EventId, OrganizationId},
    time::Instant,
};

use crate::{
    caller::TenantScope,
    change::Change,
    failure::{Fault, Outcome},
    ports::Changed,
};

/// An event with stored occurrences ahead that do not have the times of its dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct OutdatedEvent {
    pub organization: OrganizationId,
    pub event: EventId,
}

/// The stored occurrences whose times an update of the time-zone database has changed.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Realignment: Send + Sync {
    /// The events of all organizations, suspended ones included, that have occurrences without
    /// current times (`editing::has_current_times`), in the order of their ids. Nothing need be known of documents that
    /// cannot be read.
    async fn outdated(&self, now: Instant) -> Result<Vec<OutdatedEvent>, Fault>;

    /// Gives the stored occurrences of an event the times of their dates, with the registrations for them, as an edit of the event
    /// does that changes nothing else. If they have them, nothing is changed and nothing is logged.
    ///
    /// Refusals: `NotFound` on `eventId`; `RegistrationsAffected` if a member would lose a seat, or a place on a waitlist;
    /// `CapacityBelowRegistrations`; `LimitExceeded` if too many registrations follow.
    async fn realign(&self, scope: &TenantScope, event: EventId, change: &Change) -> Outcome<Changed<Event>>;
}
