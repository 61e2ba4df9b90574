//! Registrations: a member's seat in an occurrence, or place in its queue, and the decisions about them.

use crate::{
    capacity::Capacity,
    id::{MemberId, RegistrationId},
    occurrence::{Occurrence, OccurrenceKey, OccurrenceStatus, RegistrationState},
    time::{Instant, interval::Interval},
};

/// The state of a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegistrationStatus {
    /// The member has a seat.
    Confirmed,
    /// The member waits for a seat.
    Waitlisted {
        /// The order on the waitlist, ascending. It is not a position: members ahead may have left.
        sequence: u64,
    },
    /// The registration was cancelled.
    Cancelled {
        /// The time of the cancellation.
        at: Instant,
        /// Why it was cancelled.
        reason: CancellationReason,
    },
}

impl RegistrationStatus {
    /// The status without its data.
    #[must_use]
    pub const fn kind(self) -> RegistrationStatusKind {
        match self {
            Self::Confirmed => RegistrationStatusKind::Confirmed,
            Self::Waitlisted { .. } => RegistrationStatusKind::Waitlisted,
            Self::Cancelled { .. } => RegistrationStatusKind::Cancelled,
        }
    }

    /// Tests whether the member holds a seat or waits for one.
    #[must_use]
    pub const fn is_active(self) -> bool {
        !matches!(self, Self::Cancelled { .. })
    }

    /// The order on the waitlist, if the member waits.
    #[must_use]
    pub const fn waitlist_sequence(self) -> Option<u64> {
        match self {
            Self::Waitlisted { sequence } => Some(sequence),
            Self::Confirmed | Self::Cancelled { .. } => None,
        }
    }

    /// The time of the cancellation, if there was one.
    #[must_use]
    pub const fn cancelled_at(self) -> Option<Instant> {
        match self {
            Self::Cancelled { at, .. } => Some(at),
            Self::Confirmed | Self::Waitlisted { .. } => None,
        }
    }

    /// The reason of the cancellation, if there was one.
    #[must_use]
    pub const fn cancellation_reason(self) -> Option<CancellationReason> {
        match self {
            Self::Cancelled { reason, .. } => Some(reason),
            Self::Confirmed | Self::Waitlisted { .. } => None,
        }
    }
}

/// The name of a [`RegistrationStatus`], as filters, the API and the database use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RegistrationStatusKind {
    /// The member has a seat.
    Confirmed,
    /// The member waits for a seat.
    Waitlisted,
    /// The registration was cancelled.
    Cancelled,
}

impl RegistrationStatusKind {
    const ALL: [Self; 3] = [Self::Confirmed, Self::Waitlisted, Self::Cancelled];

    /// The name in the API and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "CONFIRMED",
            Self::Waitlisted => "WAITLISTED",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// Reads the name that [`as_str`](Self::as_str) returns.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Why a registration was cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CancellationReason {
    /// The member gave it up.
    ByMember,
    /// An admin cancelled it.
    ByAdmin,
    /// The occurrence, or its event, was called off.
    OccurrenceCancelled,
    /// The occurrence was moved, or dropped from the series, and could not be kept.
    OccurrenceMoved,
    /// The member left the organization.
    MemberRemoved,
}

impl CancellationReason {
    const ALL: [Self; 5] = [
        Self::ByMember,
        Self::ByAdmin,
        Self::OccurrenceCancelled,
        Self::OccurrenceMoved,
        Self::MemberRemoved,
    ];

    /// The reason's name in the API and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ByMember => "BY_MEMBER",
            Self::ByAdmin => "BY_ADMIN",
            Self::OccurrenceCancelled => "OCCURRENCE_CANCELLED",
            Self::OccurrenceMoved => "OCCURRENCE_MOVED",
            Self::MemberRemoved => "MEMBER_REMOVED",
        }
    }

    /// Reads what [`as_str`](Self::as_str) gives.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }
}

/// A member's seat in an occurrence, or place in its queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// Its identity, which never changes.
    pub id: RegistrationId,
    /// The occurrence.
    pub occurrence: OccurrenceKey,
    /// Who holds it.
    pub member: MemberId,
    /// When the occurrence takes place.
    pub interval: Interval,
    /// Whether it is confirmed, waitlisted or cancelled.
    pub status: RegistrationStatus,
    /// When it was made.
    pub created_at: Instant,
}

/// Why nobody can get a seat, or give one back, at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RegistrationRefusal {
    /// The occurrence does not take place.
    #[error("the occurrence is cancelled")]
    OccurrenceCancelled,
    /// Registration opens later.
    #[error("registration has not opened yet")]
    NotYetOpen {
        /// When it opens.
        opens_at: Instant,
    },
    /// Registration has closed.
    #[error("registration has closed")]
    Closed {
        /// When it closed.
        closed_at: Instant,
    },
    /// No seat is free.
    #[error("the occurrence is full")]
    Full,
    /// It is too late to cancel.
    #[error("it is too late to cancel")]
    CancellationClosed {
        /// Until when it was possible.
        closed_at: Instant,
    },
    /// It was cancelled before.
    #[error("the registration is already cancelled")]
    AlreadyCancelled,
}

/// What of an occurrence decides about its seats, without what people read about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seating {
    /// When it begins.
    pub starts_at: Instant,
    /// How many seats it has.
    pub capacity: Capacity,
    /// How many seats are taken.
    pub taken: u32,
    /// Whether it takes place.
    pub status: OccurrenceStatus,
    /// When registration opens; `None` if it is open from the outset.
    pub opens_at: Option<Instant>,
    /// From when on nobody can register any more; not after the start.
    pub closes_at: Instant,
    /// From when on no member can cancel any more; not after the start.
    pub cancellation_closes_at: Instant,
}

impl From<&Occurrence> for Seating {
    fn from(occurrence: &Occurrence) -> Self {
        let start = occurrence.interval.start();
        Self {
            starts_at: start,
            capacity: occurrence.capacity,
            taken: occurrence.taken,
            status: occurrence.status,
            opens_at: occurrence.policy.opens_at(start),
            closes_at: occurrence.policy.closes_at(start),
            cancellation_closes_at: occurrence.policy.cancellation_closes_at(start),
        }
    }
}

impl Seating {
    /// How many seats are free.
    #[must_use]
    pub fn available(&self) -> u32 {
        self.capacity.get().saturating_sub(self.taken)
    }

    /// Whether, and why not, a member can register at `now`.
    #[must_use]
    pub fn state(&self, now: Instant) -> RegistrationState {
        if self.status == OccurrenceStatus::Cancelled {
            RegistrationState::Cancelled
        } else if now >= self.closes_at {
            RegistrationState::Closed
        } else if self.opens_at.is_some_and(|opens| now < opens) {
            RegistrationState::NotYetOpen
        } else if self.available() == 0 {
            RegistrationState::Full
        } else {
            RegistrationState::Open
        }
    }
}

/// What a caller who may register gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A seat, if the member's time is free.
    Seat,
    /// A place in the queue.
    Queue,
}

/// Decides whether an occurrence, as it is at `now`, has a place for one more member.
///
/// Whether the member's own time is free is not decided here: only the database can, atomically.
///
/// # Errors
/// [`RegistrationRefusal`] says why there is none.
pub fn decide_place(
    occurrence: impl Into<Seating>,
    now: Instant,
    join_waitlist: bool,
) -> Result<Place, RegistrationRefusal> {
    let seating = occurrence.into();
    match seating.state(now) {
        RegistrationState::Cancelled => Err(RegistrationRefusal::OccurrenceCancelled),
        RegistrationState::NotYetOpen => {
            Err(RegistrationRefusal::NotYetOpen { opens_at: seating.opens_at.unwrap_or(seating.starts_at) })
        }
        RegistrationState::Closed => Err(RegistrationRefusal::Closed { closed_at: seating.closes_at }),
        RegistrationState::Full if join_waitlist => Ok(Place::Queue),
        RegistrationState::Full => Err(RegistrationRefusal::Full),
        RegistrationState::Open => Ok(Place::Seat),
    }
}

/// Decides whether a registration can be cancelled at `now`.
///
/// An admin may cancel for a member after the member's own deadline, but nobody can change what has begun.
/// A place in the queue can be left at any time before the start.
///
/// # Errors
/// [`RegistrationRefusal`] says why not.
pub fn decide_cancellation(
    registration: &Registration,
    occurrence: impl Into<Seating>,
    now: Instant,
    by_admin: bool,
) -> Result<(), RegistrationRefusal> {
    if !registration.status.is_active() {
        return Err(RegistrationRefusal::AlreadyCancelled);
    }
    let seating = occurrence.into();
    if seating.status == OccurrenceStatus::Cancelled {
        return Err(RegistrationRefusal::OccurrenceCancelled);
    }
    let bound = if by_admin || registration.status.waitlist_sequence().is_some() {
        seating.starts_at
    } else {
        seating.cancellation_closes_at
    };
    if now >= bound { Err(RegistrationRefusal::CancellationClosed { closed_at: bound }) } else { Ok(()) }
}
