//! Registrations that results of changes list.

use bson::{Document, doc};
use convene_application::limits::LISTED_REGISTRATIONS;
use convene_domain::{
    occurrence::OccurrenceKey,
    registration::{CancellationReason, Registration},
    time::Instant,
};

use crate::{
    documents::{convert::date, read_all},
    error::Attempt,
    registration::document::RegistrationDocument,
    schema,
    scoped::Query,
    transaction::Transaction,
};

/// The first registrations for these occurrences that cancellations of the occurrences took since this time.
pub(crate) async fn cancelled_since(
    transaction: &mut Transaction<'_>,
    occurrences: &[OccurrenceKey],
    since: Instant,
) -> Attempt<Vec<Registration>> {
    let ids: Vec<String> = occurrences.iter().map(ToString::to_string).collect();
    let filter = doc! {
        "occurrence": { "$in": ids },
        "active": false,
        "cancelledAt": { "$gte": date(since) },
        "cancellationReason": CancellationReason::OccurrenceCancelled.as_str(),
    };
    first(transaction, filter).await
}

/// The registrations with these ids that are still stored.
pub(crate) async fn with_ids(
    transaction: &mut Transaction<'_>,
    ids: &[String],
) -> Attempt<Vec<Registration>> {
    if ids.is_empty() { Ok(Vec::new()) } else { first(transaction, doc! { "_id": { "$in": ids } }).await }
}

async fn first(transaction: &mut Transaction<'_>, filter: Document) -> Attempt<Vec<Registration>> {
    let query = Query::from(filter).sorted(doc! { "startsAt": 1, "_id": 1 }).limited(LISTED_REGISTRATIONS);
    let found: Vec<RegistrationDocument> = transaction.collection(&schema::REGISTRATIONS).find(query).await?;
    Ok(read_all(found)?)
}
