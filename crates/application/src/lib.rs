//! The use cases of Convene and the ports they need.
//!
//! A use case takes a [`Caller`](caller::Caller) or an [`Admin`](caller::Admin), and a command made of domain types. It
//! returns domain types or a [`Failure`](failure::Failure). It accesses storage, the clock and other sources through the
//! traits in [`ports`].

pub mod activity;
pub mod authentication;
pub mod catalogue;
pub mod change;
pub mod database_use;
pub mod editing;
pub mod event;
pub mod failure;
#[cfg(test)]
mod fixtures;
pub mod idempotency;
pub mod issue;
pub mod job;
pub mod large;
pub mod limits;
pub mod member;
mod mutation_context;
pub mod occurrence;
pub mod organization;
pub mod pace;
pub mod page;
pub mod period;
pub mod personal_data;
pub mod ports;
pub mod registration;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod use_cases;
pub mod version;

pub use authentication::caller;
