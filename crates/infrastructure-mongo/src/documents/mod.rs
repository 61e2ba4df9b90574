//! What is stored, and how it becomes what it stands for.
//!
//! A document's own types are those of BSON; turning it into the domain's checks everything again, so that
//! whatever got into the database by another way is found out and named.

pub(crate) mod activity;
pub(crate) mod agenda;
pub(crate) mod convert;
pub(crate) mod event;
pub(crate) mod idempotency;
pub(crate) mod issue;
pub(crate) mod member;
pub(crate) mod occurrence;
pub(crate) mod organization;

use crate::error::CorruptDocument;

/// Turns documents into what they stand for.
pub(crate) fn read_all<D, T>(documents: Vec<D>) -> Result<Vec<T>, CorruptDocument>
where
    T: TryFrom<D, Error = CorruptDocument>,
{
    documents.into_iter().map(T::try_from).collect()
}
