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
pub(crate) mod revision;
pub(crate) mod seats;

use convene_application::pace::Pace;

use crate::error::CorruptDocument;

/// The steps of a conversion, in which texts and series are validated again.
pub(crate) const CONVERSION: usize = 50;

/// Converts documents to domain types in parts.
pub(crate) async fn read_in_parts<D, T>(documents: Vec<D>) -> Result<Vec<T>, CorruptDocument>
where
    D: Send,
    T: TryFrom<D, Error = CorruptDocument> + Send,
{
    let mut pace = Pace::default();
    let mut read = Vec::with_capacity(documents.len());
    for document in documents {
        pace.steps(CONVERSION).await;
        read.push(T::try_from(document)?);
    }
    Ok(read)
}

/// Converts documents to domain types.
pub(crate) fn read_all<D, T>(documents: Vec<D>) -> Result<Vec<T>, CorruptDocument>
where
    T: TryFrom<D, Error = CorruptDocument>,
{
    documents.into_iter().map(T::try_from).collect()
}
