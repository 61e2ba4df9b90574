//! Refusals of registrations and cancellations.

use convene_domain::{
    event::EventStatus,
    registration::{Registration, RegistrationRefusal},
    time::{Instant, interval::Interval},
};

use crate::{
    failure::{Field, Refusal},
    limits::{
        LISTED_REGISTRATIONS, Limit, STORED_OCCURRENCES, UPCOMING_REGISTRATIONS, WAITLIST_LENGTH,
        WAITLISTED_REGISTRATIONS,
    },
};

/// The refusal for a registration that does not exist, or not for the caller.
#[must_use]
pub fn not_found() -> Refusal {
    Refusal::not_found(Field::RegistrationId)
}

/// The refusal that the caller sees. An occurrence that was cancelled together with its event, and not by itself, is
/// refused with the cancellation of the event.
#[must_use]
pub fn refusal_for(reason: RegistrationRefusal, cancelled_by_itself: bool, event: EventStatus) -> Refusal {
    match reason {
        RegistrationRefusal::OccurrenceCancelled
            if event == EventStatus::Cancelled && !cancelled_by_itself =>
        {
            Refusal::EventCancelled
        }
        reason => reason.into(),
    }
}

/// The refusal of a seat to a member who has this one at that time.
#[must_use]
pub fn conflict_refusal(with: Registration) -> Refusal {
    Refusal::ScheduleConflict { with: Box::new(with) }
}

/// The refusal of a further seat to a member who has these.
#[must_use]
pub fn agenda_refusal(seats: impl IntoIterator<Item = Interval>, now: Instant) -> Option<Refusal> {
    (!may_have_seat(seats, now)).then_some(Refusal::LimitExceeded(Limit::UpcomingRegistrations))
}

/// Tests whether a member who has these seats may have one more. Those that have ended do not count.
#[must_use]
pub fn may_have_seat(seats: impl IntoIterator<Item = Interval>, now: Instant) -> bool {
    seats.into_iter().filter(|seat| seat.end() > now).count() < UPCOMING_REGISTRATIONS
}

/// The number of occurrences that registrations may materialize for an event that has so many stored ones ahead.
#[must_use]
pub const fn room_for_occurrences(stored: u64) -> u64 {
    STORED_OCCURRENCES.saturating_sub(stored)
}

/// The refusal of a position on a further waitlist to a member who is on so many.
#[must_use]
pub fn waitlist_refusal(waitlists: usize) -> Option<Refusal> {
    (waitlists >= WAITLISTED_REGISTRATIONS).then_some(Refusal::LimitExceeded(Limit::WaitlistedRegistrations))
}

/// The refusal of a position on a waitlist that has so many members.
#[must_use]
pub fn long_waitlist_refusal(waiting: usize) -> Option<Refusal> {
    (waiting >= WAITLIST_LENGTH).then_some(Refusal::LimitExceeded(Limit::WaitlistLength))
}

/// Verifies that a change affects no registrations. `count` is their number, `registrations` are the earliest of them, or all.
///
/// # Errors
/// [`Refusal::RegistrationsAffected`], with the earliest ones.
pub fn verify_unaffected(count: u64, mut registrations: Vec<Registration>) -> Result<(), Refusal> {
    if count == 0 {
        return Ok(());
    }
    registrations.sort_by_key(|registration| (registration.interval.start(), registration.id));
    registrations.truncate(LISTED_REGISTRATIONS);
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    Err(Refusal::RegistrationsAffected { count, registrations })
}
