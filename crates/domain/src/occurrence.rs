//! Occurrences of an event.
//!
//! Most occurrences are derived from the rule. An occurrence is stored when somebody registers for it or an organizer
//! edits it; from then on the stored one counts.

use std::{fmt, str::FromStr};

use crate::{
    capacity::Capacity,
    duration::EventDuration,
    event::{Event, EventStatus, RegistrationPolicy},
    id::{EventId, MalformedId},
    recurrence::SeriesOccurrence,
    text::{Location, Title},
    time::{Instant, LocalDateTime, interval::Interval},
};

/// The identity of an occurrence: its event and its original start, to the second.
///
/// Rescheduling an occurrence does not change its key. The text form is the event's id, an underscore and the original
/// start in UTC in the basic form of ISO 8601.
///
/// ```
/// use convene_domain::occurrence::OccurrenceKey;
/// let text = "evt_018f4e6b8c7a7c3e9f5d2b1a0c9e8d7f_20261122T090000Z";
/// let key = OccurrenceKey::parse(text)?;
/// assert_eq!(key.original_start, time::macros::utc_datetime!(2026-11-22 09:00));
/// assert_eq!(key.to_string(), text);
/// # Ok::<(), convene_domain::id::MalformedId>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OccurrenceKey {
    /// The event of the occurrence.
    pub event: EventId,
    /// The start that the event's rule gives it, even after a reschedule.
    pub original_start: Instant,
}

const START_FORMAT: &[time::format_description::BorrowedFormatItem<'static>] =
    time::macros::format_description!("[year][month][day]T[hour][minute][second]Z");

impl OccurrenceKey {
    /// Reads a key.
    ///
    /// # Errors
    /// [`MalformedId`] for any text that [`Display`](fmt::Display) does not write.
    pub fn parse(text: &str) -> Result<Self, MalformedId> {
        let malformed = MalformedId {
            prefix: EventId::PREFIX,
            rest: "32 digits from 0 to f, then its original start in UTC, such as _20261122T090000Z",
        };
        let (event, start) = text.rsplit_once('_').ok_or(malformed)?;
        if start.len() != "20261122T090000Z".len() || !start.is_ascii() {
            return Err(malformed);
        }
        let start = time::PrimitiveDateTime::parse(start, START_FORMAT).map_err(|_| malformed)?;
        let event = EventId::parse(event).map_err(|_| malformed)?;
        Ok(Self { event, original_start: start.as_utc() })
    }
}

impl FromStr for OccurrenceKey {
    type Err = MalformedId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for OccurrenceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = self.original_start.format(START_FORMAT).map_err(|_| fmt::Error)?;
        write!(f, "{}_{start}", self.event)
    }
}

/// The status of an occurrence: scheduled or cancelled.
pub type OccurrenceStatus = EventStatus;

/// The values that an organizer set for one occurrence only. `None` means the value of the event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exception {
    /// The title.
    pub title: Option<Title>,
    /// The location.
    pub location: Option<Location>,
    /// The start, as a local time in the event's zone.
    pub starts_at: Option<LocalDateTime>,
    /// The duration.
    pub duration: Option<EventDuration>,
    /// The number of seats.
    pub capacity: Option<Capacity>,
    /// `true` if the occurrence was cancelled by itself, not together with its event.
    pub cancelled: bool,
}

impl Exception {
    /// Tests whether any value differs from the event.
    #[must_use]
    pub fn is_any(&self) -> bool {
        *self != Self::default()
    }
}

/// The state of a stored occurrence: its status, and its relation to its series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StoredState {
    /// It takes place.
    Scheduled,
    /// It is cancelled, by itself or together with its event.
    Cancelled,
    /// An edit dropped it from its series. It stays stored for its registrations, is not listed and is cancelled.
    Dropped,
    /// A passed exception: dropped only because a shift moved its date into the past, it returns when its date is ahead again.
    /// Its original local start moves with its series; its key is one that no date has.
    Passed,
}

impl StoredState {
    /// The status in this state.
    #[must_use]
    pub const fn status(self) -> OccurrenceStatus {
        match self {
            Self::Scheduled => OccurrenceStatus::Scheduled,
            Self::Cancelled | Self::Dropped | Self::Passed => OccurrenceStatus::Cancelled,
        }
    }
}

impl From<OccurrenceStatus> for StoredState {
    /// The state of an occurrence that its series has.
    fn from(status: OccurrenceStatus) -> Self {
        match status {
            OccurrenceStatus::Scheduled => Self::Scheduled,
            OccurrenceStatus::Cancelled => Self::Cancelled,
        }
    }
}

/// A stored occurrence.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredOccurrence {
    /// The identity.
    pub key: OccurrenceKey,
    /// The original start as a local time in the event's zone. Dates of the rule are matched by it, so that the same
    /// occurrence is found after a new time-zone database moved it to another instant.
    pub original_local: LocalDateTime,
    /// The time at which it takes place.
    pub interval: Interval,
    /// The number of seats.
    pub capacity: Capacity,
    /// The number of confirmed registrations.
    pub taken: u32,
    /// The number of waitlisted registrations.
    pub waiting: u32,
    /// The state.
    pub state: StoredState,
    /// The values that the organizer set for it only.
    pub exception: Exception,
    /// The number of changes, not counting registrations.
    pub version: u32,
    /// The time of the last change of its exception; `None` as long as it is only what its rule gives.
    pub updated_at: Option<Instant>,
}

impl StoredOccurrence {
    /// The status.
    #[must_use]
    pub const fn status(&self) -> OccurrenceStatus {
        self.state.status()
    }

    /// Tests whether an edit dropped it from its series.
    #[must_use]
    pub const fn is_dropped(&self) -> bool {
        matches!(self.state, StoredState::Dropped | StoredState::Passed)
    }

    /// Tests for a [passed exception](StoredState::Passed).
    #[must_use]
    pub const fn has_passed(&self) -> bool {
        matches!(self.state, StoredState::Passed)
    }

    /// Tests whether it has a confirmed or waitlisted registration.
    #[must_use]
    pub const fn is_held(&self) -> bool {
        self.taken > 0 || self.waiting > 0
    }

    /// Tests whether it is stored for nothing but its version: without it, its rule would give it a lower one.
    #[must_use]
    pub fn is_for_version(&self) -> bool {
        self.version > 1 && !self.exception.is_any() && !self.is_held()
    }

    /// The occurrence that is derived from the event, as it is materialized.
    #[must_use]
    pub fn from_rule(event: &Event, origin: SeriesOccurrence) -> Self {
        Self {
            key: OccurrenceKey { event: event.id, original_start: origin.start },
            original_local: origin.local,
            interval: event.interval_of(origin),
            capacity: event.capacity_at(origin.start),
            taken: 0,
            waiting: 0,
            state: event.status_at(origin.start).into(),
            exception: Exception::default(),
            version: 1,
            updated_at: None,
        }
    }
}

/// The occurrence that a key denotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolved<S> {
    /// A stored occurrence.
    Stored(S),
    /// A date of the event's series that is not stored.
    Derived(SeriesOccurrence),
}

impl OccurrenceKey {
    /// Resolves the key: it denotes the stored occurrence that has it, else the date of `event` that has it, else the stored
    /// occurrence that had it before an edit.
    ///
    /// `stored` are the occurrences that have or had the key, with their present keys; `event` is the event of the key.
    pub fn resolve<S>(
        self,
        event: Option<&Event>,
        stored: impl IntoIterator<Item = (OccurrenceKey, S)>,
    ) -> Option<Resolved<S>> {
        let mut former = None;
        for (key, occurrence) in stored {
            if key == self {
                return Some(Resolved::Stored(occurrence));
            }
            former = former.or(Some(occurrence));
        }
        let derived = event.and_then(|event| event.occurrence_at(self.original_start));
        derived.map(Resolved::Derived).or(former.map(Resolved::Stored))
    }
}

/// The state of registration for an occurrence: open, or the reason why it is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RegistrationState {
    /// Members can register.
    Open,
    /// Registration opens later.
    NotYetOpen,
    /// Registration has closed, or the occurrence has begun.
    Closed,
    /// No seat is free.
    Full,
    /// The occurrence is cancelled.
    Cancelled,
}

/// An occurrence with the values that it takes from its event.
#[derive(Debug, Clone, PartialEq)]
pub struct Occurrence {
    /// The identity.
    pub key: OccurrenceKey,
    /// The original start as a local time in the event's zone.
    pub original_local: LocalDateTime,
    /// The time at which it takes place.
    pub interval: Interval,
    /// The title.
    pub title: Title,
    /// The location.
    pub location: Location,
    /// The number of seats.
    pub capacity: Capacity,
    /// The number of confirmed registrations.
    pub taken: u32,
    /// The number of waitlisted registrations.
    pub waiting: u32,
    /// The status.
    pub status: OccurrenceStatus,
    /// `true` if an organizer rescheduled, resized, renamed or cancelled it by itself.
    pub is_exception: bool,
    /// The times within which members can register and cancel.
    pub policy: RegistrationPolicy,
    /// The number of changes of the occurrence itself, from 1, not counting registrations. A change of an outdated version is
    /// refused.
    pub version: u32,
    /// The time of the last change of its exception; `None` as long as it is only what its rule gives.
    pub updated_at: Option<Instant>,
}

impl Occurrence {
    /// The occurrence that is derived from the event.
    #[must_use]
    pub fn untouched(event: &Event, origin: SeriesOccurrence) -> Self {
        Self::stored(event, &StoredOccurrence::from_rule(event, origin))
    }

    /// The stored occurrence.
    #[must_use]
    pub fn stored(event: &Event, stored: &StoredOccurrence) -> Self {
        let start = stored.interval.start();
        Self {
            key: stored.key,
            original_local: stored.original_local,
            interval: stored.interval,
            title: stored.exception.title.clone().unwrap_or_else(|| event.title_at(start).clone()),
            location: stored.exception.location.clone().unwrap_or_else(|| event.location_at(start).clone()),
            capacity: stored.capacity,
            taken: stored.taken,
            waiting: stored.waiting,
            status: stored.status(),
            is_exception: stored.exception.is_any(),
            policy: event.policy,
            version: stored.version,
            updated_at: stored.updated_at,
        }
    }
}
