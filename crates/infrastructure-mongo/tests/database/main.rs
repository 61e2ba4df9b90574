//! The adapters on a real MongoDB: each test has a database of its own.

mod admins;
mod hostile_writes;
mod idempotency;
mod issue_numbers;
mod schema;
mod support;
mod tenancy;
mod transactions;
