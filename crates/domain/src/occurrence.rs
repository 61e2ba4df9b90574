//! Single occurrences of an event.
//!
//! Most occurrences exist only as a rule. One is stored when somebody registers for it or an organizer changes
//! it; from then on what is stored counts.

use std::fmt;

use crate::{
    capacity::Capacity,
    duration::EventDuration,
    event::{Event, EventStatus, RegistrationPolicy},
    id::{EventId, MalformedId},
    recurrence::SeriesOccurrence,
    text::{Location, Title},
    time::{Instant, LocalDateTime, interval::Interval},
};

/// Identifies an occurrence: its event and when it originally starts, to the second.
///
/// Moving an occurrence does not change its key. As text it is the event's id, an underscore and the original
/// start in UTC in ISO 8601's basic form.
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
    /// The event that the occurrence belongs to.
    pub event: EventId,
    /// When it begins by the event's rule, whatever became of it since.
    pub original_start: Instant,
}

const START_FORMAT: &[time::format_description::BorrowedFormatItem<'static>] =
    time::macros::format_description!("[year][month][day]T[hour][minute][second]Z");

impl OccurrenceKey {
    /// Reads a key.
    ///
    /// # Errors
    /// [`MalformedId`] for any text but the one that [`Display`](fmt::Display) gives.
    pub fn parse(text: &str) -> Result<Self, MalformedId> {
        let malformed = MalformedId { prefix: EventId::PREFIX };
        let (event, start) = text.rsplit_once('_').ok_or(malformed)?;
        if start.len() != "20261122T090000Z".len() || !start.is_ascii() {
            return Err(malformed);
        }
        let start = time::PrimitiveDateTime::parse(start, START_FORMAT).map_err(|_| malformed)?;
        Ok(Self { event: EventId::parse(event)?, original_start: start.as_utc() })
    }
}

impl fmt::Display for OccurrenceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = self.original_start.format(START_FORMAT).map_err(|_| fmt::Error)?;
        write!(f, "{}_{start}", self.event)
    }
}

/// Whether an occurrence takes place.
pub type OccurrenceStatus = EventStatus;

/// What an organizer set for one occurrence only; what is `None` comes from the event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exception {
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
    /// Whether it was called off by itself.
    pub cancelled: bool,
}

impl Exception {
    /// Whether anything differs from the event.
    #[must_use]
    pub fn is_any(&self) -> bool {
        *self != Self::default()
    }
}

/// An occurrence that somebody touched, as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredOccurrence {
    /// Its identity.
    pub key: OccurrenceKey,
    /// The original start as a wall-clock time in the event's zone. What the rule gives is matched by it, so
    /// that a new time-zone database finds the same occurrence at another instant.
    pub original_local: LocalDateTime,
    /// When it takes place.
    pub interval: Interval,
    /// How many seats it has.
    pub capacity: Capacity,
    /// How many seats are taken.
    pub taken: u32,
    /// How many wait for a seat.
    pub waiting: u32,
    /// Whether it takes place.
    pub status: OccurrenceStatus,
    /// What the organizer set for it alone.
    pub exception: Exception,
    /// Counts the changes of its time and status, not those of its seats.
    pub version: u32,
}

/// Whether, and why not, a member can register for an occurrence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RegistrationState {
    /// Yes.
    Open,
    /// It opens later.
    NotYetOpen,
    /// It has closed, or the occurrence has begun.
    Closed,
    /// No seat is free.
    Full,
    /// It does not take place.
    Cancelled,
}

/// An occurrence as people see it: the event, with what the occurrence has of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Occurrence {
    /// Its identity.
    pub key: OccurrenceKey,
    /// The original start as a wall-clock time in the event's zone.
    pub original_local: LocalDateTime,
    /// When it takes place.
    pub interval: Interval,
    /// What it is called.
    pub title: Title,
    /// Where it takes place.
    pub location: Location,
    /// How many seats it has.
    pub capacity: Capacity,
    /// How many seats are taken.
    pub taken: u32,
    /// How many wait for a seat.
    pub waiting: u32,
    /// Whether it takes place.
    pub status: OccurrenceStatus,
    /// Whether an organizer moved, resized, renamed or cancelled it by itself.
    pub is_exception: bool,
    /// When members may register and cancel.
    pub policy: RegistrationPolicy,
}

impl Occurrence {
    /// The occurrence that the event's rule gives, while nobody has touched it.
    #[must_use]
    pub fn untouched(event: &Event, origin: SeriesOccurrence) -> Self {
        Self {
            key: OccurrenceKey { event: event.id, original_start: origin.start },
            original_local: origin.local,
            interval: event.interval_from(origin.start),
            title: event.title.clone(),
            location: event.location.clone(),
            capacity: event.capacity,
            taken: 0,
            waiting: 0,
            status: event.status,
            is_exception: false,
            policy: event.policy,
        }
    }

    /// The occurrence that is stored.
    #[must_use]
    pub fn stored(event: &Event, stored: &StoredOccurrence) -> Self {
        Self {
            key: stored.key,
            original_local: stored.original_local,
            interval: stored.interval,
            title: stored.exception.title.clone().unwrap_or_else(|| event.title.clone()),
            location: stored.exception.location.clone().unwrap_or_else(|| event.location.clone()),
            capacity: stored.capacity,
            taken: stored.taken,
            waiting: stored.waiting,
            status: stored.status,
            is_exception: stored.exception.is_any(),
            policy: event.policy,
        }
    }
}
