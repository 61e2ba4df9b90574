//! Documents that this program can read.

use bson::{RawDocument, RawDocumentBuf, doc};
use convene_domain::{event::Event, occurrence::StoredOccurrence};
use mongodb::{ClientSession, Database};

use super::{Finding, MAX_EXAMPLES, Violation, collection};
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
        let mut finding = Finding { invariant, examined: 0, violations: 0, examples: Vec::new() };
        let collection = collection::<RawDocumentBuf>(database, schema);
        let mut found = collection.find(doc! {}).session(&mut *session).await?;
        while let Some(document) = found.next(session).await.transpose()? {
            finding.examined += 1;
            let Err(error) = read(&document) else { continue };
            finding.violations += 1;
            if finding.examples.len() < MAX_EXAMPLES {
                let id = document.get_str("_id").unwrap_or_default();
                finding.examples.push(Violation::of(doc! { "_id": id, "error": error.to_string() }));
            }
        }
        findings.push(finding);
    }
    Ok(findings)
}
