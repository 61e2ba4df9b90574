//! The port that lists what takes place when.

mod compiled;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use async_trait::async_trait;
use bson::{Bson, Document, doc};
use convene_application::{
    caller::TenantScope,
    failure::{Failure, Fault},
    ports::{Catalogue, CatalogueWindow, ResolvedOccurrence},
};
use convene_domain::{
    duration::LONGEST,
    event::Event,
    id::EventId,
    occurrence::{OccurrenceKey, StoredOccurrence},
    time::{Instant, interval::Interval},
};
use futures::FutureExt;
use time::Duration;

use self::compiled::CompiledEvents;
use crate::{
    database::Database,
    documents::{convert::date, occurrence::OccurrenceDocument, read_all},
    error::{Attempt, StorageError},
    schema,
    transaction::Transaction,
};

/// The catalogue in MongoDB.
#[derive(Clone)]
pub(crate) struct MongoCatalogue {
    database: Database,
    events: CompiledEvents,
}

impl MongoCatalogue {
    /// Opens the catalogue of this database. A process needs one.
    pub(crate) fn new(database: Database) -> Self {
        Self { database, events: CompiledEvents::new() }
    }
}

#[async_trait]
impl Catalogue for MongoCatalogue {
    async fn window(
        &self,
        scope: &TenantScope,
        window: Interval,
        events: Option<Vec<EventId>>,
    ) -> Result<CatalogueWindow, Fault> {
        let events = events.map(|ids| ids.iter().map(ToString::to_string).collect::<Vec<_>>());
        let (wanted, compiled) = (events.as_deref(), &self.events);
        // A single snapshot: an edit between two reads could show an occurrence twice, or not at all.
        let read = self.database.transact(scope, |transaction| {
            async move {
                let exceptions = exceptions(transaction, window, wanted).await?;
                let events = events_in(transaction, compiled, in_window(window, wanted), &exceptions).await?;
                Ok(CatalogueWindow { events, exceptions })
            }
            .boxed()
        });
        read.await.map_err(fault)
    }

    async fn stored(
        &self,
        scope: &TenantScope,
        keys: &[OccurrenceKey],
    ) -> Result<Vec<ResolvedOccurrence>, Fault> {
        let ids: Vec<String> = keys.iter().map(ToString::to_string).collect();
        let either = doc! { "$or": [{ "_id": { "$in": &ids } }, { "formerIds": { "$in": &ids } }] };
        let found: Vec<OccurrenceDocument> =
            self.database.collection(scope, &schema::OCCURRENCES).find(either).await?;
        let mut by_id: HashMap<&str, &OccurrenceDocument> = HashMap::new();
        for document in &found {
            by_id.extend(document.former_ids.iter().map(|former| (former.as_str(), document)));
        }
        // A current id has precedence over a former one.
        by_id.extend(found.iter().map(|document| (document.id.as_str(), document)));
        let mut resolved = Vec::with_capacity(found.len());
        for (&asked, id) in keys.iter().zip(&ids) {
            if let Some(&document) = by_id.get(id.as_str()) {
                let stored = StoredOccurrence::try_from(document.clone()).map_err(StorageError::from)?;
                resolved.push(ResolvedOccurrence { asked, stored });
            }
        }
        Ok(resolved)
    }
}

/// Converts a failure of a transaction that only reads, and therefore refuses nothing.
fn fault(failure: Failure) -> Fault {
    match failure {
        Failure::Fault(fault) => fault,
        Failure::Refused(why) => Fault::internal(format!("reading was refused: {why:?}")),
    }
}

/// Finds the exceptions that overlap the window, or would overlap it if they followed their rules.
async fn exceptions(
    transaction: &mut Transaction<'_>,
    window: Interval,
    events: Option<&[String]>,
) -> Attempt<Vec<StoredOccurrence>> {
    let (from, to) = (date(window.start()), date(window.end()));
    // No occurrence lasts longer, which bounds the range of the indexes from both sides.
    let earliest = date(earlier(window.start(), LONGEST));
    let now = doc! { "startsAt": { "$gt": earliest, "$lt": to }, "endsAt": { "$gt": from } };
    let by_rule = doc! { "originalStart": { "$gt": earliest, "$lt": to } };
    let mut filter = doc! { "revision": { "$exists": true }, "$or": [now, by_rule] };
    if let Some(events) = events {
        filter.insert("event", doc! { "$in": events });
    }
    let found: Vec<OccurrenceDocument> = transaction.collection(&schema::OCCURRENCES).find(filter).await?;
    Ok(read_all(found)?)
}

/// Finds the events that pass the filter, and those of the exceptions.
async fn events_in(
    transaction: &mut Transaction<'_>,
    compiled: &CompiledEvents,
    filter: Document,
    exceptions: &[StoredOccurrence],
) -> Attempt<Vec<Arc<Event>>> {
    let mut events = compiled.find(transaction, filter).await?;
    let found: HashSet<EventId> = events.iter().map(|event| event.id).collect();
    let of_exceptions: HashSet<EventId> = exceptions.iter().map(|exception| exception.key.event).collect();
    let others: Vec<String> = of_exceptions.difference(&found).map(ToString::to_string).collect();
    if !others.is_empty() {
        events.extend(compiled.find(transaction, doc! { "_id": { "$in": others } }).await?);
    }
    Ok(events)
}

/// The filter for events in the window, extended by a day on both sides: the stored bounds were computed with an earlier
/// time-zone database.
fn in_window(window: Interval, events: Option<&[String]>) -> Document {
    let from = date(earlier(window.start(), Duration::DAY));
    let to = date(window.end().saturating_add(Duration::DAY));
    let mut filter = doc! {
        "firstStart": { "$lt": to },
        "$or": [{ "lastEnd": Bson::Null }, { "lastEnd": { "$gt": from } }],
    };
    if let Some(events) = events {
        filter.insert("_id", doc! { "$in": events });
    }
    filter
}

fn earlier(instant: Instant, by: Duration) -> Instant {
    instant.saturating_sub(by)
}
