//! The pure rules of event scheduling.
