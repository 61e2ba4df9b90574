//! The data of windows in parts of bounded size.

use std::{
    collections::{BTreeMap, HashMap},
    mem,
    time::Duration,
    vec,
};

use async_trait::async_trait;
use bson::doc;
use convene_application::{
    caller::TenantScope,
    failure::Fault,
    ports::{CatalogueQuery, CatalogueWindow, WindowParts},
};
use convene_domain::id::EventId;
use serde::Deserialize;
use tokio::{sync::OwnedSemaphorePermit, time::Instant};

use super::{MongoCatalogue, load, windows};
use crate::{
    admission::Permit,
    database::Database,
    deadline::{WAIT, earliest},
    documents::ids::{read_id, texts},
    error::StorageError,
    schema,
    scoped::Query,
};

/// The bytes of the documents of a part. While they are read, they take several times as many.
const BYTES: u64 = 4 << 20;

/// The number of parts after which the time of the others is estimated.
const MIN_MEASURED_PARTS: usize = 3;

/// The number of events of a part.
const EVENTS: usize = 2_000;

/// Parts that are read from the database when they are asked for.
pub(super) struct Parts {
    catalogue: MongoCatalogue,
    scope: TenantScope,
    queries: Vec<CatalogueQuery>,
    parts: vec::IntoIter<Vec<EventId>>,
    progress: PartsProgress,
    /// The revision of the catalogue before the first part.
    revision: i64,
    /// The permit for the part that the caller has.
    permit: Option<Permit>,
    /// A turn of the organization, if there are turns.
    _turn: Option<OwnedSemaphorePermit>,
}

impl Parts {
    pub(super) async fn begin(
        catalogue: MongoCatalogue,
        scope: &TenantScope,
        queries: &[CatalogueQuery],
        turn: Option<OwnedSemaphorePermit>,
    ) -> Result<Self, StorageError> {
        let revision = load::revision(&catalogue.database, scope).await?;
        let sizes = sizes(&catalogue.database, scope, queries).await?;
        let (scope, queries) = (*scope, queries.to_vec());
        let parts = parted(sizes).into_iter();
        let progress = PartsProgress::default();
        Ok(Self { catalogue, scope, queries, parts, progress, revision, permit: None, _turn: turn })
    }
}

/// The parts that were read, and the time that they took, without the waits for permits.
#[derive(Debug, Clone, Copy, Default)]
struct PartsProgress {
    read: usize,
    taken: Duration,
    /// The time at which the present part got its permit.
    since: Option<Instant>,
}

impl PartsProgress {
    fn begin_part(&mut self, now: Instant) {
        self.since = Some(now);
    }

    fn end_part(&mut self, now: Instant) {
        if let Some(since) = self.since.take() {
            self.read += 1;
            self.taken += now.duration_since(since);
        }
    }

    /// Tests whether so many parts cannot be read until then, even at twice the speed: the request would read the database until its
    /// deadline for nothing.
    fn is_hopeless(self, remaining: usize, now: Instant, until: Instant) -> bool {
        let times = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let left = until.duration_since(now);
        let needed = self.taken.saturating_mul(times(remaining));
        self.read >= MIN_MEASURED_PARTS && needed > left.saturating_mul(times(2 * self.read))
    }
}

#[async_trait]
impl WindowParts for Parts {
    async fn next_part(&mut self) -> Result<Option<Vec<CatalogueWindow>>, Fault> {
        self.permit = None;
        let now = Instant::now();
        self.progress.end_part(now);
        let remaining = self.parts.len();
        let Some(events) = self.parts.next() else { return Ok(None) };
        let end = self.scope.deadline().time().map(Instant::from_std);
        if end.is_some_and(|end| self.progress.is_hopeless(remaining, now, end)) {
            return Err(Fault::Overloaded);
        }
        let until = earliest(WAIT, self.scope.deadline());
        self.permit = Some(self.catalogue.reads.enter((&self.scope).into(), until).await?);
        self.progress.begin_part(Instant::now());
        self.catalogue.read_windows(&self.scope, &self.queries, &events).await.map(Some)
    }

    async fn are_of_one_state(&mut self) -> Result<bool, Fault> {
        self.permit = None;
        Ok(load::revision(&self.catalogue.database, &self.scope).await? == self.revision)
    }
}

/// The size of a document, or of several.
#[derive(Deserialize)]
struct Sized {
    #[serde(rename = "_id", deserialize_with = "read_id")]
    id: EventId,
    bytes: i64,
}

/// The events that may have occurrences in the windows, each with the bytes of its document and its exceptions.
async fn sizes(
    database: &Database,
    scope: &TenantScope,
    queries: &[CatalogueQuery],
) -> Result<BTreeMap<EventId, u64>, StorageError> {
    let mut sizes = BTreeMap::new();
    let (of_events, of_exceptions) = windows::candidates(queries);
    let bytes = doc! { "$bsonSize": "$$ROOT" };
    for query in of_exceptions {
        let sum = doc! { "$group": { "_id": "$event", "bytes": { "$sum": &bytes } } };
        let mut exceptions = database.collection(scope, &schema::OCCURRENCES);
        add(&mut sizes, exceptions.aggregate::<Sized>(query, vec![sum]).await?);
    }
    let mut events: HashMap<EventId, Sized> = HashMap::new();
    let measured = async |query: Query| -> Result<Vec<(EventId, Sized)>, StorageError> {
        let stage = doc! { "$project": { "bytes": &bytes } };
        let measured = database.collection(scope, &schema::EVENTS).aggregate(query, vec![stage]).await?;
        Ok(measured.into_iter().map(|sized: Sized| (sized.id, sized)).collect())
    };
    for query in of_events {
        events.extend(measured(query).await?);
    }
    let others = texts(sizes.keys().filter(|id| !events.contains_key(*id)));
    if !others.is_empty() {
        events.extend(measured(doc! { "_id": { "$in": others } }.into()).await?);
    }
    add(&mut sizes, events.into_values());
    Ok(sizes)
}

fn add(sizes: &mut BTreeMap<EventId, u64>, sized: impl IntoIterator<Item = Sized>) {
    for Sized { id, bytes } in sized {
        *sizes.entry(id).or_default() += bytes.unsigned_abs();
    }
}

/// Divides events into parts.
fn parted(sizes: BTreeMap<EventId, u64>) -> Vec<Vec<EventId>> {
    let (mut parts, mut part, mut bytes) = (Vec::new(), Vec::new(), 0);
    for (id, size) in sizes {
        if !part.is_empty() && (bytes + size > BYTES || part.len() == EVENTS) {
            parts.push(mem::take(&mut part));
            bytes = 0;
        }
        bytes += size;
        part.push(id);
    }
    if !part.is_empty() {
        parts.push(part);
    }
    parts
}

#[cfg(test)]
mod tests {

    use convene_application::testing::builders::fresh_uuid;

    use super::*;

    fn parts_of(sizes: &[u64]) -> Vec<usize> {
        let sized = sizes.iter().map(|size| (EventId::from_uuid(fresh_uuid()), *size)).collect();
        parted(sized).iter().map(Vec::len).collect()
    }

    #[test]
    fn reading_that_cannot_end_in_time_is_given_up_early() {
        let begun = Instant::now();
        let after = |milliseconds| begun + Duration::from_millis(milliseconds);
        let hopeless = |read, remaining, now| {
            let mut progress = PartsProgress::default();
            for _ in 0..read {
                progress.begin_part(begun);
                progress.end_part(begun + Duration::from_millis(now / read));
            }
            progress.is_hopeless(remaining, after(now), after(10_000))
        };
        assert!(
            !PartsProgress::default().is_hopeless(1_000, after(9_000), after(10_000))
                && !hopeless(2, 1_000, 2_000),
            "nothing is known yet"
        );
        assert!(hopeless(4, 100, 1_000), "25 s, and 9 s are left");
        assert!(!hopeless(4, 60, 1_000), "15 s, and the others may be smaller");
        assert!(!hopeless(40, 2, 9_000), "it has nearly ended");
        let waited = PartsProgress { read: 3, taken: Duration::from_millis(60), since: None };
        assert!(!waited.is_hopeless(21, after(3_000), after(10_000)), "waits do not count");
    }

    #[test]
    fn a_part_has_a_bounded_number_of_events_and_bytes() {
        assert!(parts_of(&[]).is_empty());
        assert_eq!(parts_of(&[1; 2_001]), [2_000, 1]);
        assert_eq!(parts_of(&[BYTES / 2; 5]), [2, 2, 1]);
        assert_eq!(parts_of(&[2 * BYTES; 2]), [1, 1], "each event belongs to a part");
    }
}
