//! Demo data: YAML files that are loaded through the use cases.
//!
//! Loading has three steps. [`read`] reads the files and checks everything that does not depend on the current date.
//! [`plan`] converts relative dates into real ones. Both report all problems at once, each with file, item and field, so
//! that no file with a problem is loaded. [`load`] adds missing data and leaves existing data unchanged, so it can be
//! repeated, also after an interruption.
//!
//! `seeds/README.md` describes the format.

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
