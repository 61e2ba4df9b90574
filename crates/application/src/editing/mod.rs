//! Plans of edits: pure functions from an event, its stored occurrences and an edit to the changes that an adapter
//! writes in one transaction.
//!
//! The rules: occurrences that have begun do not change. An occurrence whose original start is still a date of the
//! edited series corresponds to that date. Otherwise it corresponds to the date of the series on the same local day, so
//! that registrations follow a changed time of day, zone or duration. Any other occurrence is dropped. An exception
//! keeps its own values.

mod changes;
mod event;
mod mapping;
mod occurrence;

pub use changes::event_changes;
pub use event::{EventPlan, plan_cancellation, plan_event_edit};
pub use mapping::OccurrenceStep;
pub use occurrence::{OccurrencePlan, plan_occurrence_cancellation, plan_occurrence_edit};

#[cfg(test)]
mod tests;
