//! What tests of use cases and of adapters are made of.
//!
//! - [`builders`]: members, events, orders and changes that are valid from the start, to be bent as a test needs
//! - [`memory`]: every port, kept in memory; as strict as a database, and gone with the test
//! - [`contract`]: what every implementation of the ports must hold, as tests that any adapter can run

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
