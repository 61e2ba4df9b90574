//! Registrations in MongoDB: confirmed seats and waitlist entries.
//!
//! - [`book`] is the port that registers and cancels; requests wait in a [`queue`] and are merged into a [`batch`]
//! - [`seats`] changes the counters of occurrences, agendas, registrations and log entries together
//! - [`cache`] keeps occurrences between transactions; every write verifies the cached values that it depends on
//! - [`queries`] is the port that reads registrations, [`document`] is their stored form

mod batch;
mod book;
mod cache;
pub(crate) mod document;
mod queries;
mod queue;
pub(crate) mod seats;
mod settings;

pub use self::book::MongoRegistrationBook;
pub(crate) use self::queries::MongoRegistrations;
pub use self::queue::MAX_REQUESTS_PER_MEMBER;
pub use self::settings::BookSettings;
#[cfg(any(test, feature = "testing"))]
pub use crate::guards::MissingGuard;
