//! Demo data: files that a person can read and edit, loaded through the use cases that everybody goes through.
//!
//! Three steps, each with its own kind of mistake. [`read`] reads the files and checks everything in them
//! that does not depend on the day. [`plan`] places their relative dates around today. Both tell all
//! problems at once, each with its file, item and field, so nothing is loaded from files that are wrong. [`load`] then
//! adds what is missing and leaves alone what is there, so loading twice changes nothing, and a load that was
//! cut off is completed by the next.
//!
//! The format is described in `seeds/README.md`.

mod check;
mod dates;
mod file;
mod load;
mod plan;
mod problem;
mod read;
mod summary;

pub use self::{
    check::{EventSeed, IssueSeed, MemberSeed, OrganizationSeed, RegistrationSeed},
    dates::DatesSeed,
    load::{LoadError, load},
    plan::{Plan, PlannedEvent, plan},
    problem::{Problem, Problems},
    read::read,
    summary::{Count, Summary},
};
