//! Refusals of a plan because of the registrations that its adapter finds.

use std::collections::HashMap;

use convene_domain::{occurrence::OccurrenceKey, registration::Registration};

use super::OccurrenceStep;
use crate::{
    failure::{Refusal, Refusals},
    ports::OnAffected,
    registration::refusals,
};

/// Verifies that an edit may affect these registrations: `number` of them, `affected` among them. Those that conflict after their
/// move are `affected`. A capacity is compared with the seats that remain without them.
///
/// # Errors
/// [`Refusal::RegistrationsAffected`]; [`Refusal::CapacityBelowRegistrations`].
pub fn verify_effects<'s>(
    steps: impl IntoIterator<Item = &'s OccurrenceStep>,
    on_affected: OnAffected,
    number: u64,
    affected: Vec<Registration>,
) -> Result<(), Refusals> {
    let mut cancelled: HashMap<OccurrenceKey, u32> = HashMap::new();
    for seat in affected.iter().filter(|one| one.is_seat()) {
        *cancelled.entry(seat.occurrence).or_default() += 1;
    }
    let too_small = |step: &OccurrenceStep| match step {
        OccurrenceStep::Become { before, after } if step.cancellation_reason().is_none() => {
            let left = before.taken.saturating_sub(cancelled.get(&before.key).copied().unwrap_or(0));
            (left > after.capacity.get()).then_some(left)
        }
        _ => None,
    };
    let taken = steps.into_iter().filter_map(too_small).max();
    let unaffected = match on_affected {
        OnAffected::Refuse => refusals::verify_unaffected(number, affected),
        OnAffected::CancelRegistrations => Ok(()),
    };
    let too_few = taken.map(|taken| Refusal::CapacityBelowRegistrations { taken });
    Refusals::verify_none(unaffected.err().into_iter().chain(too_few))
}
