//! The stored results of changes of single occurrences, which follow their occurrences: a repeat is answered with the occurrence
//! that was changed, although another one may have its id by then. One that is gone is answered in its last state.

use std::{cmp::Reverse, collections::HashMap};

use bson::{DateTime, Document, doc};
use convene_application::{editing::Successor, limits::FOLLOWED_RESULTS, pace::Pace};
use convene_domain::{id::EventId, occurrence::OccurrenceKey, time::Instant};
use serde::Deserialize;

use super::CHUNK;
use crate::{
    documents::{
        dates::read_date,
        dropped::DroppedDocument,
        idempotency::KeyDocument,
        ids::{occurrences_of, read_id, texts},
    },
    error::Attempt,
    operation::Operation,
    registration::seats::commands::{Weighted, update_in_commands},
    schema,
    scoped::{Query, UpdateStatement},
    transaction::Transaction,
};

/// The steps of an answer.
const STEPS_PER_RESULT: usize = 10;

/// A result, and the occurrence that it has.
pub(crate) struct UsedResult {
    key: KeyDocument,
    pub(crate) occurrence: OccurrenceKey,
    /// The time of the change.
    at: DateTime,
}

/// Reads the newest results of changes of occurrences of an event whose ids pass a filter, except those of occurrences that are gone.
async fn results_about(
    transaction: &mut Transaction<'_>,
    event: EventId,
    ids: Document,
) -> Attempt<Vec<UsedResult>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Found {
        #[serde(rename = "_id")]
        key: KeyDocument,
        result: FoundResult,
        #[serde(deserialize_with = "read_date")]
        created_at: DateTime,
    }
    #[derive(Deserialize)]
    struct FoundResult {
        #[serde(deserialize_with = "read_id")]
        subject: OccurrenceKey,
    }

    let about = doc! {
        "result.event": event.to_string(),
        "result.subject": ids,
        "operation": { "$in": Operation::OF_OCCURRENCES.to_vec() },
        "result.dropped": { "$exists": false },
    };
    let query = Query::from(about)
        .projected(doc! { "result.subject": 1, "createdAt": 1 })
        .sorted(doc! { "createdAt": -1 })
        .limited(FOLLOWED_RESULTS)
        .hinted("newest_results_of_occurrences");
    let found: Vec<Found> = transaction.collection(&schema::IDEMPOTENCY).find(query).await?;
    let used = found.into_iter().map(|found| UsedResult {
        key: found.key,
        occurrence: found.result.subject,
        at: found.created_at,
    });
    Ok(used.collect())
}

/// Reads the newest results of changes of occurrences of an event whose original start is ahead.
pub(crate) async fn results_of_event(
    transaction: &mut Transaction<'_>,
    event: EventId,
    now: Instant,
) -> Attempt<Vec<UsedResult>> {
    let from = OccurrenceKey { event, original_start: now };
    results_about(transaction, event, doc! { "$gt": from.to_string(), "$lt": occurrences_of(event).end })
        .await
}

/// Applies the successors of occurrences to the newest results of the event.
pub(super) async fn follow(
    transaction: &mut Transaction<'_>,
    event: EventId,
    successors: &HashMap<OccurrenceKey, Successor>,
) -> Attempt<()> {
    let ids = texts(successors.keys());
    let mut results = Vec::new();
    for ids in ids.chunks(CHUNK) {
        results.extend(results_about(transaction, event, doc! { "$in": ids }).await?);
        if results.len() > FOLLOWED_RESULTS {
            results.sort_unstable_by_key(|used: &UsedResult| Reverse(used.at));
            results.truncate(FOLLOWED_RESULTS);
        }
    }
    let answers = results.into_iter().filter_map(|used| {
        let successor = successors.get(&used.occurrence)?.clone();
        Some((used, successor))
    });
    rewrite_results(transaction, answers.collect()).await
}

/// Applies successors to single results. An occurrence that is gone is stored in its last state.
pub(crate) async fn rewrite_results(
    transaction: &mut Transaction<'_>,
    answers: Vec<(UsedResult, Successor)>,
) -> Attempt<()> {
    let mut statements = Vec::with_capacity(answers.len());
    let mut pace = Pace::default();
    for (used, successor) in answers {
        pace.steps(STEPS_PER_RESULT).await;
        let fields = match &successor {
            Successor::Occurrence(key) => {
                doc! { "result.subject": key.to_string(), "result.event": key.event.to_string() }
            }
            Successor::None(last) => {
                doc! { "result.dropped": [bson::serialize_to_bson(&DroppedDocument::from(last.as_ref()))?] }
            }
        };
        let filter = doc! { "_id": bson::serialize_to_bson(&used.key)? };
        let statement = UpdateStatement { filter, update: doc! { "$set": fields }.into(), many: false };
        statements.push(Weighted { effort: 1, statement });
    }
    update_in_commands(transaction, &schema::IDEMPOTENCY, statements).await?;
    Ok(())
}
