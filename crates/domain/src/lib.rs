//! The pure rules of event scheduling.
pub mod overlap;
pub mod recurrence;
pub mod time;
