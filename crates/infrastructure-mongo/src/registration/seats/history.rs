//! The cancelled registrations of a member for one occurrence.

use std::collections::BTreeSet;

use bson::doc;
use convene_application::registration::history::superseded;
use convene_domain::{
    id::{MemberId, RegistrationId},
    occurrence::OccurrenceKey,
    registration::Registration,
};
use serde::Deserialize;

use super::CHUNK;
use crate::{
    documents::ids::{read_id, texts},
    error::Attempt,
    schema,
    scoped::Query,
    transaction::Transaction,
};

/// The maximum number of registrations that one transaction examines. Later cancellations examine the others.
const MAX_EXAMINED: usize = 5 * CHUNK;

/// Deletes the [superseded] cancelled registrations of these members for these occurrences. Their idempotency keys stay used: these
/// are documents of their own.
pub(super) async fn prune(transaction: &mut Transaction<'_>, cancelled: &[Registration]) -> Attempt<()> {
    #[derive(Deserialize)]
    struct Cancelled {
        #[serde(rename = "_id", deserialize_with = "read_id")]
        id: RegistrationId,
        #[serde(deserialize_with = "read_id")]
        occurrence: OccurrenceKey,
        #[serde(deserialize_with = "read_id")]
        member: MemberId,
    }

    let occurrences: BTreeSet<OccurrenceKey> = cancelled.iter().map(|one| one.occurrence).collect();
    let members: BTreeSet<MemberId> = cancelled.iter().map(|one| one.member).collect();
    if cancelled.is_empty() {
        return Ok(());
    }
    let filter = doc! {
        "occurrence": { "$in": texts(&occurrences) },
        "member": { "$in": texts(&members) },
        "active": false,
    };
    let oldest_first = doc! { "occurrence": 1, "member": 1, "cancelledAt": 1 };
    let query = Query::from(filter).sorted(oldest_first).limited(MAX_EXAMINED);
    let query = query.projected(doc! { "occurrence": 1, "member": 1 });
    let found: Vec<Cancelled> = transaction.collection(&schema::REGISTRATIONS).find(query).await?;
    // Those of a member for an occurrence follow each other.
    let pairs =
        found.chunk_by(|one, next| (&one.occurrence, &one.member) == (&next.occurrence, &next.member));
    let ids = texts(pairs.flat_map(superseded).map(|document| &document.id));
    if !ids.is_empty() {
        transaction.collection(&schema::REGISTRATIONS).delete_many(doc! { "_id": { "$in": ids } }).await?;
    }
    Ok(())
}
