//! The commands, one file each.

pub(crate) mod bench;
pub(crate) mod clients;
pub(crate) mod faults;
pub(crate) mod fuzz;
pub(crate) mod mongo;
pub(crate) mod run;
pub(crate) mod schema;
pub(crate) mod test;
