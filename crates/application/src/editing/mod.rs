//! Plans of edits: pure functions from an event, its stored occurrences and an edit to the changes that an adapter
//! writes in one transaction.
//!
//! [`convene_domain::correspondence`] states the rules.

mod derived;
mod dropped;
mod effects;
mod event;
mod former;
mod free_seconds;
mod mapping;
mod occurrence;
mod past_keys;
mod realignment;
mod restoration;
mod scope;
mod split;
mod versions;

pub use derived::Successor;
pub use effects::verify_effects;
pub use event::{EventPlan, plan_cancellation, plan_restoration, verify_following};
pub use former::record_former_id;
pub use mapping::OccurrenceStep;
pub use occurrence::{
    ChangedAhead, OccurrencePlan, exceptions_within_limit, last_change, plan_occurrence_cancellation,
    plan_occurrence_edit,
};
pub use realignment::{has_current_times, plan_realignment};
pub use restoration::plan_occurrence_restoration;
pub use scope::plan_event_edit;
pub use versions::dropped_versions;

#[cfg(test)]
mod tests;
