//! The difference between a replica and the database.

use bson::doc;
use convene_application::{
    caller::TenantScope,
    catalogue::{CatalogueEvent, Delta, Replica},
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

/// The revisions of a part, and of one that follows large events. A revision changes one event, of some hundred kilobytes while it
/// is read, and its exceptions.
const REVISIONS: i64 = 100;
const LARGE_REVISIONS: i64 = 10;

/// The revisions from which on a replica is loaded again instead of updated: to follow them takes as many commands as to load the
/// events of a large catalogue, and the request that does so has ten seconds.
const MAX_REVISIONS: i64 = 10_000;

/// The bytes that an exception takes while it is read, about.
const EXCEPTION_BYTES: usize = 1 << 10;

/// The bytes of a former id in a document, about.
const ID_BYTES: usize = 64;

/// The bytes of a part from which on the next one is smaller.
const LARGE: usize = 1 << 20;

/// The result of bringing a replica up to date.
pub(super) enum Followed {
    Current(Replica),
    /// The changes are not stored any more.
    Unknown,
    /// More has changed than was to be read.
    TooMuch,
}

/// Brings a replica to this revision or a later one, in parts, unless more than a number of bytes has changed.
///
/// Each part but the last one ends at a revision that was committed before. What changes while parts are read has a later
/// revision, so a later part has it. Each part is from one snapshot. Between the parts, the replica is at no revision.
pub(super) async fn follow(
    database: &Database,
    scope: &TenantScope,
    start: &Replica,
    required: i64,
    max_bytes: usize,
) -> Result<Followed, StorageError> {
    if required - start.revision() > MAX_REVISIONS {
        return Ok(Followed::TooMuch);
    }
    let (mut size, mut read_bytes) = (LARGE_REVISIONS, 0);
    let mut followed: Option<Replica> = None;
    loop {
        let replica = followed.as_ref().unwrap_or(start);
        let until = Some(replica.revision() + size).filter(|until| *until < required);
        let Some(delta) = read(database, scope, replica.revision(), until).await? else {
            return Ok(Followed::Unknown);
        };
        let bytes = delta.events.iter().map(CatalogueEvent::bytes).sum::<usize>()
            + delta.exceptions.len() * EXCEPTION_BYTES;
        size = if bytes > LARGE { LARGE_REVISIONS } else { REVISIONS };
        read_bytes += bytes;
        if read_bytes > max_bytes {
            return Ok(Followed::TooMuch);
        }
        let updated = replica.updated(delta).await;
        if until.is_none() {
            return Ok(Followed::Current(updated));
        }
        followed = Some(updated);
    }
}

/// Reads everything that has changed after a revision, up to another one or everything, from one snapshot.
///
/// Each revision is stored, so a missing one means that it has expired, was written by a program that does not store them, or
/// removed too much. The result is then `None`, and a replica must be loaded again.
async fn read(
    database: &Database,
    scope: &TenantScope,
    after: i64,
    until: Option<i64>,
) -> Result<Option<Delta>, StorageError> {
    let mut revisions = database.collection(scope, &schema::REVISIONS);
    let mut range = doc! { "$gt": after };
    range.extend(until.map(|until| ("$lte".to_owned(), until.into())));
    let later = doc! { "revision": range };
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
            pace.steps(document.as_bytes().len() / ID_BYTES).await;
            let document: RevisionDocument = decode(&schema::REVISIONS, &document)?;
            latest = latest.max(document.revision);
            stored += 1;
            delta.deleted_events.extend(document.deleted_events);
            delta.former_exceptions.extend(document.former_exceptions);
        }
    }
    // A unique index guarantees that no revision is stored twice.
    delta.revision = latest;
    Ok((stored == until.unwrap_or(latest) - after).then_some(delta))
}
