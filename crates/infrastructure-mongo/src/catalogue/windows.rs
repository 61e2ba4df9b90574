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
    documents::{convert::date, ids::texts, occurrence::OccurrenceDocument, read_in_parts},
    error::Attempt,
    schema,
    scoped::Query,
    transaction::Transaction,
};

/// The indexes of exceptions by time.
const BY_START: &str = "exceptions_by_start_and_event";
const BY_ORIGINAL_START: &str = "exceptions_by_original_start_and_event";

/// The number of events whose exceptions may be found faster by the event than by the time.
const FEW_EVENTS: usize = 100;

/// The number of periods that are read one by one. More are merged, the nearest ones first.
const MAX_PERIODS: usize = 4;

/// Reads these events and their exceptions: a window for each query, in their order.
pub(super) async fn read(
    transaction: &mut Transaction<'_>,
    compiled: &CompiledEvents,
    queries: &[CatalogueQuery],
    events: &[EventId],
) -> Attempt<Vec<CatalogueWindow>> {
    let ids = texts(events);
    let asked = named(queries);
    let of_part = texts(events.iter().filter(|event| asked.contains(event)));
    let mut known = HashSet::new();
    let mut exceptions: Vec<Arc<CatalogueException>> = Vec::new();
    // No more than what was measured.
    for query in exceptions_of(queries, Some(&ids), &of_part) {
        let mut found: Vec<OccurrenceDocument> =
            transaction.collection(&schema::OCCURRENCES).find(query).await?;
        // An exception may have been moved from one period to another one.
        found.retain(|document| known.insert(document.id.clone()));
        let read: Vec<StoredOccurrence> = read_in_parts(found).await?;
        exceptions.extend(read.into_iter().map(|stored| Arc::new(stored.into())));
    }
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

/// The queries for the events that may have occurrences in the windows, or are named, and for their exceptions. Two of them may find
/// the same document.
pub(super) fn candidates(queries: &[CatalogueQuery]) -> (Vec<Query>, Vec<Query>) {
    let ids = texts(named(queries));
    let of_all = periods(queries.iter().filter(|query| query.events.is_none()));
    let mut events: Vec<Query> = of_all.iter().map(|period| in_window(*period).into()).collect();
    if !ids.is_empty() {
        events.push(doc! { "_id": { "$in": &ids } }.into());
    }
    (events, exceptions_of(queries, None, &ids))
}

/// The events that are named by queries.
fn named(queries: &[CatalogueQuery]) -> BTreeSet<&EventId> {
    queries.iter().flat_map(|query| query.events.iter().flatten()).collect()
}

/// The queries for the exceptions of these events, or of all, in the windows of all events, and for those of the named events in the
/// other windows.
fn exceptions_of(queries: &[CatalogueQuery], events: Option<&[String]>, named: &[String]) -> Vec<Query> {
    let of_all = periods(queries.iter().filter(|query| query.events.is_none()));
    let mut exceptions = exceptions_in(&of_all, events);
    if !named.is_empty() {
        let of_named = periods(queries.iter().filter(|query| query.events.is_some()));
        exceptions.extend(exceptions_in(&of_named, Some(named)));
    }
    exceptions
}

/// The periods of all windows, in their order. Windows are one period if they are so near that the same part of an index is read for
/// both: it begins before a window by as much as an occurrence may last.
fn periods<'q>(queries: impl IntoIterator<Item = &'q CatalogueQuery>) -> Vec<Interval> {
    let mut windows: Vec<Interval> = queries.into_iter().map(|query| query.window).collect();
    windows.sort_unstable_by_key(Interval::start);
    let mut periods: Vec<Interval> = Vec::new();
    for window in windows {
        match periods.last_mut() {
            Some(last) if earliest(window) <= last.end() => *last = hull(*last, window),
            _ => periods.push(window),
        }
    }
    while periods.len() > MAX_PERIODS {
        let gaps = periods.windows(2).map(|pair| pair[1].start() - pair[0].end());
        let Some((first, _)) = gaps.enumerate().min_by_key(|(_, gap)| *gap) else { break };
        let second = periods.remove(first + 1);
        periods[first] = hull(periods[first], second);
    }
    periods
}

/// The shortest period with both windows.
fn hull(first: Interval, second: Interval) -> Interval {
    let (start, end) = (first.start().min(second.start()), first.end().max(second.end()));
    Interval::new(start, end).unwrap_or(first)
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
        for held in replica.held_events() {
            let exceptions: Vec<_> = held.exceptions().cloned().collect();
            pace.steps(1 + exceptions.len()).await;
            let of_event = part(query, held.event().map_or(&[][..], std::slice::from_ref), &exceptions);
            window.events.extend(of_event.events);
            window.exceptions.extend(of_event.exceptions);
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

/// The queries for exceptions that overlap a period, or would overlap it if they followed their rules: two for each period, one for
/// each index. MongoDB reads alternatives in one query from neither. Of few events, it chooses the index itself.
fn exceptions_in(periods: &[Interval], events: Option<&[String]>) -> Vec<Query> {
    let mut queries = Vec::with_capacity(2 * periods.len());
    for period in periods {
        // The range of the indexes is bounded from both sides.
        let starts = doc! { "$gt": date(earliest(*period)), "$lt": date(period.end()) };
        let ends = doc! { "$gt": date(period.start()) };
        let now = doc! { "startsAt": &starts, "endsAt": ends };
        let by_rule = doc! { "originalStart": starts, "$nor": [&now] };
        for (mut filter, index) in [(now, BY_START), (by_rule, BY_ORIGINAL_START)] {
            filter.insert("revision", doc! { "$exists": true });
            let is_of_few = events.is_some_and(|events| events.len() <= FEW_EVENTS);
            if let Some(events) = events {
                filter.insert("event", doc! { "$in": events });
            }
            let query = Query::from(filter);
            queries.push(if is_of_few { query } else { query.hinted(index) });
        }
    }
    queries
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

#[cfg(test)]
mod tests {
    use time::macros::utc_datetime;

    use super::*;

    fn query(first_day: i64, days: i64) -> CatalogueQuery {
        let start = utc_datetime!(2031-01-01 00:00) + Duration::days(first_day);
        CatalogueQuery { window: Interval::new(start, start + Duration::days(days)).unwrap(), events: None }
    }

    fn days_of(queries: &[CatalogueQuery]) -> Vec<(i64, i64)> {
        let day = |time: Instant| (time - utc_datetime!(2031-01-01 00:00)).whole_days();
        periods(queries).iter().map(|period| (day(period.start()), day(period.end()))).collect()
    }

    #[test]
    fn windows_that_overlap_or_are_near_are_one_period() {
        assert_eq!(days_of(&[]), []);
        assert_eq!(days_of(&[query(10, 5), query(0, 12), query(3, 2)]), [(0, 15)]);
        assert_eq!(days_of(&[query(40, 5), query(0, 12)]), [(0, 45)]);
        assert_eq!(days_of(&[query(400, 5), query(0, 12), query(401, 1)]), [(0, 12), (400, 405)]);
    }

    #[test]
    fn the_nearest_ones_of_many_windows_are_merged() {
        let queries: Vec<_> = [0, 1_000, 1_100, 2_000, 3_000, 3_150].map(|day| query(day, 7)).into();
        assert_eq!(days_of(&queries), [(0, 7), (1_000, 1_107), (2_000, 2_007), (3_000, 3_157)]);
    }
}
