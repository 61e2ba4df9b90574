//! The pure rules of event scheduling.
//!
//! No I/O, no clock, no async runtime: everything is a function of its arguments, so the crate can be embedded
//! in any service.

#![warn(missing_docs)]

pub mod activity;
pub mod capacity;
pub mod correspondence;
pub mod duration;
pub mod event;
pub mod id;
pub mod issue;
pub mod member;
mod names;
pub mod occurrence;
pub mod organization;
pub mod overlap;
pub mod recurrence;
pub mod registration;
pub mod text;
pub mod time;

/// The example in the README, as a test.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
pub struct Readme;
