//! The stored documents, and their conversion from and to domain types.
//!
//! The fields of a document have BSON types. The conversion to a domain type validates everything again, so that invalid
//! data of another writer are reported with their document and field.

pub(crate) mod activity;
pub(crate) mod agenda;
pub(crate) mod convert;
pub(crate) mod event;
pub(crate) mod idempotency;
pub(crate) mod issue;
pub(crate) mod job;
pub(crate) mod member;
pub(crate) mod occurrence;
pub(crate) mod organization;

use crate::error::CorruptDocument;

/// Converts documents to domain types.
pub(crate) fn read_all<D, T>(documents: Vec<D>) -> Result<Vec<T>, CorruptDocument>
where
    T: TryFrom<D, Error = CorruptDocument>,
{
    documents.into_iter().map(T::try_from).collect()
}
