//! The contract suite: tests that every adapter of the ports must pass.
//!
//! The crate of an adapter provides storage ([`Harness`]) and runs all cases with
//! [`contract_tests!`](crate::contract_tests).
//!
//! Each case gets its own storage. After each case, the invariants over everything that it stored are checked.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a case that does not hold panics")]

mod activity_log;
mod environment;
mod harness;
pub mod histories;
mod idempotency;
mod idempotency_across;
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
mod day_variants;
mod deletions;
mod dry_runs;
mod durations;
mod event_duplicates;
mod event_echoes;
mod event_edits;
mod event_endings;
mod event_first_dates;
mod event_over;
mod event_past;
mod event_restorations;
mod event_rules;
mod event_shifts;
mod event_splits;
mod events;
mod exception_variants;
mod freed_time;
mod issues;
mod members;
mod occurrence_edits;
mod occurrence_restorations;
mod organizations;
mod pages;
mod personal_data;
mod recorded_times;
mod registering;
mod registration_windows;
mod registrations;
mod repeats;
mod rushes;
mod series_variants;
mod suspensions;
mod time_zone_updates;
mod used_dates;
mod versions;
mod waitlist;
mod waitlist_variants;

pub use environment::Environment;
pub use harness::{FormerClocks, Harness, run};
#[doc(hidden)]
pub use list::cases;
