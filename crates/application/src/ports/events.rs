use async_trait::async_trait;
use convene_domain::{
    capacity::Capacity,
    duration::{EventDuration, LeadTime},
    event::{Event, EventStatus},
    id::EventId,
    occurrence::{Occurrence, OccurrenceKey},
    recurrence::Rule,
    text::{Description, Location, SearchText, Title},
    time::{LocalDateTime, zone::Zone},
};

use crate::{
    caller::TenantScope,
    change::Change,
    failure::{Fault, Outcome},
    page::{Page, PageRequest},
};

/// Which events are wanted; `None` asks nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventFilter {
    /// Those with this text in title or description, whatever its case.
    pub search: Option<SearchText>,
    /// Those of this status.
    pub status: Option<EventStatus>,
    /// Those that repeat, or those that do not.
    pub recurring: Option<bool>,
}

/// The recurrence that an edit gives an event.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRecurrence {
    /// The rule.
    pub rule: Rule,
    /// Wall-clock starts that the rule gives but that do not take place.
    pub exdates: Vec<LocalDateTime>,
    /// Wall-clock starts that take place beside the rule.
    pub rdates: Vec<LocalDateTime>,
}

/// What to change of an event; `None` stays as it is, `Some(None)` clears.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EventPatch {
    /// A new title.
    pub title: Option<Title>,
    /// A new description.
    pub description: Option<Description>,
    /// A new place.
    pub location: Option<Location>,
    /// A new zone: wall-clock times stay, instants move.
    pub time_zone: Option<Zone>,
    /// A new first start.
    pub starts_at: Option<LocalDateTime>,
    /// A new duration.
    pub duration: Option<EventDuration>,
    /// A new recurrence; `Some(None)` leaves a one-off event.
    pub recurrence: Option<Option<NewRecurrence>>,
    /// A new number of seats.
    pub capacity: Option<Capacity>,
    /// When registration opens.
    pub registration_opens: Option<Option<LeadTime>>,
    /// When registration closes.
    pub registration_closes: Option<Option<LeadTime>>,
    /// Until when members may cancel.
    pub cancellation_closes: Option<Option<LeadTime>>,
}

/// Which part of a series an edit changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EditScope {
    /// The whole series, as far as it has not begun.
    All,
    /// This occurrence and all after it, which become an event of their own.
    ThisAndFollowing {
        /// The first occurrence of the new event.
        from: OccurrenceKey,
        /// The new event's id.
        new_event: EventId,
    },
}

/// What happens to registrations that an edit would drop, or move onto another seat of the same member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnAffected {
    /// The edit is refused and says whom it affects.
    #[default]
    Refuse,
    /// They are cancelled, each with its reason.
    CancelRegistrations,
}

/// An edit of an event.
#[derive(Debug, Clone, PartialEq)]
pub struct EventEdit {
    /// Which event.
    pub event: EventId,
    /// The version that the edit was made for; `None` for whatever there is.
    pub expected_version: Option<u32>,
    /// Which part of the series.
    pub scope: EditScope,
    /// What to change.
    pub patch: EventPatch,
    /// What happens to registrations in the way.
    pub on_affected: OnAffected,
}

/// What to change of one occurrence; `None` stays as it is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OccurrencePatch {
    /// Its own title.
    pub title: Option<Title>,
    /// Its own place.
    pub location: Option<Location>,
    /// Its own start, as a wall-clock time in the event's zone.
    pub starts_at: Option<LocalDateTime>,
    /// Its own duration.
    pub duration: Option<EventDuration>,
    /// Its own number of seats.
    pub capacity: Option<Capacity>,
}

/// An edit of one occurrence.
#[derive(Debug, Clone, PartialEq)]
pub struct OccurrenceEdit {
    /// Which occurrence.
    pub occurrence: OccurrenceKey,
    /// What to change.
    pub patch: OccurrencePatch,
    /// What happens to registrations in the way.
    pub on_affected: OnAffected,
}

/// What a change left, and what it cost.
#[derive(Debug, Clone, PartialEq)]
pub struct Changed<T> {
    /// What it is now.
    pub now: T,
    /// How many seats and places in queues were cancelled.
    pub cancelled_registrations: u32,
}

/// Keeps an organization's events, and what organizers do to them.
///
/// Every method that changes the time, the seats or the existence of occurrences is atomic with all
/// registrations it touches, and safe against registrations made at the same time: a registration is either
/// seen by it, or made for what it left.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Events: Send + Sync {
    /// Stores a new event; a one-off event's occurrence is stored with it.
    async fn create(&self, scope: &TenantScope, event: Event, change: &Change) -> Outcome<Event>;

    /// The events with these ids, in any order.
    async fn get_many(&self, scope: &TenantScope, ids: &[EventId]) -> Result<Vec<Event>, Fault>;

    /// The events that pass the filter, by id (the order in which they were created).
    async fn list(
        &self,
        scope: &TenantScope,
        filter: EventFilter,
        page: PageRequest<EventId>,
    ) -> Result<Page<Event>, Fault>;

    /// Edits an event; with `ThisAndFollowing` the answer is the new event. What has begun stays as it was. A
    /// patch that changes nothing is not logged and leaves the version.
    ///
    /// Refusals: `NotFound` on `eventId` or `fromOccurrenceId`; `VersionConflict`; `EventCancelled`;
    /// `InvalidInput` for a recurrence that does not go with the start; `CapacityBelowRegistrations`;
    /// `RegistrationsAffected`; `LimitExceeded` above 10,000 held seats.
    async fn update(&self, scope: &TenantScope, edit: EventEdit, change: &Change) -> Outcome<Changed<Event>>;

    /// Calls an event off: every occurrence that has not begun is cancelled, with all registrations for it.
    ///
    /// Refusals: `NotFound` on `eventId`; `AlreadyCancelled`; `LimitExceeded` above 10,000 held seats.
    async fn cancel(&self, scope: &TenantScope, id: EventId, change: &Change) -> Outcome<Changed<Event>>;

    /// Deletes an event, its occurrences and the cancelled registrations for them.
    ///
    /// Refusals: `NotFound` on `eventId`; `RegistrationsAffected` while anyone holds a seat or waits for one.
    async fn delete(&self, scope: &TenantScope, id: EventId, change: &Change) -> Outcome<EventId>;

    /// Edits one occurrence, which becomes an exception of its series.
    ///
    /// Refusals: `NotFound` on `occurrenceId`; `OccurrenceCancelled`; `InvalidInput` for what has begun or
    /// would begin in the past; `CapacityBelowRegistrations`; `RegistrationsAffected`.
    async fn update_occurrence(
        &self,
        scope: &TenantScope,
        edit: OccurrenceEdit,
        change: &Change,
    ) -> Outcome<Changed<Occurrence>>;

    /// Calls one occurrence off, with all registrations for it.
    ///
    /// Refusals: `NotFound` on `occurrenceId`; `AlreadyCancelled`; `LimitExceeded` above 10,000 held seats.
    async fn cancel_occurrence(
        &self,
        scope: &TenantScope,
        key: OccurrenceKey,
        change: &Change,
    ) -> Outcome<Changed<Occurrence>>;
}
