//! What the use cases ask of the outside world.
//!
//! Ports come in two shapes. Where an invariant spans documents, one method is the whole decision
//! ([`RegistrationBook::register`]), because only the adapter can run a transaction again; elsewhere a small
//! repository per aggregate. Every method on an organization's data takes the [`TenantScope`] first and MUST
//! treat what belongs to another organization as if it did not exist.
//!
//! Every method that takes a [`Change`] MUST, in one atomic step with what it changes:
//!
//! - write exactly one entry of the activity log for each thing that it changed, and none if it refuses;
//! - if the change has an idempotency key that the same actor used within the
//!   [window](crate::idempotency::IDEMPOTENCY_WINDOW): change nothing, and answer with the same objects if the
//!   fingerprint is the same, with [`Refusal::IdempotencyKeyReused`] otherwise; if not, remember the key with the
//!   change. A refusal remembers nothing.
//!
//! [`TenantScope`]: crate::caller::TenantScope
//! [`Change`]: crate::change::Change
//! [`Refusal::IdempotencyKeyReused`]: crate::failure::Refusal::IdempotencyKeyReused

mod activity_log;
mod catalogue;
mod clock;
mod directory;
mod events;
mod ids;
mod issues;
mod members;
mod organizations;
mod personal_data;
mod random;
mod registration_book;
mod registrations;

pub use activity_log::*;
pub use catalogue::*;
pub use clock::*;
pub use directory::*;
pub use events::*;
pub use ids::*;
pub use issues::*;
pub use members::*;
pub use organizations::*;
pub use personal_data::*;
pub use random::*;
pub use registration_book::*;
pub use registrations::*;
