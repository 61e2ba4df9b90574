//! The cancelled registrations that are kept.

use crate::limits::CANCELLED_REGISTRATIONS;

/// Selects those of a member's cancelled registrations for one occurrence, sorted by the time of their cancellation, that are deleted:
/// the oldest ones. The activity log has all.
#[must_use]
pub fn superseded<T>(oldest_first: &[T]) -> &[T] {
    let number = oldest_first.len().saturating_sub(CANCELLED_REGISTRATIONS);
    oldest_first.split_at(number).0
}
