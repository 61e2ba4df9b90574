//! Loading of a replica, page by page.

use bson::doc;
use convene_application::{
    caller::TenantScope,
    catalogue::{CatalogueEvent, Delta, Replica},
    pace::Pace,
};
use convene_domain::event::Event;
use serde::Deserialize;

use super::delta::{self, Followed};
use crate::{
    database::Database,
    documents::{event::EventDocument, occurrence::OccurrenceDocument, read_in_parts},
    error::StorageError,
    schema,
    scoped::Query,
};

/// The number of events of a page.
const EVENTS: usize = 100;

/// The number of events of the first page, and of one that follows large events, which take some hundred kilobytes while they are
/// read.
const LARGE_EVENTS: usize = 10;

/// The average size in bytes from which on events are large.
const LARGE_EVENT_BYTES: usize = 10 << 10;

/// The number of exceptions of a page.
const PAGE: usize = 500;

/// The number of attempts to load a catalogue that changes in a way that cannot be followed.
const ATTEMPTS: usize = 3;

/// The result of loading.
pub(super) enum Loaded {
    Replica(Replica),
    /// The catalogue takes more bytes than allowed.
    TooLarge,
}

/// The revision of the organization's catalogue; 0 if there is no such organization.
pub(super) async fn revision(database: &Database, scope: &TenantScope) -> Result<i64, StorageError> {
    #[derive(Deserialize)]
    struct Revised {
        revision: i64,
    }
    let query = Query::from(doc! {}).projected(doc! { "revision": 1 });
    let found: Option<Revised> = database.collection(scope, &schema::ORGANIZATIONS).find_one(query).await?;
    Ok(found.map_or(0, |organization| organization.revision))
}

/// Loads the catalogue of an organization, unless it is larger than this number of bytes.
///
/// The pages are read one after the other, each with a permit of its own, so they may differ in time. Everything that has
/// changed since the first of them is then read again from one snapshot.
pub(super) async fn load(
    database: &Database,
    scope: &TenantScope,
    max_bytes: usize,
) -> Result<Loaded, StorageError> {
    for _ in 0..ATTEMPTS {
        let mut replica = Replica::empty(revision(database, scope).await?);
        if !add_events(database, scope, &mut replica, max_bytes).await?
            || !add_exceptions(database, scope, &mut replica, max_bytes).await?
        {
            return Ok(Loaded::TooLarge);
        }
        let required = revision(database, scope).await?;
        match delta::follow(database, scope, &replica, required, usize::MAX).await? {
            Followed::Current(replica) if replica.bytes() <= max_bytes => {
                return Ok(Loaded::Replica(replica));
            }
            Followed::Current(_) => return Ok(Loaded::TooLarge),
            Followed::Unknown | Followed::TooMuch => {}
        }
    }
    Err(StorageError::Outdated("a catalogue that was being loaded"))
}

/// Adds all events. Returns false if the replica is too large.
async fn add_events(
    database: &Database,
    scope: &TenantScope,
    replica: &mut Replica,
    max_bytes: usize,
) -> Result<bool, StorageError> {
    let (mut last, mut size) = (String::new(), LARGE_EVENTS);
    while replica.bytes() <= max_bytes {
        let query = Query::from(doc! { "_id": { "$gt": &last } }).sorted(doc! { "_id": 1 }).limited(size);
        let query = query.projected(doc! { "search": 0 });
        let page: Vec<EventDocument> = database.collection(scope, &schema::EVENTS).find(query).await?;
        let is_last = page.len() < size;
        if let Some(document) = page.last() {
            last.clone_from(&document.id);
        }
        let events: Vec<Event> = read_in_parts(page).await?;
        let events: Vec<_> = events.into_iter().map(CatalogueEvent::from).collect();
        let bytes: usize = events.iter().map(CatalogueEvent::bytes).sum();
        size = if bytes > LARGE_EVENT_BYTES * events.len() { LARGE_EVENTS } else { EVENTS };
        let revision = replica.revision();
        replica.apply(Delta { revision, events, ..Delta::default() }, &mut Pace::default()).await;
        if is_last {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Adds all exceptions. Returns false if the replica is too large.
async fn add_exceptions(
    database: &Database,
    scope: &TenantScope,
    replica: &mut Replica,
    max_bytes: usize,
) -> Result<bool, StorageError> {
    let (mut from, mut size) = (0, PAGE);
    while replica.bytes() <= max_bytes {
        let query =
            Query::from(doc! { "revision": { "$gte": from } }).sorted(doc! { "revision": 1 }).limited(size);
        let page: Vec<OccurrenceDocument> =
            database.collection(scope, &schema::OCCURRENCES).find(query).await?;
        let is_last = page.len() < size;
        // The exceptions of the last revision may continue on the next page, which begins with it. A page that contains nothing
        // else does not advance, so the next one is larger.
        let last = page.last().and_then(|document| document.revision).unwrap_or_default();
        size = if last == from { size.saturating_mul(2) } else { PAGE };
        from = last;
        let exceptions = read_in_parts(page).await?;
        let revision = replica.revision();
        replica.apply(Delta { revision, exceptions, ..Delta::default() }, &mut Pace::default()).await;
        if is_last {
            return Ok(true);
        }
    }
    Ok(false)
}
