//! Registrations that results of changes list.

use std::collections::HashSet;

use bson::{Bson, Document, doc};
use convene_application::{
    large::compute,
    limits::{EXAMINED_REGISTRATIONS, LISTED_REGISTRATIONS},
};
use convene_domain::{
    occurrence::OccurrenceKey,
    registration::{CancellationReason, Registration},
    time::Instant,
};

use crate::{
    documents::{convert::date, ids::texts, member::ACTIVE, read_in_parts},
    error::Attempt,
    registration::document::RegistrationDocument,
    schema,
    scoped::Query,
    transaction::Transaction,
};

/// The first registrations of present members for these occurrences that cancellations of the occurrences took since this time: of
/// those who held a seat, then of those who waited.
pub(crate) async fn cancelled_since(
    transaction: &mut Transaction<'_>,
    occurrences: Vec<OccurrenceKey>,
    since: Instant,
) -> Attempt<Vec<Registration>> {
    let ids = compute(occurrences.len(), move || texts(&occurrences)).await?;
    let filter = doc! {
        "occurrence": { "$in": ids },
        "active": false,
        "cancelledAt": { "$gte": date(since) },
        "cancellationReason": CancellationReason::OccurrenceCancelled.as_str(),
    };
    let mut listed = Vec::new();
    // A query for each: sorted by what they were, the registrations would not be in the order of an index.
    for was_waitlisted in [Bson::Null, Bson::Boolean(true)] {
        if listed.len() < LISTED_REGISTRATIONS {
            let mut filter = filter.clone();
            filter.insert("wasWaitlisted", was_waitlisted);
            listed.extend(of_present_members(transaction, filter).await?);
        }
    }
    listed.truncate(LISTED_REGISTRATIONS);
    Ok(listed)
}

/// The first registrations that pass the filter.
pub(super) async fn listed(
    transaction: &mut Transaction<'_>,
    filter: Document,
) -> Attempt<Vec<Registration>> {
    let query = Query::from(filter).sorted(doc! { "startsAt": 1, "_id": 1 }).limited(LISTED_REGISTRATIONS);
    let found: Vec<RegistrationDocument> = transaction.collection(&schema::REGISTRATIONS).find(query).await?;
    Ok(read_in_parts(found).await?)
}

/// The registrations with these ids that are still stored and whose members are present, in the order of [`cancelled_since`].
pub(crate) async fn with_ids(
    transaction: &mut Transaction<'_>,
    ids: &[String],
) -> Attempt<Vec<Registration>> {
    let mut found = of_present_members(transaction, doc! { "_id": { "$in": ids } }).await?;
    found.sort_by_key(|registration| registration.status.was_waitlisted());
    Ok(found)
}

/// The first registrations that pass the filter, without those of removed members.
async fn of_present_members(
    transaction: &mut Transaction<'_>,
    filter: Document,
) -> Attempt<Vec<Registration>> {
    let query = Query::from(filter).sorted(doc! { "startsAt": 1, "_id": 1 }).limited(EXAMINED_REGISTRATIONS);
    let mut found: Vec<RegistrationDocument> =
        transaction.collection(&schema::REGISTRATIONS).find(query).await?;
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let members: HashSet<&str> = found.iter().map(|registration| registration.member.as_str()).collect();
    let members = doc! { "_id": { "$in": Vec::from_iter(members) }, "status": ACTIVE };
    let present = HashSet::<String>::from_iter(transaction.collection(&schema::MEMBERS).ids(members).await?);
    found.retain(|registration| present.contains(&registration.member));
    Ok(read_in_parts(found).await?)
}
