//! The difference between a replica and the database.

use bson::doc;
use convene_application::{
    caller::TenantScope,
    catalogue::{CatalogueEvent, Delta},
    pace::Pace,
};
use convene_domain::{event::Event, occurrence::StoredOccurrence};

use crate::{
    database::Database,
    decode::decode,
    documents::{
        CONVERSION, Converted, event::EventDocument, occurrence::OccurrenceDocument,
        revision::RevisionDocument,
    },
    error::StorageError,
    schema,
    scoped::Located,
};

/// Reads everything that has changed after a revision, from one snapshot.
///
/// Each revision is stored, so a missing one means that it has expired, was written by a program that does not store them, or
/// removed too much. The result is then `None`, and a replica must be loaded again.
pub(super) async fn read(
    database: &Database,
    scope: &TenantScope,
    after: i64,
) -> Result<Option<Delta>, StorageError> {
    let mut revisions = database.collection(scope, &schema::REVISIONS);
    let later = doc! { "revision": { "$gt": after } };
    let found = revisions.find_across([&schema::EVENTS, &schema::OCCURRENCES], later, "search").await?;
    let mut delta = Delta { revision: after, ..Delta::default() };
    let mut latest = after;
    let mut stored: i64 = 0;
    let mut pace = Pace::default();
    for Located { collection, document } in found {
        pace.steps(CONVERSION).await;
        if collection == schema::EVENTS.name {
            let document: EventDocument = decode(&schema::EVENTS, &document)?;
            pace.steps(document.steps()).await;
            latest = latest.max(document.revision);
            delta.events.push(CatalogueEvent::from(Event::try_from(document)?));
        } else if collection == schema::OCCURRENCES.name {
            let document: OccurrenceDocument = decode(&schema::OCCURRENCES, &document)?;
            latest = latest.max(document.revision.unwrap_or_default());
            delta.exceptions.push(StoredOccurrence::try_from(document)?);
        } else {
            let document: RevisionDocument = decode(&schema::REVISIONS, &document)?;
            latest = latest.max(document.revision);
            stored += 1;
            delta.deleted_events.extend(document.deleted_events()?);
            delta.former_exceptions.extend(document.former_exceptions()?);
        }
    }
    // A unique index guarantees that no revision is stored twice.
    delta.revision = latest;
    Ok((stored == latest - after).then_some(delta))
}
