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

/// The permits to load a catalogue, not counting those of up to [`SMALL_BYTES`]: one for catalogues of any size, and one for small
/// ones, which do not wait for the largest ones.
pub(super) struct Loads {
    any: Semaphore,
    small: Semaphore,
    /// The bytes up to which a catalogue is small.
    pub(super) small_bytes: usize,
}

impl Loads {
    pub(super) const fn new(small_bytes: usize) -> Self {
        Self { any: Semaphore::const_new(1), small: Semaphore::const_new(1), small_bytes }
    }
}

/// The permit of one load.
struct Turns<'p> {
    loads: &'p Loads,
    permit: Permit<'p>,
}

enum Permit<'p> {
    None,
    Small(SemaphorePermit<'p>),
    Any(SemaphorePermit<'p>),
}

impl<'p> Turns<'p> {
    const fn new(loads: &'p Loads) -> Self {
        Self { loads, permit: Permit::None }
    }

    /// The size of the next page of a catalogue of which so many bytes are loaded: the given one with a permit, and a small one as
    /// long as none is needed.
    async fn page(&mut self, bytes: usize, size: usize) -> usize {
        let Loads { any, small, small_bytes } = self.loads;
        let is_small = bytes <= *small_bytes;
        self.permit = match std::mem::replace(&mut self.permit, Permit::None) {
            Permit::None if bytes <= SMALL_BYTES => return size.min(SMALL_PAGE),
            // The semaphores are never closed.
            Permit::None if is_small => tokio::select! {
                biased;
                permit = any.acquire() => permit.map_or(Permit::None, Permit::Any),
                permit = small.acquire() => permit.map_or(Permit::None, Permit::Small),
            },
            Permit::Small(permit) if is_small => Permit::Small(permit),
            Permit::Any(permit) => Permit::Any(permit),
            others => {
                drop(others);
                any.acquire().await.map_or(Permit::None, Permit::Any)
            }
        };
        size
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
    loads: &Loads,
) -> Result<Loaded, StorageError> {
    let mut turns = Turns::new(loads);
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
        let size = turns.page(replica.bytes(), next).await;
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
        let bytes = replica.bytes();
        let size = turns.page(if has_advanced { bytes } else { bytes.max(SMALL_BYTES + 1) }, next).await;
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
        let loads = Loads::new(2 * SMALL_BYTES);
        let [mut large, mut other, mut small] = std::array::from_fn(|_| Turns::new(&loads));
        assert_eq!(large.page(SMALL_BYTES, EVENTS).now_or_never(), Some(SMALL_PAGE));
        assert_eq!(large.page(SMALL_BYTES + 1, EVENTS).now_or_never(), Some(EVENTS));
        assert_eq!(other.page(SMALL_BYTES, FIRST_PAGE).now_or_never(), Some(FIRST_PAGE));
        assert_eq!(other.page(2 * SMALL_BYTES, EVENTS).now_or_never(), Some(EVENTS));
        assert_eq!(small.page(2 * SMALL_BYTES, EVENTS).now_or_never(), None);
        assert_eq!(other.page(2 * SMALL_BYTES + 1, EVENTS).now_or_never(), None, "it is not small");
        assert_eq!(small.page(2 * SMALL_BYTES, EVENTS).now_or_never(), Some(EVENTS));
        drop(large);
        assert_eq!(other.page(usize::MAX, EVENTS).now_or_never(), Some(EVENTS));
    }
}
