//! The pure rules of event scheduling.
pub mod time;
