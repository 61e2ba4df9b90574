//! The documents that a server runs: any document, or trusted ones only.

use std::sync::Arc;

use super::{
    persisted::PersistedDocuments,
    reference::{DocumentHash, DocumentReference},
    trusted::TrustedDocuments,
};
use crate::errors::RequestError;

/// The documents that a server runs.
pub enum Documents {
    /// Any document. Clients may send the hash of one that they sent before.
    Any(PersistedDocuments),
    /// Only these documents, by their text or its hash.
    Trusted(TrustedDocuments),
}

impl Default for Documents {
    fn default() -> Self {
        Self::Any(PersistedDocuments::default())
    }
}

/// The text of a document.
#[derive(Debug)]
pub(super) struct FoundDocument {
    pub(super) text: Arc<str>,
    /// The hash under which the client wants the text to be kept, if the document may run.
    keep_as: Option<DocumentHash>,
}

impl Documents {
    /// Finds the document of a request. `organization` is that of the caller.
    ///
    /// # Errors
    ///
    /// [`RequestError::PersistedQueryNotFound`] if the hash is not known, [`RequestError::PersistedQueryMismatch`] if it
    /// is not that of the text, and [`RequestError::DocumentNotTrusted`].
    pub(super) fn find(
        &self,
        reference: DocumentReference,
        organization: impl FnOnce() -> Option<String>,
    ) -> Result<FoundDocument, RequestError> {
        if let DocumentReference::Both(text, hash) = &reference
            && DocumentHash::of(text) != *hash
        {
            return Err(RequestError::PersistedQueryMismatch);
        }
        let known = |text| FoundDocument { text, keep_as: None };
        match (self, reference) {
            (Self::Any(_), DocumentReference::Text(text)) => Ok(known(text.into())),
            (Self::Any(_), DocumentReference::Both(text, hash)) => {
                Ok(FoundDocument { text: text.into(), keep_as: Some(hash) })
            }
            (Self::Any(persisted), DocumentReference::Hash(hash)) => {
                persisted.get(organization(), hash).map(known).ok_or(RequestError::PersistedQueryNotFound)
            }
            (Self::Trusted(trusted), reference) => {
                let hash = match reference {
                    DocumentReference::Text(text) => DocumentHash::of(&text),
                    DocumentReference::Hash(hash) | DocumentReference::Both(_, hash) => hash,
                };
                trusted.get(hash).map(known).ok_or(RequestError::DocumentNotTrusted)
            }
        }
    }

    /// Keeps a document that may run for later requests of the organization, if its client wants it.
    pub(super) fn keep(&self, document: FoundDocument, organization: impl FnOnce() -> Option<String>) {
        if let (Self::Any(persisted), Some(hash)) = (self, document.keep_as) {
            persisted.insert(organization(), hash, document.text);
        }
    }
}
