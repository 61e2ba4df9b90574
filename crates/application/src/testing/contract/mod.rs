//! What every implementation of the ports must hold, as tests that any adapter can run.
//!
//! An adapter's crate says how it gets storage ([`Harness`]) and runs them all with
//! [`contract_tests!`](crate::contract_tests).
//!
//! Each case gets storage of its own. After each one, whatever it was about, the invariants over everything that
//! it stored are checked.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a case that does not hold panics")]

mod activity_log;
mod environment;
mod harness;
mod idempotency;
mod idempotency_of_all;
mod invariants;
mod list;
mod log_fields;
pub mod randomized;
mod support;
mod tenancy;
mod tenant;

mod cancelling;
mod catalogue;
mod event_edits;
mod event_endings;
mod event_splits;
mod events;
mod issues;
mod members;
mod occurrence_edits;
mod organizations;
mod personal_data;
mod registering;
mod registration_windows;
mod registrations;
mod repeats;
mod rushes;
mod waitlist;

pub use environment::Environment;
pub use harness::{Harness, run};
#[doc(hidden)]
pub use list::cases;
