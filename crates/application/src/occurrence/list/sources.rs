//! The data of several lists, read together.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use convene_domain::{id::EventId, time::interval::Interval};

use super::OccurrenceQuery;
use crate::{
    catalogue::Replica,
    occurrence::{
        scan::Source,
        timeline::{Part, Selection},
    },
    pace::Pace,
    ports::{CatalogueQuery, CatalogueWindow},
};

/// A part of the windows of the lists. Lists with the same window share the data of its events.
pub(super) struct Windows {
    windows: HashMap<Interval, CatalogueWindow>,
    /// The position of each event within its window, and those of its exceptions.
    indexes: HashMap<Interval, HashMap<EventId, (usize, Vec<usize>)>>,
}

/// The data of all lists.
pub(super) enum Sources {
    Replica(Arc<Replica>),
    Windows(Windows),
}

impl Sources {
    /// A part of the data, with a window for each query.
    pub(super) fn of_part(queries: &[CatalogueQuery], part: Vec<CatalogueWindow>) -> Self {
        let windows: HashMap<_, _> = queries.iter().map(|query| query.window).zip(part).collect();
        let indexes = windows.iter().map(|(window, found)| (*window, index(found))).collect();
        Self::Windows(Windows { windows, indexes })
    }

    /// The occurrences that a query asks for.
    pub(super) async fn of<'p, 's>(
        &'s self,
        query: &OccurrenceQuery,
        selection: &'p Selection,
        pace: &mut Pace,
    ) -> Source<'p, 's> {
        let part = match (self, &query.events) {
            (Self::Replica(replica), None) => return Source::of_all(replica, selection, pace).await,
            (Self::Replica(replica), Some(wanted)) => {
                BTreeSet::from_iter(wanted).into_iter().filter_map(|id| replica.held_event(*id)).collect()
            }
            (Self::Windows(windows), _) => windows.part(query),
        };
        Source::of_part(&part, selection, pace).await
    }
}

impl Windows {
    fn part(&self, query: &OccurrenceQuery) -> Part<'_> {
        let Some(window) = self.windows.get(&query.window) else { return Part::default() };
        let (Some(wanted), Some(index)) = (&query.events, self.indexes.get(&query.window)) else {
            return Part::from(window);
        };
        let mut part = Part::default();
        for (event, exceptions) in BTreeSet::from_iter(wanted).into_iter().filter_map(|id| index.get(id)) {
            part.events.extend(window.events.get(*event).map(AsRef::as_ref));
            let exceptions = exceptions.iter().filter_map(|place| window.exceptions.get(*place));
            part.exceptions.extend(exceptions.map(AsRef::as_ref));
        }
        part
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

fn index(window: &CatalogueWindow) -> HashMap<EventId, (usize, Vec<usize>)> {
    let events = window.events.iter().enumerate();
    let mut index: HashMap<_, _> = events.map(|(place, event)| (event.id, (place, Vec::new()))).collect();
    for (place, exception) in window.exceptions.iter().enumerate() {
        if let Some((_, exceptions)) = index.get_mut(&exception.key.event) {
            exceptions.push(place);
        }
    }
    index
}
