//! Reading of the windows of many lists, with a constant number of queries for each part.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

use bson::{Bson, Document, doc};
use convene_application::{
    catalogue::{CatalogueEvent, CatalogueException, Replica},
    pace::Pace,
    ports::{CatalogueQuery, CatalogueWindow},
};
use convene_domain::{
    duration::LONGEST_ELAPSED,
    event::Event,
    id::EventId,
    occurrence::StoredOccurrence,
    time::{Instant, interval::Interval},
};
use time::Duration;

use super::compiled::CompiledEvents;
use crate::{
    documents::{convert::date, occurrence::OccurrenceDocument, read_in_parts},
    error::Attempt,
    schema,
    transaction::Transaction,
};

/// Reads these events and their exceptions: a window for each query, in their order.
pub(super) async fn read(
    transaction: &mut Transaction<'_>,
    compiled: &CompiledEvents,
    queries: &[CatalogueQuery],
    events: &[EventId],
) -> Attempt<Vec<CatalogueWindow>> {
    let ids = texts(events);
    let Some(hull) = hull(queries) else { return Ok(Vec::new()) };
    let filter = exceptions_in(hull, Some(&ids));
    let found: Vec<OccurrenceDocument> = transaction.collection(&schema::OCCURRENCES).find(filter).await?;
    let exceptions: Vec<StoredOccurrence> = read_in_parts(found).await?;
    let exceptions: Vec<_> = exceptions.into_iter().map(|stored| Arc::new(stored.into())).collect();
    let events = compiled.find(transaction, doc! { "_id": { "$in": ids } }).await?;
    let mut pace = Pace::default();
    let mut windows = Vec::with_capacity(queries.len());
    for query in queries {
        // Both lists are searched with a few comparisons for each item.
        pace.steps((events.len() + exceptions.len()) / 4).await;
        windows.push(part(query, &events, &exceptions));
    }
    Ok(windows)
}

/// The filters for the events that may have occurrences in the windows, or are named, and for their exceptions; `None` without
/// queries.
///
/// All windows together are one period, because MongoDB does not read the ranges of any number of alternatives from an index.
pub(super) fn filters(queries: &[CatalogueQuery]) -> Option<(Document, Document)> {
    let named: BTreeSet<&EventId> = queries.iter().flat_map(|query| query.events.iter().flatten()).collect();
    let ids: Vec<String> = named.into_iter().map(ToString::to_string).collect();
    let these = doc! { "_id": { "$in": &ids } };
    let exceptions = hull(queries)?;
    Some(match hull(queries.iter().filter(|query| query.events.is_none())) {
        None => (these, exceptions_in(exceptions, Some(&ids))),
        Some(hull) if ids.is_empty() => (in_window(hull), exceptions_in(exceptions, None)),
        Some(hull) => (doc! { "$or": [in_window(hull), these] }, exceptions_in(exceptions, None)),
    })
}

/// The shortest period with all windows.
fn hull<'q>(queries: impl IntoIterator<Item = &'q CatalogueQuery>) -> Option<Interval> {
    let windows = queries.into_iter().map(|query| query.window);
    windows.reduce(|hull, window| {
        let (start, end) = (hull.start().min(window.start()), hull.end().max(window.end()));
        Interval::new(start, end).unwrap_or(hull)
    })
}

/// The events and exceptions that one query asks for.
fn part(
    query: &CatalogueQuery,
    events: &[Arc<CatalogueEvent>],
    exceptions: &[Arc<CatalogueException>],
) -> CatalogueWindow {
    let wanted: Option<HashSet<EventId>> = query.events.as_ref().map(|ids| ids.iter().copied().collect());
    let is_wanted = |id: EventId| wanted.as_ref().is_none_or(|wanted| wanted.contains(&id));
    let exceptions = exceptions.iter().filter(|it| is_wanted(it.key.event) && is_in(it, query.window));
    let exceptions: Vec<_> = exceptions.cloned().collect();
    let excepted: HashSet<EventId> = exceptions.iter().map(|exception| exception.key.event).collect();
    let events = events.iter().filter(|event| {
        excepted.contains(&event.id) || is_wanted(event.id) && may_overlap(event, query.window)
    });
    CatalogueWindow { events: events.cloned().collect(), exceptions }
}

/// Takes one result for each query from a replica, in their order.
pub(super) async fn of_replica(replica: &Replica, queries: &[CatalogueQuery]) -> Vec<CatalogueWindow> {
    let mut pace = Pace::default();
    let mut windows = Vec::with_capacity(queries.len());
    for query in queries {
        let mut window = CatalogueWindow::default();
        for entry in replica.entries() {
            let exceptions: Vec<_> = entry.exceptions().cloned().collect();
            pace.steps(1 + exceptions.len()).await;
            let of_entry = part(query, entry.event().map_or(&[][..], std::slice::from_ref), &exceptions);
            window.events.extend(of_entry.events);
            window.exceptions.extend(of_entry.exceptions);
        }
        windows.push(window);
    }
    windows
}

/// Tests whether an exception overlaps the window, or would overlap it if it followed its rule.
fn is_in(exception: &StoredOccurrence, window: Interval) -> bool {
    let original = exception.key.original_start;
    exception.interval.overlaps(&window) || earliest(window) < original && original < window.end()
}

fn may_overlap(event: &Event, window: Interval) -> bool {
    event.first_start() < window.end() && event.last_end().is_none_or(|end| end > window.start())
}

/// The time before all starts of occurrences that overlap the window: no occurrence lasts longer.
fn earliest(window: Interval) -> Instant {
    window.start().saturating_sub(LONGEST_ELAPSED)
}

/// The filter for exceptions that overlap a window, or would overlap it if they followed their rules.
fn exceptions_in(window: Interval, events: Option<&[String]>) -> Document {
    // The range of the indexes is bounded from both sides.
    let starts = doc! { "$gt": date(earliest(window)), "$lt": date(window.end()) };
    let now = doc! { "startsAt": &starts, "endsAt": { "$gt": date(window.start()) } };
    let by_rule = doc! { "originalStart": starts };
    let either = [now, by_rule].map(|mut condition| {
        if let Some(events) = events {
            condition.insert("event", doc! { "$in": events });
        }
        condition
    });
    doc! { "revision": { "$exists": true }, "$or": either.to_vec() }
}

/// The filter for events in the window, extended by a day on both sides: the stored bounds were computed with an earlier
/// time-zone database.
fn in_window(window: Interval) -> Document {
    let from = date(window.start().saturating_sub(Duration::DAY));
    let to = date(window.end().saturating_add(Duration::DAY));
    doc! {
        "firstStart": { "$lt": to },
        "$or": [{ "lastEnd": Bson::Null }, { "lastEnd": { "$gt": from } }],
    }
}

fn texts<'i>(ids: impl IntoIterator<Item = &'i EventId>) -> Vec<String> {
    ids.into_iter().map(ToString::to_string).collect()
}
