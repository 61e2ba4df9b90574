//! Tests of the adapters on MongoDB. Each test has a database of its own.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "what goes wrong in a test's helpers ends the test too"
)]

mod activity_order;
mod admins;
mod admission;
mod catalogue;
mod check;
mod contract;
mod contract_in_steps;
mod deletions;
mod dry_runs;
mod events;
mod everything;
mod filters;
mod hostile_writes;
mod idempotency;
mod indexes;
mod issue_numbers;
mod large_edits;
mod large_edits_beside_others;
mod limits_of_events;
mod nested;
mod paging;
mod parts;
mod personal_data;
mod plans;
mod realignment;
mod registration;
mod replica;
mod schema;
mod search;
mod support;
mod suspensions;
mod tenancy;
mod transactions;
