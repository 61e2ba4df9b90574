//! Decisions on requests to register and to cancel.

use convene_domain::{
    member::Role,
    occurrence::OccurrenceKey,
    registration::{CancellationReason, Registration, RegistrationStatus, Seating, decide_cancellation},
    time::{Instant, interval::Interval},
};

use super::refusals;
use crate::{
    failure::Refusal,
    ports::{CancelRequest, RegisterRequest},
};

impl RegisterRequest {
    /// The registration that the request makes, for the current key of the occurrence.
    #[must_use]
    pub const fn admitted(
        &self,
        occurrence: OccurrenceKey,
        interval: Interval,
        status: RegistrationStatus,
        now: Instant,
    ) -> Registration {
        Registration {
            id: self.id,
            occurrence,
            member: self.member,
            interval,
            status,
            created_at: now,
            updated_at: now,
        }
    }
}

impl CancelRequest {
    /// Decides whether the caller may cancel the registration at `now`, and for which reason.
    ///
    /// # Errors
    /// The refusal if the caller may not. Another member's registration does not exist for a member.
    pub fn decide(
        &self,
        registration: &Registration,
        occurrence: impl Into<Seating>,
        now: Instant,
    ) -> Result<CancellationReason, Refusal> {
        let reason = self.reason(registration)?;
        decide_cancellation(registration, occurrence, now, self.role == Role::Admin)?;
        Ok(reason)
    }

    /// Decides as much as the registration alone tells: a registration that is not visible or already cancelled is
    /// refused without its occurrence.
    ///
    /// # Errors
    /// `NotFound` or `AlreadyCancelled`.
    pub fn reason(&self, registration: &Registration) -> Result<CancellationReason, Refusal> {
        let is_own = registration.member == self.caller;
        if !is_own && self.role != Role::Admin {
            return Err(refusals::not_found());
        }
        if registration.status.cancellation_reason().is_some() {
            return Err(Refusal::AlreadyCancelled);
        }
        Ok(if is_own { CancellationReason::ByMember } else { CancellationReason::ByAdmin })
    }
}

#[cfg(test)]
mod tests {
    use convene_domain::{capacity::Capacity, occurrence::OccurrenceStatus};
    use rstest::rstest;
    use time::Duration;

    use super::*;
    use crate::fixtures::{self, ADA, BOB, NOW};

    const START: Instant = NOW.saturating_add(Duration::DAY);
    const LATE: Instant = START.saturating_sub(Duration::HOUR);

    fn seating() -> Seating {
        Seating {
            starts_at: START,
            capacity: Capacity::new(1).unwrap(),
            taken: 1,
            status: OccurrenceStatus::Scheduled,
            opens_at: None,
            closes_at: START,
            cancellation_closes_at: LATE,
        }
    }

    #[rstest]
    #[case::own(ADA, Role::Member, NOW, Ok(CancellationReason::ByMember))]
    #[case::own_of_an_admin(ADA, Role::Admin, NOW, Ok(CancellationReason::ByMember))]
    #[case::of_another_by_an_admin(BOB, Role::Admin, LATE, Ok(CancellationReason::ByAdmin))]
    #[case::of_another(BOB, Role::Member, NOW, Err(refusals::not_found()))]
    #[case::too_late(ADA, Role::Member, LATE, Err(Refusal::CancellationClosed { closed_at: LATE }))]
    #[case::after_the_start(BOB, Role::Admin, START, Err(Refusal::CancellationClosed { closed_at: START }))]
    fn decides_about_confirmed_registrations(
        #[case] holder: &str,
        #[case] role: Role,
        #[case] now: Instant,
        #[case] expected: Result<CancellationReason, Refusal>,
    ) {
        let registration = fixtures::registration(1, holder);
        let cancel = CancelRequest { registration: registration.id, caller: fixtures::member_id(ADA), role };
        assert_eq!(cancel.decide(&registration, seating(), now), expected);
    }

    #[test]
    fn waitlisted_members_can_cancel_until_the_start_and_only_once() {
        let status = RegistrationStatus::Waitlisted { sequence: 1 };
        let registration = Registration { status, ..fixtures::registration(1, ADA) };
        let caller = registration.member;
        let cancel = CancelRequest { registration: registration.id, caller, role: Role::Member };
        assert_eq!(cancel.decide(&registration, seating(), LATE), Ok(CancellationReason::ByMember));
        let cancelled = registration.cancelled(NOW, CancellationReason::ByMember);
        assert_eq!(cancel.decide(&cancelled, seating(), LATE), Err(Refusal::AlreadyCancelled));
        assert_eq!(cancel.reason(&cancelled), Err(Refusal::AlreadyCancelled));
    }
}
