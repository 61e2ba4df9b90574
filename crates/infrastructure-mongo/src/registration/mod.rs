//! Registrations in MongoDB: confirmed seats and waitlist entries.
//!
//! - [`book`] is the port that registers and cancels; calls wait in a [`queue`] and are merged into a [`batch`]
//! - [`seats`] changes the occurrence's counters, agendas, registrations and log entries together
//! - [`cache`] keeps occurrences between transactions; every write verifies what was taken from it
//! - [`queries`] is the port that reads registrations, [`document`] their stored form

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
pub use self::settings::BookSettings;
#[cfg(any(test, feature = "testing"))]
pub use self::settings::MissingGuard;
