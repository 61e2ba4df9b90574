//! Events: one-off or recurring.

use crate::{
    capacity::Capacity,
    duration::{EventDuration, LeadTime},
    id::EventId,
    recurrence::Series,
    text::{Description, Location, Title},
    time::{Instant, interval::Interval},
};

/// Whether an event takes place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventStatus {
    /// It does.
    Scheduled,
    /// It was called off, every occurrence of it that had not begun.
    Cancelled,
}

impl EventStatus {
    /// The status' name in the API and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "SCHEDULED",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// Reads what [`as_str`](Self::as_str) gives.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Scheduled, Self::Cancelled].into_iter().find(|status| status.as_str() == text)
    }
}

/// When members may register for an occurrence, and until when they may cancel, as times before its start.
///
/// ```
/// use convene_domain::{duration::LeadTime, event::RegistrationPolicy};
/// use time::{Duration, macros::utc_datetime};
///
/// let start = utc_datetime!(2027-03-01 09:00);
/// let policy = RegistrationPolicy {
///     opens: Some(LeadTime::new(Duration::days(7))?),
///     ..RegistrationPolicy::default()
/// };
/// assert_eq!(policy.opens_at(start), Some(utc_datetime!(2027-02-22 09:00)));
/// assert_eq!(policy.closes_at(start), start);
/// # Ok::<(), convene_domain::duration::DurationProblem>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RegistrationPolicy {
    /// How long before the start registration opens; none: at once.
    pub opens: Option<LeadTime>,
    /// How long before the start registration closes; none: at the start.
    pub closes: Option<LeadTime>,
    /// How long before the start a member may still cancel; none: until the start.
    pub cancellation_closes: Option<LeadTime>,
}

impl RegistrationPolicy {
    /// When registration for an occurrence that begins at `start` opens; `None` if it is open from the outset.
    #[must_use]
    pub fn opens_at(&self, start: Instant) -> Option<Instant> {
        self.opens.map(|lead| start - lead.get())
    }

    /// From when on nobody can register any more.
    #[must_use]
    pub fn closes_at(&self, start: Instant) -> Instant {
        start - self.closes.map_or(time::Duration::ZERO, LeadTime::get)
    }

    /// From when on no member can cancel any more.
    #[must_use]
    pub fn cancellation_closes_at(&self, start: Instant) -> Instant {
        start - self.cancellation_closes.map_or(time::Duration::ZERO, LeadTime::get)
    }

    /// Whether there is a moment between opening and closing.
    #[must_use]
    pub fn ever_opens(&self) -> bool {
        self.opens.is_none_or(|opens| opens.get() > self.closes.map_or(time::Duration::ZERO, LeadTime::get))
    }
}

/// An event of an organization: what takes place, when, how often, and for how many.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its identity.
    pub id: EventId,
    /// What it is called.
    pub title: Title,
    /// What it is about.
    pub description: Description,
    /// Where it takes place.
    pub location: Location,
    /// When its occurrences begin: start and zone, and the rule of a recurring event.
    pub series: Series,
    /// How long each occurrence takes.
    pub duration: EventDuration,
    /// How many seats each occurrence has, unless that occurrence says otherwise.
    pub capacity: Capacity,
    /// When members may register and cancel.
    pub policy: RegistrationPolicy,
    /// Whether it takes place.
    pub status: EventStatus,
    /// Counts the changes, from 1: a change to a version that is gone is refused.
    pub version: u32,
    /// When it was created.
    pub created_at: Instant,
    /// When it last changed.
    pub updated_at: Instant,
}

impl Event {
    /// When an occurrence that begins at `start` takes place by the event's own duration.
    #[must_use]
    pub fn interval_from(&self, start: Instant) -> Interval {
        Interval::starting(start, self.duration)
    }
}
