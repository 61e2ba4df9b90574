use std::ops::Range;

use bson::{Document, doc};
use convene_application::registration::refusals;
use convene_domain::id::{EventId, RegistrationId};

use super::listed::listed;
use crate::{
    documents::ids::occurrences_of, error::Attempt, schema, scoped::Query, transaction::Transaction,
};

/// Verifies that an event has no active registrations, and returns the number of cancelled ones.
///
/// # Errors
/// `RegistrationsAffected` while there are active registrations.
pub(crate) async fn count_cancelled(transaction: &mut Transaction<'_>, event: EventId) -> Attempt<u64> {
    let mut active = registrations_of(event);
    active.insert("active", true);
    let count = transaction.collection(&schema::REGISTRATIONS).count(active.clone()).await?;
    if count > 0 {
        refusals::verify_unaffected(count, listed(transaction, active).await?)?;
    }
    let mut cancelled = registrations_of(event);
    cancelled.insert("active", false);
    Ok(transaction.collection(&schema::REGISTRATIONS).count(cancelled).await?)
}

/// Deletes at most `size` registrations for an event, and returns their number.
pub(crate) async fn delete_registrations(
    transaction: &mut Transaction<'_>,
    event: EventId,
    size: usize,
) -> Attempt<usize> {
    let query = Query::from(registrations_of(event)).limited(size);
    Ok(transaction.collection(&schema::REGISTRATIONS).delete_found::<RegistrationId>(query).await?.len())
}

/// The registrations for an event. The id of an occurrence begins with that of its event, so an index can be used.
fn registrations_of(event: EventId) -> Document {
    let Range { start, end } = occurrences_of(event);
    doc! { "occurrence": { "$gte": start, "$lt": end } }
}
