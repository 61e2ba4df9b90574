//! The folded texts of events and issues, which only this program can compute.

use bson::{Document, doc};
use convene_domain::text::{Description, FoldedText, Title};
use mongodb::{ClientSession, Database};

use super::{Finding, collection};
use crate::{
    error::StorageError,
    schema::{CollectionSchema, EVENTS, ISSUES},
};

/// The invariants, each with its collection.
const FOLDED: [(&str, &CollectionSchema); 2] = [
    ("the search text of an event is its folded title and description", &EVENTS),
    ("the search text of an issue is its folded title and description", &ISSUES),
];

/// Compares every stored search text with its object.
pub(super) async fn check(
    database: &Database,
    session: &mut ClientSession,
) -> Result<Vec<Finding>, StorageError> {
    let mut findings = Vec::with_capacity(FOLDED.len());
    for (invariant, schema) in FOLDED {
        let mut finding = Finding::new(invariant);
        let collection = collection::<Document>(database, schema);
        let texts = doc! { "title": 1, "description": 1, "search": 1 };
        let find = collection.find(doc! {});
        let mut found = find.projection(texts).session(&mut *session).await?;
        while let Some(mut document) = found.next(session).await.transpose()? {
            finding.examined += 1;
            if !is_folded(&document) {
                document.remove("description");
                finding.add(document);
            }
        }
        findings.push(finding);
    }
    Ok(findings)
}

fn is_folded(document: &Document) -> bool {
    let text = |field| document.get_str(field).unwrap_or_default();
    let (Ok(title), Ok(description)) = (Title::parse(text("title")), Description::parse(text("description")))
    else {
        return false;
    };
    text("search") == FoldedText::of_object(&title, &description).as_str()
}
