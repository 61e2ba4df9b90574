//! The pure rules of event scheduling.
pub mod recurrence;
pub mod time;
