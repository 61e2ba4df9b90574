//! Loading of a replica, page by page.

use bson::doc;
use convene_application::{
    caller::TenantScope,
    catalogue::{CatalogueEvent, Delta, Replica},
    pace::Pace,
};
use convene_domain::event::Event;
use serde::Deserialize;
use tokio::sync::{Semaphore, SemaphorePermit};

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

/// The number of events or exceptions of a page that is read without a permit, and of the first one, whose events may be large.
const SMALL_PAGE: usize = 25;
const FIRST_PAGE: usize = 5;

/// The bytes of a catalogue that is loaded without a permit: small organizations do not wait for large ones, and too many of them
/// to fit into memory are not loaded at a time.
const SMALL_BYTES: usize = 64 << 10;

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

/// Permits to load what is not small.
struct Turns<'p> {
    permits: &'p Semaphore,
    permit: Option<SemaphorePermit<'p>>,
}

impl<'p> Turns<'p> {
    const fn new(permits: &'p Semaphore) -> Self {
        Self { permits, permit: None }
    }

    /// The size of the next page: the given one with a permit, and a small one without a permit as long as the catalogue is small.
    async fn page(&mut self, is_small: bool, size: usize) -> usize {
        if self.permit.is_none() && !is_small {
            // The semaphore is never closed.
            self.permit = self.permits.acquire().await.ok();
        }
        if self.permit.is_some() { size } else { size.min(SMALL_PAGE) }
    }
}

/// Loads the catalogue of an organization, unless it is larger than this number of bytes.
///
/// The pages are read one after the other, each with a permit of its own, so they may differ in time. Everything that has
/// changed since the first of them is then read again from one snapshot.
pub(super) async fn load(
    database: &Database,
    scope: &TenantScope,
    max_bytes: usize,
    permits: &Semaphore,
) -> Result<Loaded, StorageError> {
    let mut turns = Turns::new(permits);
    for _ in 0..ATTEMPTS {
        let mut replica = Replica::empty(revision(database, scope).await?);
        if !add_events(database, scope, &mut replica, max_bytes, &mut turns).await?
            || !add_exceptions(database, scope, &mut replica, max_bytes, &mut turns).await?
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

fn is_small(replica: &Replica) -> bool {
    replica.bytes() <= SMALL_BYTES
}

/// Adds all events. Returns false if the replica is too large.
async fn add_events(
    database: &Database,
    scope: &TenantScope,
    replica: &mut Replica,
    max_bytes: usize,
    turns: &mut Turns<'_>,
) -> Result<bool, StorageError> {
    let (mut last, mut next) = (String::new(), FIRST_PAGE);
    while replica.bytes() <= max_bytes {
        let size = turns.page(is_small(replica), next).await;
        let query = Query::from(doc! { "_id": { "$gt": &last } }).sorted(doc! { "_id": 1 }).limited(size);
        let query = query.projected(doc! { "search": 0 }).hinted("by_id");
        let page: Vec<EventDocument> = database.collection(scope, &schema::EVENTS).find(query).await?;
        let is_last = page.len() < size;
        if let Some(document) = page.last() {
            last.clone_from(&document.id);
        }
        let events: Vec<Event> = read_in_parts(page).await?;
        let events: Vec<_> = events.into_iter().map(CatalogueEvent::from).collect();
        let bytes: usize = events.iter().map(CatalogueEvent::bytes).sum();
        next = if bytes > LARGE_EVENT_BYTES * events.len() { LARGE_EVENTS } else { EVENTS };
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
    turns: &mut Turns<'_>,
) -> Result<bool, StorageError> {
    let (mut from, mut next, mut has_advanced) = (0, PAGE, true);
    while replica.bytes() <= max_bytes {
        let size = turns.page(is_small(replica) && has_advanced, next).await;
        let query =
            Query::from(doc! { "revision": { "$gte": from } }).sorted(doc! { "revision": 1 }).limited(size);
        let page: Vec<OccurrenceDocument> =
            database.collection(scope, &schema::OCCURRENCES).find(query).await?;
        let is_last = page.len() < size;
        // The exceptions of the last revision may continue on the next page, which begins with it. A page that contains nothing
        // else does not advance, so the next one is larger.
        let last = page.last().and_then(|document| document.revision).unwrap_or_default();
        has_advanced = last != from;
        next = if has_advanced { PAGE } else { size.max(PAGE).saturating_mul(2) };
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

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[test]
    fn only_what_is_not_small_waits_for_a_permit() {
        let permits = Semaphore::new(1);
        let (mut large, mut small) = (Turns::new(&permits), Turns::new(&permits));
        assert_eq!(large.page(true, EVENTS).now_or_never(), Some(SMALL_PAGE));
        assert_eq!(large.page(false, EVENTS).now_or_never(), Some(EVENTS));
        assert_eq!(small.page(true, FIRST_PAGE).now_or_never(), Some(FIRST_PAGE));
        assert_eq!(small.page(false, EVENTS).now_or_never(), None);
        drop(large);
        assert_eq!(small.page(false, EVENTS).now_or_never(), Some(EVENTS));
    }
}
