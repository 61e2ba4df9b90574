//! What is stored, and how it becomes what it stands for.
//!
//! A document's own types are those of BSON; turning it into the domain's checks everything again, so that
//! whatever got into the database by another way is found out and named.

pub(crate) mod activity;
pub(crate) mod convert;
pub(crate) mod idempotency;
