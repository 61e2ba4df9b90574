//! The data of several lists, read together.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use convene_domain::{id::EventId, time::interval::Interval};

use super::OccurrenceQuery;
use crate::{
    catalogue::{CatalogueException, HeldEvent, Replica},
    occurrence::{scan::Source, timeline::Selection},
    pace::Pace,
    ports::{CatalogueQuery, CatalogueWindow},
};

/// The data of all lists.
pub(super) enum Sources {
    Replica(Arc<Replica>),
    /// A part of the windows of the lists. Lists with the same window share the data of its events.
    Windows(HashMap<Interval, BTreeMap<EventId, HeldEvent>>),
}

impl Sources {
    /// A part of the data, with a window for each query.
    pub(super) async fn of_part(
        queries: &[CatalogueQuery],
        part: Vec<CatalogueWindow>,
        pace: &mut Pace,
    ) -> Self {
        let mut windows = HashMap::with_capacity(part.len());
        for (query, CatalogueWindow { events, exceptions }) in queries.iter().zip(part) {
            let mut of_events: HashMap<EventId, Vec<Arc<CatalogueException>>> = HashMap::new();
            for exception in exceptions {
                of_events.entry(exception.key.event).or_default().push(exception);
            }
            let mut held_events = BTreeMap::new();
            for event in events {
                let exceptions = of_events.remove(&event.id).unwrap_or_default();
                pace.steps(1 + exceptions.len()).await;
                held_events.insert(event.id, HeldEvent::of(event, &exceptions));
            }
            windows.insert(query.window, held_events);
        }
        Self::Windows(windows)
    }

    /// The occurrences that a query asks for.
    pub(super) async fn of<'p, 's>(
        &'s self,
        query: &OccurrenceQuery,
        selection: &'p Selection,
        pace: &mut Pace,
    ) -> Source<'p, 's> {
        let wanted = query.events.as_ref().map(BTreeSet::from_iter);
        let part: Vec<&HeldEvent> = match (self, wanted) {
            (Self::Replica(replica), None) => return Source::of_all(replica, selection),
            (Self::Replica(replica), Some(wanted)) => {
                wanted.into_iter().filter_map(|id| replica.held_event(*id)).collect()
            }
            (Self::Windows(windows), wanted) => match (windows.get(&query.window), wanted) {
                (None, _) => Vec::new(),
                (Some(window), None) => window.values().collect(),
                (Some(window), Some(wanted)) => wanted.into_iter().filter_map(|id| window.get(id)).collect(),
            },
        };
        Source::of_part(&part, selection, pace).await
    }
}

/// One query for each window, with the events of all lists. A list of no events needs no data.
pub(super) fn merged(queries: &[OccurrenceQuery]) -> Vec<CatalogueQuery> {
    let mut wanted: HashMap<Interval, Option<BTreeSet<EventId>>> = HashMap::new();
    for query in queries.iter().filter(|query| query.events.as_ref().is_none_or(|events| !events.is_empty()))
    {
        let events = wanted.entry(query.window).or_insert_with(|| Some(BTreeSet::new()));
        match (events.as_mut(), &query.events) {
            (Some(known), Some(more)) => known.extend(more),
            _ => *events = None,
        }
    }
    let query = |(window, events): (_, Option<BTreeSet<EventId>>)| CatalogueQuery {
        window,
        events: events.map(Vec::from_iter),
    };
    wanted.into_iter().map(query).collect()
}
