//! The ports: traits that adapters implement.
//!
//! Most ports are small repositories, one for each aggregate. Where an invariant spans documents, one method makes the whole
//! decision ([`RegistrationBook::register`]), because only the adapter can retry a transaction. Every method on an
//! organization's data takes the [`TenantScope`] first, and MUST treat data of other organizations as if they did not exist.
//!
//! Every method that takes a [`Change`] MUST, in one atomic step with what it changes (a large change: with what its first
//! step changes, see [`Jobs`]):
//!
//! - write exactly one entry of the activity log for each object that it changes, and none if it refuses;
//! - [classify](crate::idempotency::classify) the change by the stored uses of its idempotency key by the same actor. A fresh
//!   change is made, and its key and result are stored. A repeat changes nothing, and returns the objects of the stored
//!   result. A reused key is refused with [`Refusal::IdempotencyKeyReused`]. A refused change stores no key;
//! - answer a dry run like the change, and store nothing of it. Registrations and their cancellations are never dry runs.
//!
//! [`TenantScope`]: crate::caller::TenantScope
//! [`Change`]: crate::change::Change
//! [`Refusal::IdempotencyKeyReused`]: crate::failure::Refusal::IdempotencyKeyReused

mod activity_log;
mod catalogue;
mod clock;
mod events;
mod ids;
mod issues;
mod jobs;
mod members;
mod organizations;
mod personal_data;
mod random;
mod realignment;
mod registration_book;
mod registrations;

pub use crate::authentication::directory::*;
pub use activity_log::*;
pub use catalogue::*;
pub use clock::*;
pub use events::*;
pub use ids::*;
pub use issues::*;
pub use jobs::*;
pub use members::*;
pub use organizations::*;
pub use personal_data::*;
pub use random::*;
pub use realignment::*;
pub use registration_book::*;
pub use registrations::*;
