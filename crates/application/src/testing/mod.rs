//! What tests of use cases and of adapters are made of.
//!
//! - [`builders`]: members, events, orders and changes that are valid from the start, to be bent as a test needs

#![expect(clippy::expect_used, reason = "what is wrong in a test ends the test")]

pub mod builders;
mod clock;
mod ids;

pub use clock::FixedClock;
pub use ids::SequentialIds;
