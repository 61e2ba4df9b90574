//! Why an occurrence is cancelled: by itself, or with its event.

use std::collections::HashSet;

use bson::doc;
use convene_application::{failure::Refusal, ports::RegisterRequest};

use super::{Batch, Numbered};
use crate::{error::StorageError, schema, transaction::Transaction};

/// Tells those who asked for an occurrence of an event that was called off as a whole so.
pub(super) async fn tell_why(
    batch: &Batch,
    transaction: &mut Transaction<'_>,
    refused: &mut [(Numbered<'_, RegisterRequest>, Refusal)],
) -> Result<(), StorageError> {
    let with_event = |call: &Numbered<'_, RegisterRequest>, refusal: &Refusal| {
        let occurrence = &batch.tallies.get(call.occurrence)?.occurrence;
        let by_itself = *refusal != Refusal::OccurrenceCancelled || occurrence.is_called_off_by_itself();
        (!by_itself).then(|| occurrence.event.clone())
    };
    let events: HashSet<String> =
        refused.iter().filter_map(|(call, refusal)| with_event(call, refusal)).collect();
    if events.is_empty() {
        return Ok(());
    }
    let filter = doc! { "_id": { "$in": Vec::from_iter(events) }, "status": "CANCELLED" };
    let whole = transaction.collection(&schema::EVENTS).ids(filter).await?;
    for (call, refusal) in refused {
        // Otherwise it was dropped by an edit of its series.
        if with_event(call, refusal).is_some_and(|event| whole.contains(&event)) {
            *refusal = Refusal::EventCancelled;
        }
    }
    Ok(())
}
