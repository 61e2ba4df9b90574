//! Registrations, and the decisions about them that need no storage.

use crate::{
    capacity::Capacity,
    event::Event,
    id::{MemberId, RegistrationId},
    names::names,
    occurrence::{Occurrence, OccurrenceKey, OccurrenceStatus, RegistrationState},
    recurrence::SeriesOccurrence,
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
        /// The reason of the cancellation.
        reason: CancellationReason,
        /// True if the member waited for a seat until then.
        was_waitlisted: bool,
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

    /// Tests whether the registration was cancelled while the member waited for a seat.
    #[must_use]
    pub const fn was_waitlisted(self) -> bool {
        matches!(self, Self::Cancelled { was_waitlisted: true, .. })
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

names! {
    /// The name of a [`RegistrationStatus`], as filters, the API and the database use it.
    pub enum RegistrationStatusKind {
        /// The member has a seat.
        Confirmed => "CONFIRMED",
        /// The member waits for a seat.
        Waitlisted => "WAITLISTED",
        /// The registration was cancelled.
        Cancelled => "CANCELLED",
    }
}

names! {
    /// The reason of a cancellation.
    pub enum CancellationReason {
        /// The member cancelled.
        ByMember => "BY_MEMBER",
        /// An admin cancelled for the member.
        ByAdmin => "BY_ADMIN",
        /// The occurrence, or its event, was cancelled.
        OccurrenceCancelled => "OCCURRENCE_CANCELLED",
        /// An edit dropped the occurrence, or moved it to a time at which the member holds another seat.
        OccurrenceMoved => "OCCURRENCE_MOVED",
        /// The member was removed from the organization.
        MemberRemoved => "MEMBER_REMOVED",
    }
}

/// The participation of a member in one occurrence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// The id, which never changes.
    pub id: RegistrationId,
    /// The occurrence.
    pub occurrence: OccurrenceKey,
    /// The member who is registered.
    pub member: MemberId,
    /// The time of the occurrence.
    pub interval: Interval,
    /// The status: confirmed, waitlisted or cancelled.
    pub status: RegistrationStatus,
    /// The time at which the registration was made.
    pub created_at: Instant,
    /// The time of its last change: when it was made, promoted, cancelled, or followed its occurrence.
    pub updated_at: Instant,
}

impl Registration {
    /// The occurrence of a cancelled registration that is neither stored nor a date of the series any more: cancelled, at
    /// the time that the registration recorded.
    #[must_use]
    pub fn recorded_occurrence(&self, event: &Event) -> Occurrence {
        let start = self.occurrence.original_start;
        let local = event.series.zone().to_local(start);
        let derived = Occurrence::untouched(event, SeriesOccurrence { start, local, shifted: false });
        Occurrence { interval: self.interval, status: OccurrenceStatus::Cancelled, ..derived }
    }

    /// Tests whether the member has a seat. Only the cancellation of a seat promotes others: a waitlisted registration leaves none.
    #[must_use]
    pub fn is_seat(&self) -> bool {
        self.status == RegistrationStatus::Confirmed
    }

    /// The registration after its promotion from the waitlist.
    #[must_use]
    pub fn promoted(&self, at: Instant) -> Self {
        Self { status: RegistrationStatus::Confirmed, updated_at: at, ..self.clone() }
    }

    /// The registration after its cancellation.
    #[must_use]
    pub fn cancelled(&self, at: Instant, reason: CancellationReason) -> Self {
        let was_waitlisted = self.status.waitlist_sequence().is_some();
        let status = RegistrationStatus::Cancelled { at, reason, was_waitlisted };
        Self { status, updated_at: at, ..self.clone() }
    }
}

/// The reason why a registration can be neither made nor cancelled at this time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegistrationRefusal {
    /// The occurrence is cancelled.
    OccurrenceCancelled,
    /// Registration opens later.
    NotYetOpen {
        /// The time at which it opens.
        opens_at: Instant,
    },
    /// Registration has closed.
    Closed {
        /// The time at which it closed.
        closed_at: Instant,
    },
    /// No seat is free.
    Full,
    /// The time for cancellations is over.
    CancellationClosed {
        /// The time at which cancellations closed.
        closed_at: Instant,
    },
    /// The registration is cancelled.
    AlreadyCancelled,
}

/// The properties of an occurrence that decide about its seats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seating {
    /// The start of the occurrence.
    pub starts_at: Instant,
    /// The number of seats.
    pub capacity: Capacity,
    /// The number of confirmed registrations.
    pub taken: u32,
    /// The status of the occurrence.
    pub status: OccurrenceStatus,
    /// The time at which registration opens; `None` if it was always open.
    pub opens_at: Option<Instant>,
    /// The time at which registration closes; not after the start.
    pub closes_at: Instant,
    /// The time from which members can no longer cancel; not after the start.
    pub cancellation_closes_at: Instant,
}

impl Occurrence {
    /// The number of free seats.
    #[must_use]
    pub fn available(&self) -> u32 {
        Seating::from(self).available()
    }

    /// The state of registration at `now`.
    #[must_use]
    pub fn registration_state(&self, now: Instant) -> RegistrationState {
        Seating::from(self).state(now)
    }
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
    /// The number of free seats.
    #[must_use]
    pub fn available(&self) -> u32 {
        self.capacity.get().saturating_sub(self.taken)
    }

    /// The number of seats that members on the waitlist can be promoted to at `now`: the free ones, until the
    /// occurrence begins.
    #[must_use]
    pub fn promotable(&self, now: Instant) -> u32 {
        let takes_place = self.status == OccurrenceStatus::Scheduled && now < self.starts_at;
        if takes_place { self.available() } else { 0 }
    }

    /// The state of registration at `now`.
    #[must_use]
    pub fn state(&self, now: Instant) -> RegistrationState {
        match self.window(now) {
            Window::Cancelled => RegistrationState::Cancelled,
            Window::Closed => RegistrationState::Closed,
            Window::NotYetOpen { .. } => RegistrationState::NotYetOpen,
            Window::Open if self.available() == 0 => RegistrationState::Full,
            Window::Open => RegistrationState::Open,
        }
    }

    fn window(&self, now: Instant) -> Window {
        if self.status == OccurrenceStatus::Cancelled {
            return Window::Cancelled;
        }
        if now >= self.closes_at {
            return Window::Closed;
        }
        match self.opens_at {
            Some(opens_at) if now < opens_at => Window::NotYetOpen { opens_at },
            Some(_) | None => Window::Open,
        }
    }
}

/// The registration window at a time, whatever the number of free seats.
enum Window {
    Cancelled,
    Closed,
    NotYetOpen { opens_at: Instant },
    Open,
}

/// The way in which an occurrence admits one more registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// With a seat, if the member's time is free.
    Seat,
    /// On the waitlist.
    Waitlist,
}

/// Decides whether an occurrence admits one more registration at `now`.
///
/// Conflicts with other registrations of the member are not decided here: only storage can do that atomically.
///
/// # Errors
/// The [`RegistrationRefusal`] if the occurrence admits none.
pub fn decide_admission(
    occurrence: impl Into<Seating>,
    now: Instant,
    join_waitlist: bool,
) -> Result<Admission, RegistrationRefusal> {
    let seating = occurrence.into();
    match seating.window(now) {
        Window::Cancelled => Err(RegistrationRefusal::OccurrenceCancelled),
        Window::Closed => Err(RegistrationRefusal::Closed { closed_at: seating.closes_at }),
        Window::NotYetOpen { opens_at } => Err(RegistrationRefusal::NotYetOpen { opens_at }),
        Window::Open if seating.available() > 0 => Ok(Admission::Seat),
        Window::Open if join_waitlist => Ok(Admission::Waitlist),
        Window::Open => Err(RegistrationRefusal::Full),
    }
}

/// Decides whether a registration can be cancelled at `now`.
///
/// Admins may cancel after the member's own deadline, but nobody can cancel after the start. Members can leave the
/// waitlist at any time before the start.
///
/// # Errors
/// The [`RegistrationRefusal`] if it cannot be cancelled.
pub fn decide_cancellation(
    registration: &Registration,
    occurrence: impl Into<Seating>,
    now: Instant,
    by_admin: bool,
) -> Result<(), RegistrationRefusal> {
    let seating = occurrence.into();
    let closes_at = match registration.status {
        RegistrationStatus::Cancelled { .. } => return Err(RegistrationRefusal::AlreadyCancelled),
        RegistrationStatus::Confirmed if !by_admin => seating.cancellation_closes_at,
        RegistrationStatus::Confirmed | RegistrationStatus::Waitlisted { .. } => seating.starts_at,
    };
    if seating.status == OccurrenceStatus::Cancelled {
        return Err(RegistrationRefusal::OccurrenceCancelled);
    }
    if now >= closes_at {
        return Err(RegistrationRefusal::CancellationClosed { closed_at: closes_at });
    }
    Ok(())
}
