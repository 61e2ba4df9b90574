//! The cancelled registrations of a member for one occurrence.

use std::collections::{BTreeSet, HashMap};

use bson::doc;
use convene_application::limits::CANCELLED_REGISTRATIONS;
use convene_domain::registration::Registration;

use super::CHUNK;
use crate::{
    error::Attempt, registration::document::RegistrationDocument, schema, scoped::Query,
    transaction::Transaction,
};

/// The most registrations that one transaction examines. Later cancellations examine the others.
const MAX_EXAMINED: usize = 5 * CHUNK;

/// Deletes the oldest cancelled registrations of these members for these occurrences, up to
/// [`CANCELLED_REGISTRATIONS`] of each. The activity log keeps their history, and their idempotency keys stay used: these
/// are documents of their own.
pub(super) async fn prune(transaction: &mut Transaction<'_>, cancelled: &[Registration]) -> Attempt<()> {
    let occurrences: BTreeSet<String> = cancelled.iter().map(|one| one.occurrence.to_string()).collect();
    let members: BTreeSet<String> = cancelled.iter().map(|one| one.member.to_string()).collect();
    if cancelled.is_empty() {
        return Ok(());
    }
    let filter = doc! {
        "occurrence": { "$in": Vec::from_iter(occurrences) },
        "member": { "$in": Vec::from_iter(members) },
        "active": false,
    };
    let oldest_first = doc! { "occurrence": 1, "member": 1, "cancelledAt": 1 };
    let query = Query::from(filter).sorted(oldest_first).limited(MAX_EXAMINED);
    let found: Vec<RegistrationDocument> = transaction.collection(&schema::REGISTRATIONS).find(query).await?;
    let mut counts: HashMap<(String, String), usize> = HashMap::new();
    for document in &found {
        *counts.entry((document.occurrence.clone(), document.member.clone())).or_default() += 1;
    }
    let mut excess = found;
    excess.retain(|document| {
        let left = counts.entry((document.occurrence.clone(), document.member.clone())).or_default();
        let is_excess = *left > CANCELLED_REGISTRATIONS;
        *left = left.saturating_sub(1);
        is_excess
    });
    if !excess.is_empty() {
        let ids: Vec<&str> = excess.iter().map(|document| document.id.as_str()).collect();
        transaction.collection(&schema::REGISTRATIONS).delete_many(doc! { "_id": { "$in": ids } }).await?;
    }
    Ok(())
}
