//! What an edit makes of an event and of the occurrences that are stored: planned here, pure, and carried out
//! by the adapters within one transaction.
//!
//! The rules: what has begun stays as it was. An occurrence whose original start the edited series still has is
//! itself. Otherwise it becomes the one on the same local date, so that a changed time of day, zone or duration
//! takes everybody along. Any other is dropped. An exception keeps what it overrode.

mod changes;
mod event;
mod mapping;
mod occurrence;

pub use changes::event_changes;
pub use event::{EventPlan, plan_cancellation, plan_event_edit};
pub use mapping::OccurrenceStep;
pub use occurrence::{OccurrencePlan, plan_occurrence_cancellation, plan_occurrence_edit};

/// The most seats and places in queues that one edit may touch: what one transaction holds in its few seconds.
pub const MAX_TOUCHED_SEATS: u32 = 10_000;

#[cfg(test)]
mod tests;
