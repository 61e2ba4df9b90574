use std::sync::Arc;

use bson::{Document, doc};
use convene_domain::event::Event;
use moka::sync::Cache;
use serde::Deserialize;

use crate::{
    documents::event::EventDocument, error::Attempt, schema, scoped::Query, transaction::Transaction,
};

/// How much memory compiled events may take, in bytes: some ten thousand events with short descriptions.
const MOST_BYTES: u64 = 64 << 20;
/// What an event takes besides its texts, roughly.
const EVENT_BYTES: usize = 4_096;

/// Events with their compiled series, as long as they stay as they are.
///
/// An event's state is known by the event's id and the catalogue's revision that the state came with. What is
/// looked up here is therefore never stale: which states are current is asked of the database each time.
#[derive(Clone)]
pub(super) struct CompiledEvents(Cache<State, Arc<Event>>);

/// A state of an event.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
struct State {
    #[serde(rename = "_id")]
    id: String,
    revision: i64,
}

impl CompiledEvents {
    pub(super) fn new() -> Self {
        let weight = |_: &State, event: &Arc<Event>| {
            let texts = event.title.as_str().len() + event.description.as_str().len();
            u32::try_from((1 + event.earlier.len()) * EVENT_BYTES + texts).unwrap_or(u32::MAX)
        };
        Self(Cache::builder().weigher(weight).max_capacity(MOST_BYTES).build())
    }

    /// The events that pass the filter.
    pub(super) async fn find(
        &self,
        transaction: &mut Transaction<'_>,
        filter: Document,
    ) -> Attempt<Vec<Arc<Event>>> {
        let query = Query::from(filter).projected(doc! { "_id": 1, "revision": 1 });
        let states: Vec<State> = transaction.collection(&schema::EVENTS).find(query).await?;
        let mut found = Vec::with_capacity(states.len());
        let mut unknown: Vec<&str> = Vec::new();
        for state in &states {
            match self.0.get(state) {
                Some(event) => found.push(event),
                None => unknown.push(&state.id),
            }
        }
        if unknown.is_empty() {
            return Ok(found);
        }
        let filter = doc! { "_id": { "$in": unknown } };
        let documents: Vec<EventDocument> = transaction.collection(&schema::EVENTS).find(filter).await?;
        for document in documents {
            let state = State { id: document.id.clone(), revision: document.revision };
            let event = Arc::new(Event::try_from(document)?);
            self.0.insert(state, Arc::clone(&event));
            found.push(event);
        }
        Ok(found)
    }
}
