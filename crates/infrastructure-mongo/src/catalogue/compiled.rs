use std::{sync::Arc, time::Duration};

use bson::{Document, doc};
use convene_application::{catalogue::CatalogueEvent, pace::Pace};
use convene_domain::{event::Event, id::EventId};
use moka::sync::Cache;
use serde::Deserialize;

use crate::{
    documents::{
        Converted,
        event::EventDocument,
        ids::{read_id, texts},
    },
    error::Attempt,
    schema,
    scoped::Query,
    transaction::Transaction,
};

/// The size of the cache in bytes: some ten thousand events with short descriptions.
const MAX_BYTES: u64 = 64 << 20;

/// The size in bytes while only catalogues that are too large for a replica are read.
const MAX_BYTES_BESIDE_REPLICAS: u64 = 16 << 20;

/// The time after which an unused event is dropped. That of a deleted organization is never used again.
const UNUSED: Duration = Duration::from_secs(3_600);

/// The number of events that are read at once. The largest documents take some hundred kilobytes.
const READ_AT_ONCE: usize = 25;

/// A cache of events with their compiled series.
///
/// The key of a state is the event's id and the revision of the catalogue that stored it. An entry is therefore never
/// stale: the current states are read from the database each time.
#[derive(Clone)]
pub(super) struct CompiledEvents(Cache<State, Arc<CatalogueEvent>>);

/// The key of an event's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
struct State {
    #[serde(rename = "_id", deserialize_with = "read_id")]
    id: EventId,
    revision: i64,
}

impl CompiledEvents {
    pub(super) fn new(has_replicas: bool) -> Self {
        let weight =
            |_: &State, event: &Arc<CatalogueEvent>| u32::try_from(event.bytes()).unwrap_or(u32::MAX);
        let max_bytes = if has_replicas { MAX_BYTES_BESIDE_REPLICAS } else { MAX_BYTES };
        Self(Cache::builder().weigher(weight).max_capacity(max_bytes).time_to_idle(UNUSED).build())
    }

    /// Finds the events that pass the filter.
    pub(super) async fn find(
        &self,
        transaction: &mut Transaction<'_>,
        filter: Document,
    ) -> Attempt<Vec<Arc<CatalogueEvent>>> {
        let query = Query::from(filter).projected(doc! { "_id": 1, "revision": 1 });
        let states: Vec<State> = transaction.collection(&schema::EVENTS).find(query).await?;
        let mut found = Vec::with_capacity(states.len());
        let mut unknown: Vec<EventId> = Vec::new();
        let mut pace = Pace::default();
        for state in &states {
            pace.steps(1).await;
            match self.0.get(state) {
                Some(event) => found.push(event),
                None => unknown.push(state.id),
            }
        }
        for ids in unknown.chunks(READ_AT_ONCE) {
            let query = Query::from(doc! { "_id": { "$in": texts(ids) } }).projected(doc! { "search": 0 });
            let documents: Vec<EventDocument> = transaction.collection(&schema::EVENTS).find(query).await?;
            for document in documents {
                pace.steps(document.steps()).await;
                let revision = document.revision;
                let event = Arc::new(CatalogueEvent::from(Event::try_from(document)?));
                self.0.insert(State { id: event.id, revision }, Arc::clone(&event));
                found.push(event);
            }
        }
        Ok(found)
    }
}
