//! Support for tests of use cases and adapters.
//!
//! - [`builders`]: valid members, events, requests and changes that a test can modify
//! - [`memory`]: in-memory adapters of all ports, as strict as a database
//! - [`contract`]: the contract suites that every adapter of the ports must pass

#![expect(clippy::expect_used, reason = "what is wrong in a test ends the test")]

mod adapters;
pub mod builders;
mod clock;
pub mod contract;
mod ids;
pub mod memory;

pub use adapters::Adapters;
pub use clock::FixedClock;
pub use ids::SequentialIds;
