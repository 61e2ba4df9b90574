//! Documents that this program can read.

use bson::{RawDocument, RawDocumentBuf, doc};
use convene_domain::{event::Event, occurrence::StoredOccurrence};
use mongodb::{ClientSession, Database};

use super::{Finding, collection};
use crate::{
    decode::decode,
    documents::{event::EventDocument, occurrence::OccurrenceDocument},
    error::StorageError,
    schema::{CollectionSchema, EVENTS, OCCURRENCES},
};

type Reader = fn(&RawDocument) -> Result<(), StorageError>;

/// The invariants, each with its collection.
const READABLE: [(&str, &CollectionSchema, Reader); 2] = [
    ("every event can be read", &EVENTS, |document| {
        Ok(Event::try_from(decode::<EventDocument>(&EVENTS, document)?).map(drop)?)
    }),
    ("every occurrence can be read", &OCCURRENCES, |document| {
        Ok(StoredOccurrence::try_from(decode::<OccurrenceDocument>(&OCCURRENCES, document)?).map(drop)?)
    }),
];

/// Reads every document.
pub(super) async fn check(
    database: &Database,
    session: &mut ClientSession,
) -> Result<Vec<Finding>, StorageError> {
    let mut findings = Vec::with_capacity(READABLE.len());
    for (invariant, schema, read) in READABLE {
        let mut finding = Finding::new(invariant);
        let collection = collection::<RawDocumentBuf>(database, schema);
        let mut found = collection.find(doc! {}).session(&mut *session).await?;
        while let Some(document) = found.next(session).await.transpose()? {
            finding.examined += 1;
            if let Err(error) = read(&document) {
                let id = document.get_str("_id").unwrap_or_default();
                finding.add(doc! { "_id": id, "error": error.to_string() });
            }
        }
        findings.push(finding);
    }
    Ok(findings)
}
