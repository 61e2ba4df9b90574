//! Lists of events.

use std::{collections::HashMap, sync::Arc};

use bson::{Bson, Document, doc};
use convene_application::{
    caller::TenantScope,
    catalogue::Replica,
    failure::Fault,
    limits::COUNTED_IN_PERIOD,
    pace::Pace,
    page::{BoundedPage, PageRequest},
    ports::{EventFilter, EventOrderField, EventPosition},
};
use convene_domain::{event::Event, id::EventId};
use serde::{Deserialize, de::DeserializeOwned};

use super::MongoEvents;
use crate::{
    deadline::{WAIT, earliest},
    documents::{
        convert::{date, instant},
        event::EventDocument,
        ids::{read_id, texts},
        read_in_parts,
    },
    error::StorageError,
    schema,
    scoped::{Part, Query, Search, SearchResult, Sorting, stopped_at},
};

/// The events that are read at once to ask their rules. The largest ones take some hundred kilobytes.
const ASKED_AT_ONCE: usize = 50;

/// A page of a list. The database knows the first start and the last end of an event; the rule decides whether it has an
/// occurrence in a period. Candidates that have none make the page shorter.
pub(super) async fn list(
    adapter: &MongoEvents,
    scope: &TenantScope,
    filter: &EventFilter,
    page: &PageRequest<EventPosition>,
    held: Option<&Replica>,
) -> Result<BoundedPage<Arc<Event>, EventPosition>, Fault> {
    let (events, examined) = match held {
        Some(replica) => match read_versions(adapter, scope, filter, page, replica).await? {
            Some(found) => found,
            None => read_all(adapter, scope, filter, page).await?,
        },
        None => {
            let _lock = adapter.0.reading_locks().lock(scope, earliest(WAIT, scope.deadline())).await?;
            read_all(adapter, scope, filter, page).await?
        }
    };
    let examined = stopped_at(&schema::EVENTS, examined, |values| position(page.order.field, values))?;
    Ok(covering(BoundedPage::from_probe(events, page, examined), filter, page))
}

/// The candidates of a page, and the values at which a search stopped.
type Candidates = (Vec<Arc<Event>>, Option<Vec<Bson>>);

/// Reads the candidates from the database.
async fn read_all(
    adapter: &MongoEvents,
    scope: &TenantScope,
    filter: &EventFilter,
    page: &PageRequest<EventPosition>,
) -> Result<Candidates, Fault> {
    let SearchResult { documents, examined } =
        find::<EventDocument>(adapter, scope, filter, page, doc! { "search": 0 }).await?;
    let events: Vec<Event> = read_in_parts(documents).await.map_err(StorageError::from)?;
    Ok((events.into_iter().map(Arc::new).collect(), examined))
}

/// The version of an event in a list.
#[derive(Deserialize)]
struct Listed {
    #[serde(rename = "_id", deserialize_with = "read_id")]
    id: EventId,
    version: u32,
}

/// Reads the versions of the candidates, and those events from the database that the replica does not have in this version: an
/// event can be changed after the replica was compared. Returns `None` if one was changed or deleted between the two reads.
async fn read_versions(
    adapter: &MongoEvents,
    scope: &TenantScope,
    filter: &EventFilter,
    page: &PageRequest<EventPosition>,
    replica: &Replica,
) -> Result<Option<Candidates>, Fault> {
    let SearchResult { documents, examined } =
        find::<Listed>(adapter, scope, filter, page, doc! { "version": 1 }).await?;
    let mut current: HashMap<EventId, Arc<Event>> = HashMap::new();
    let mut unknown: Vec<EventId> = Vec::new();
    for &Listed { id, version } in &documents {
        let held = replica.event(id).map(|held| &held.event);
        match held.filter(|event| event.version == version) {
            Some(event) => drop(current.insert(id, Arc::clone(event))),
            None => unknown.push(id),
        }
    }
    if !unknown.is_empty() {
        let read = adapter.found(scope, doc! { "_id": { "$in": texts(&unknown) } }.into()).await?;
        current.extend(read.into_iter().map(|event| (event.id, Arc::new(event))));
    }
    let of_version =
        |Listed { id, version }: &Listed| current.remove(id).filter(|event| event.version == *version);
    let events: Option<Vec<Arc<Event>>> = documents.iter().map(of_version).collect();
    Ok(events.map(|events| (events, examined)))
}

/// Finds the candidates of a page, and one more.
async fn find<D: DeserializeOwned + Send>(
    adapter: &MongoEvents,
    scope: &TenantScope,
    filter: &EventFilter,
    page: &PageRequest<EventPosition>,
    fields: Document,
) -> Result<SearchResult<D>, StorageError> {
    let (sorted, index) = sorted_by(page.order.field);
    let sorting = Sorting::of(page, sorted);
    let from = page.from.as_ref().map(values);
    let mut events = adapter.0.collection(scope, &schema::EVENTS);
    let Some(text) = &filter.search else {
        let part = Part::new(index, Document::new(), conditions(filter));
        return events.find_in_part(&part, sorting, from.as_deref(), page.size, fields).await;
    };
    let (text, filter) = (&text.folded(), conditions(filter));
    events.search(Search { text, sorting, index, from, filter, size: page.size, fields }).await
}

/// The candidates that have an occurrence in the period.
fn covering(
    candidates: BoundedPage<Arc<Event>, EventPosition>,
    filter: &EventFilter,
    page: &PageRequest<EventPosition>,
) -> BoundedPage<Arc<Event>, EventPosition> {
    let BoundedPage { mut items, has_more, mut examined } = candidates;
    let before = items.len();
    let last = if page.is_backward() { items.first() } else { items.last() };
    let last = last.map(|event| EventPosition::of(event, page.order.field));
    items.retain(|event| filter.covers(event));
    if has_more && items.len() < before {
        examined = examined.or(last);
    }
    BoundedPage { items, has_more, examined }
}

pub(super) async fn count(
    adapter: &MongoEvents,
    scope: &TenantScope,
    filter: &EventFilter,
) -> Result<Option<u32>, Fault> {
    let mut events = adapter.0.collection(scope, &schema::EVENTS);
    let is_in_period = filter.from.is_some() || filter.to.is_some();
    let (fields, index) = sorted_by(EventOrderField::CreatedAt);
    let Some(text) = &filter.search else {
        let part = Part::new(index, Document::new(), conditions(filter));
        let candidates = events.count_in_part(&part).await?;
        let Some(number) = candidates.filter(|_| is_in_period) else { return Ok(candidates) };
        return match usize::try_from(number).is_ok_and(|number| number <= COUNTED_IN_PERIOD) {
            true => Ok(Some(count_in_period(adapter, scope, filter).await?)),
            false => Ok(None),
        };
    };
    // No more than one search examines: the rule of each candidate is asked.
    if is_in_period {
        return Ok(None);
    }
    Ok(events.count_found(&text.folded(), Sorting::rising(fields), index, conditions(filter)).await?)
}

/// The number of events that have an occurrence in the period. The rule of each candidate is asked.
async fn count_in_period(
    adapter: &MongoEvents,
    scope: &TenantScope,
    filter: &EventFilter,
) -> Result<u32, Fault> {
    let candidates: Vec<EventId> = adapter
        .0
        .collection(scope, &schema::EVENTS)
        .ids(Query::from(conditions(filter)).limited(COUNTED_IN_PERIOD).hinted("by_id"))
        .await?;
    let (mut count, mut pace) = (0_u32, Pace::default());
    for ids in candidates.chunks(ASKED_AT_ONCE) {
        // The rule needs none of the texts, which are most of a document.
        let without_texts =
            vec![doc! { "$project": { "search": 0 } }, doc! { "$set": { "description": "" } }];
        let mut events = adapter.0.collection(scope, &schema::EVENTS);
        let documents: Vec<EventDocument> =
            events.aggregate(doc! { "_id": { "$in": texts(ids) } }, without_texts).await?;
        let found: Vec<Event> = read_in_parts(documents).await.map_err(StorageError::from)?;
        for event in found {
            pace.steps(Pace::STEPS_PER_RULE).await;
            count += u32::from(filter.covers(&event));
        }
    }
    Ok(count)
}

/// The fields by which a list is sorted, and the index for searches in it.
const fn sorted_by(field: EventOrderField) -> (&'static [&'static str], &'static str) {
    match field {
        EventOrderField::CreatedAt => (&["_id"], "by_id"),
        EventOrderField::StartsAt => (&["firstStart", "_id"], "by_start"),
        EventOrderField::Title => (&["sortTitle", "_id"], "by_title"),
    }
}

fn values(position: &EventPosition) -> Vec<Bson> {
    match position {
        EventPosition::CreatedAt(id) => vec![id.to_string().into()],
        EventPosition::StartsAt(start, id) => vec![date(*start).into(), id.to_string().into()],
        EventPosition::Title(title, id) => vec![title.as_str().into(), id.to_string().into()],
    }
}

/// The position with these values of the fields.
fn position(field: EventOrderField, values: &[Bson]) -> Option<EventPosition> {
    let id = EventId::parse(values.last()?.as_str()?).ok()?;
    let first = values.first()?;
    Some(match field {
        EventOrderField::CreatedAt => EventPosition::CreatedAt(id),
        EventOrderField::StartsAt => EventPosition::StartsAt(instant(*first.as_datetime()?), id),
        EventOrderField::Title => EventPosition::Title(first.as_str()?.to_owned(), id),
    })
}

fn conditions(filter: &EventFilter) -> Document {
    let EventFilter { search: _, status, recurring, from, to } = filter;
    let mut conditions = Document::new();
    if let Some(status) = status {
        conditions.insert("status", status.as_str());
    }
    if let Some(recurring) = recurring {
        conditions.insert("recurring", *recurring);
    }
    if let Some(to) = to {
        conditions.insert("firstStart", doc! { "$lt": date(*to) });
    }
    if let Some(from) = from {
        // The last end of an endless series is null.
        conditions.insert("lastEnd", doc! { "$not": { "$lte": date(*from) } });
    }
    conditions
}
