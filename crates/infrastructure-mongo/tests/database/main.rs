//! The adapters on a real MongoDB: each test has a database of its own.

mod admins;
mod catalogue;
mod contract;
mod events;
mod everything;
mod hostile_writes;
mod idempotency;
mod indexes;
mod issue_numbers;
mod registration;
mod schema;
mod support;
mod tenancy;
mod transactions;
