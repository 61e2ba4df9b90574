use std::sync::Arc;

use async_trait::async_trait;
use convene_domain::{
    capacity::Capacity,
    duration::{EventDuration, LeadTime},
    event::{Event, EventStatus},
    id::EventId,
    occurrence::{Occurrence, OccurrenceKey},
    recurrence::Rule,
    registration::Registration,
    text::{Description, FoldedText, Location, SearchText, Title},
    time::{Instant, LocalDateTime, zone::Zone},
};
use time::Date;

use crate::{
    caller::TenantScope,
    catalogue::Replica,
    change::Change,
    failure::{Fault, Outcome},
    page::{BoundedPage, PageRequest, any_order},
};

/// The filter of a list of events; `None` matches everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventFilter {
    /// A text in the title or the description, regardless of case and accents.
    pub search: Option<SearchText>,
    pub status: Option<EventStatus>,
    /// Recurring or one-off events only.
    pub recurring: Option<bool>,
    /// With an occurrence by their rule that ends after this time.
    pub from: Option<Instant>,
    /// With an occurrence by their rule that begins before this time; if both are set, one that overlaps the period.
    pub to: Option<Instant>,
}

/// The field by which a list of events is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum EventOrderField {
    /// The creation, which their ids tell.
    #[default]
    CreatedAt,
    /// The start of the first occurrence.
    StartsAt,
    /// The title, regardless of case and accents.
    Title,
}

/// The position of an event in lists, for each order: the value of the field, then the id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventPosition {
    CreatedAt(EventId),
    StartsAt(Instant, EventId),
    /// With the folded title.
    Title(String, EventId),
}

any_order!(EventPosition, by EventOrderField);

impl EventPosition {
    /// The position of an event in the list that is sorted by this field.
    #[must_use]
    pub fn of(event: &Event, field: EventOrderField) -> Self {
        match field {
            EventOrderField::CreatedAt => Self::CreatedAt(event.id),
            EventOrderField::StartsAt => Self::StartsAt(event.first_start(), event.id),
            EventOrderField::Title => {
                Self::Title(FoldedText::of(event.title.as_str()).into_string(), event.id)
            }
        }
    }
}

impl EventFilter {
    /// Tests the conditions except the search, and the period by the first start and the last end of the event alone.
    #[must_use]
    pub fn may_match(&self, event: &Event) -> bool {
        self.status.is_none_or(|wanted| event.status == wanted)
            && self.recurring.is_none_or(|wanted| event.series.is_recurring() == wanted)
            && self.to.is_none_or(|to| event.first_start() < to)
            && self.from.is_none_or(|from| event.last_end().is_none_or(|end| end > from))
    }

    /// Tests whether the event has an occurrence in the period.
    #[must_use]
    pub fn covers(&self, event: &Event) -> bool {
        (self.from.is_none() && self.to.is_none())
            || event.takes_place(self.from.unwrap_or(Instant::MIN), self.to.unwrap_or(Instant::MAX))
    }
}

/// The recurrence of a patch.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRecurrence {
    pub rule: Rule,
    /// Excluded local starts.
    pub exdates: Vec<LocalDateTime>,
    /// Added local starts.
    pub rdates: Vec<LocalDateTime>,
}

/// A patch of an event: `None` keeps a value, `Some(None)` clears it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EventPatch {
    pub title: Option<Title>,
    pub description: Option<Description>,
    pub location: Option<Location>,
    /// The zone; local times stay, instants change.
    pub time_zone: Option<Zone>,
    pub starts_at: Option<LocalDateTime>,
    pub duration: Option<EventDuration>,
    /// The local end of the first occurrence, instead of the duration.
    pub ends_at: Option<LocalDateTime>,
    /// Whole days, instead of a start and a duration.
    pub days: Option<DaysPatch>,
    /// The recurrence; `Some(None)` makes the event one-off.
    pub recurrence: Option<Option<NewRecurrence>>,
    pub capacity: Option<Capacity>,
    pub registration_opens: Option<Option<LeadTime>>,
    pub registration_closes: Option<Option<LeadTime>>,
    pub cancellation_closes: Option<Option<LeadTime>>,
}

/// A patch of an event by whole days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DaysPatch {
    /// `true` makes it an event of whole days, `false` an event with a time of day; `None` keeps what it is.
    pub all_day: Option<bool>,
    /// The first day of the first occurrence.
    pub starts_on: Option<Date>,
    /// The last day of the first occurrence.
    pub ends_on: Option<Date>,
}

/// The part of a series that an edit changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EditScope {
    /// All occurrences that have not begun.
    All,
    /// This and all following occurrences, which become a new event.
    ThisAndFollowing {
        /// The first occurrence of the new event.
        from: OccurrenceKey,
        /// The new event's id.
        new_event: EventId,
    },
}

/// The treatment of registrations that an edit would drop, or reschedule into a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnAffected {
    /// The edit is refused, and the refusal lists the affected registrations.
    #[default]
    Refuse,
    /// The registrations are cancelled with a reason.
    CancelRegistrations,
}

/// An edit of an event.
#[derive(Debug, Clone, PartialEq)]
pub struct EventEdit {
    pub event: EventId,
    /// The expected version; `None` accepts any version.
    pub expected_version: Option<u32>,
    pub scope: EditScope,
    pub patch: EventPatch,
    /// The treatment of affected registrations.
    pub on_affected: OnAffected,
}

/// A patch of one occurrence; `None` keeps a value.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OccurrencePatch {
    /// The expected version; `None` accepts any version.
    pub expected_version: Option<u32>,
    pub title: Option<Title>,
    pub location: Option<Location>,
    /// The local start in the event's zone.
    pub starts_at: Option<LocalDateTime>,
    pub duration: Option<EventDuration>,
    /// The local end in the event's zone, instead of the duration.
    pub ends_at: Option<LocalDateTime>,
    pub capacity: Option<Capacity>,
}

/// An edit of one occurrence.
#[derive(Debug, Clone, PartialEq)]
pub struct OccurrenceEdit {
    pub occurrence: OccurrenceKey,
    pub patch: OccurrencePatch,
    /// The treatment of affected registrations.
    pub on_affected: OnAffected,
}

/// A value that an occurrence can have of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OccurrenceField {
    Title,
    Location,
    StartsAt,
    Duration,
    Capacity,
    /// Its own cancellation.
    Status,
}

/// A cancellation of one occurrence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OccurrenceCancellation {
    pub occurrence: OccurrenceKey,
    /// The version on which the change is based; another one is a conflict.
    pub expected_version: Option<u32>,
}

impl From<OccurrenceKey> for OccurrenceCancellation {
    /// Cancels the occurrence in any version.
    fn from(occurrence: OccurrenceKey) -> Self {
        Self { occurrence, expected_version: None }
    }
}

/// The restoration of an occurrence: it gets the values of its series again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OccurrenceRestoration {
    pub occurrence: OccurrenceKey,
    /// The values of its own that are removed; all if none is named.
    pub fields: Vec<OccurrenceField>,
    /// The expected version; `None` accepts any version.
    pub expected_version: Option<u32>,
    /// The treatment of affected registrations.
    pub on_affected: OnAffected,
}

/// The result of a change.
#[derive(Debug, Clone, PartialEq)]
pub struct Changed<T> {
    /// The object after the change.
    pub now: T,
    /// The number of cancelled registrations, waitlisted ones included.
    pub cancelled_registrations: u32,
    /// The number of registrations, waitlisted ones included, whose start or end changed with their occurrence.
    pub moved_registrations: u32,
    /// The number of registrations that the change promoted from waitlists, also of other events.
    pub promoted_registrations: u32,
    /// The number of registrations that later steps of a large change will cancel; 0 if it is complete.
    pub remaining_registrations: u32,
    /// The exceptions that the edit dropped from its series, as they were; at most
    /// [`DROPPED_EXCEPTIONS`](crate::limits::DROPPED_EXCEPTIONS).
    pub dropped_exceptions: Vec<Occurrence>,
}

impl<T> Changed<T> {
    /// The result of a change that is complete and moved no registration.
    #[must_use]
    pub const fn complete(now: T, cancelled_registrations: u32, promoted_registrations: u32) -> Self {
        Self {
            now,
            cancelled_registrations,
            moved_registrations: 0,
            promoted_registrations,
            remaining_registrations: 0,
            dropped_exceptions: Vec::new(),
        }
    }
}

/// A copy of an event.
#[derive(Debug, Clone, PartialEq)]
pub struct Duplication {
    /// The original.
    pub event: EventId,
    /// The id of the copy.
    pub copy: EventId,
    /// The title of the copy; `None` keeps that of the original.
    pub title: Option<Title>,
    /// The start of the first occurrence of the copy; `None` keeps that of the original.
    pub start: Option<NewStart>,
}

/// The start of the first occurrence of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewStart {
    /// A local time.
    At(LocalDateTime),
    /// The first day of an event of whole days.
    On(Date),
}

/// The result of restoring an event.
#[derive(Debug, Clone, PartialEq)]
pub struct EventRestored {
    /// The event after the change.
    pub event: Event,
    /// The registrations that the cancellation took from present members, for occurrences that take place again, by start; at
    /// most [`LISTED_REGISTRATIONS`](crate::limits::LISTED_REGISTRATIONS) of the first
    /// [`EXAMINED_REGISTRATIONS`](crate::limits::EXAMINED_REGISTRATIONS). A removed member cannot register again.
    pub former_registrations: Vec<Registration>,
}

/// The result of deleting an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventDeleted {
    pub id: EventId,
    /// The number of cancelled registrations that later steps of a large deletion will delete; 0 if it is complete.
    pub remaining_registrations: u32,
}

/// Stores the events of an organization and edits of their occurrences.
///
/// Every method that changes the time, the seats or the existence of occurrences is atomic with all registrations that
/// it touches. A concurrent registration is either considered by the change, or made for the result of the change. Large
/// cancellations and deletions are carried out in [steps](crate::ports::Jobs): the occurrences are cancelled at once, and
/// their registrations afterwards. A repeat with the same key continues the steps and returns the progress.
///
/// A change that frees a seat or a member's time promotes waitlisted members: afterwards, no seat of an upcoming occurrence
/// is free while a waitlisted member could take it.
///
/// Cancelled registrations keep the occurrence and the time that they recorded. An upcoming occurrence that was only
/// materialized by a registration, and has none any more, is derived again by an edit of its event.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Events: Send + Sync {
    /// Stores a new event; a one-off event's occurrence is stored with it.
    async fn create(&self, scope: &TenantScope, event: Event, change: &Change) -> Outcome<Event>;

    /// The events with these ids, in any order.
    async fn get_many(&self, scope: &TenantScope, ids: &[EventId]) -> Result<Vec<Event>, Fault>;

    /// The events that match the filter, in the order of the page.
    ///
    /// A list with a search or a period may end before the page is full, as the limits say. An event that `held` has in the
    /// stored version need not be read.
    async fn list(
        &self,
        scope: &TenantScope,
        filter: EventFilter,
        page: PageRequest<EventPosition>,
        held: Option<Arc<Replica>>,
    ) -> Result<BoundedPage<Arc<Event>, EventPosition>, Fault>;

    /// The number of events that match the filter, up to [`COUNTED`](crate::limits::COUNTED); `None` beyond, and if a search or a
    /// period has more to examine than for one page, or if both are given.
    async fn count(&self, scope: &TenantScope, filter: EventFilter) -> Result<Option<u32>, Fault>;

    /// Edits an event; with `ThisAndFollowing` it returns the new event. Occurrences that have begun do not change. A
    /// patch that changes nothing is not logged and keeps the version.
    ///
    /// Refusals: `NotFound` on `eventId` or `fromOccurrenceId`; `VersionConflict`; `EventCancelled`;
    /// `InvalidInput` for a recurrence that does not match the start, and for dates and times of an event that is over;
    /// `CapacityBelowRegistrations`; `RegistrationsAffected`; `LimitExceeded` if more than [`EDITED_REGISTRATIONS`](crate::limits::EDITED_REGISTRATIONS)
    /// active registrations stay and follow. An adapter may also refuse an edit that frees the time of members who are on more than
    /// [`EXAMINED_WAITLISTS`](crate::limits::EXAMINED_WAITLISTS) waitlists.
    async fn update(&self, scope: &TenantScope, edit: EventEdit, change: &Change) -> Outcome<Changed<Event>>;

    /// Cancels an event: every occurrence that has not begun is cancelled, with all registrations for it.
    ///
    /// Refusals: `NotFound` on `eventId`; `AlreadyCancelled`.
    async fn cancel(&self, scope: &TenantScope, id: EventId, change: &Change) -> Outcome<Changed<Event>>;

    /// Restores a cancelled event, with the occurrences that were cancelled together with it and have not begun. The
    /// registrations that the cancellation took do not return.
    ///
    /// Refusals: `NotFound` on `eventId`; `NotCancelled`; `LimitExceeded` for too many earlier schedules.
    async fn restore(&self, scope: &TenantScope, id: EventId, change: &Change) -> Outcome<EventRestored>;

    /// Creates a copy of an event without its registrations and exceptions, with its dates moved to the new start. The copy is
    /// scheduled.
    ///
    /// Refusals: `NotFound` on `eventId`; `InvalidInput` on `startsAt` or `startsOn` for a start to which the dates cannot
    /// move.
    async fn duplicate(
        &self,
        scope: &TenantScope,
        duplication: Duplication,
        change: &Change,
    ) -> Outcome<Event>;

    /// Deletes an event, its occurrences and the cancelled registrations for them. Until a large deletion is complete, the
    /// event is shown as cancelled and can't be changed.
    ///
    /// Refusals: `NotFound` on `eventId`; `RegistrationsAffected` while the event has active registrations.
    async fn delete(&self, scope: &TenantScope, id: EventId, change: &Change) -> Outcome<EventDeleted>;

    /// Edits one occurrence, which becomes an exception.
    ///
    /// Refusals: `NotFound` on `occurrenceId`; `OccurrenceCancelled`; `InvalidInput` for an occurrence that has begun or
    /// would begin in the past; `CapacityBelowRegistrations`; `RegistrationsAffected`; `LimitExceeded` above
    /// [`EDITED_REGISTRATIONS`](crate::limits::EDITED_REGISTRATIONS) active registrations.
    async fn update_occurrence(
        &self,
        scope: &TenantScope,
        edit: OccurrenceEdit,
        change: &Change,
    ) -> Outcome<Changed<Occurrence>>;

    /// Cancels one occurrence and all registrations for it.
    ///
    /// Refusals: `NotFound` on `occurrenceId`; `VersionConflict`; `AlreadyCancelled`.
    async fn cancel_occurrence(
        &self,
        scope: &TenantScope,
        cancellation: OccurrenceCancellation,
        change: &Change,
    ) -> Outcome<Changed<Occurrence>>;

    /// Gives an occurrence values of its series again: a cancelled one takes place, one with values of its own is like the
    /// others. Registrations follow it to its time; those that its cancellation took do not return. It keeps its version
    /// count.
    ///
    /// Refusals: `NotFound` on `occurrenceId`; `VersionConflict`; `EventCancelled`; `NotCancelled` if nothing is to be
    /// restored; `InvalidInput` for an occurrence that has begun, that its series does not have, or whose start in the series
    /// has passed (on `fields` if they are named); `CapacityBelowRegistrations`; `RegistrationsAffected`; `LimitExceeded` above
    /// [`EDITED_REGISTRATIONS`](crate::limits::EDITED_REGISTRATIONS) active registrations.
    async fn restore_occurrence(
        &self,
        scope: &TenantScope,
        restoration: OccurrenceRestoration,
        change: &Change,
    ) -> Outcome<Changed<Occurrence>>;
}
