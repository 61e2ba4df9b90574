//! The steps of large cancellations.

use std::collections::HashMap;

use bson::doc;
use convene_application::{change::Change, failure::Fault};
use convene_domain::{
    id::JobId,
    occurrence::OccurrenceKey,
    registration::{CancellationReason, Registration},
};

use super::{
    CHUNK, Cancelling, FreedTime, OccurrenceSeats, Occurrences, cancel,
    freed_time::{FEW_MEMBERS, is_read_at_once},
    promote_freed,
};
use crate::{
    documents::{job::Step, occurrence::OccurrenceDocument, read_in_parts},
    error::Attempt,
    registration::document::RegistrationDocument,
    schema,
    scoped::Query,
    transaction::Transaction,
};

/// The most occurrences of one step.
const MAX_OCCURRENCES: usize = 200;

/// Cancels at most `size` registrations for the occurrences that name the job, and promotes the members whose time becomes
/// free elsewhere. It cancels fewer if their members are on many waitlists, all of which are read and written. An occurrence without
/// registrations no longer names it.
pub(crate) async fn cancel_step(
    transaction: &mut Transaction<'_>,
    job: JobId,
    change: &Change,
    size: usize,
) -> Attempt<Step> {
    let job = job.to_string();
    let naming = Query::from(doc! { "closing.job": &job }).sorted(doc! { "_id": 1 });
    let naming = naming.limited(MAX_OCCURRENCES).hinted("by_job");
    let found: Vec<OccurrenceDocument> = transaction.collection(&schema::OCCURRENCES).find(naming).await?;
    let mut occurrences = Occurrences::default();
    let mut reasons: HashMap<OccurrenceKey, CancellationReason> = HashMap::new();
    let mut ids = Vec::with_capacity(found.len());
    for document in found {
        reasons.insert(document.key()?, document.closing_reason()?);
        ids.push(document.id.clone());
        occurrences.insert(OccurrenceSeats::stored(document)?);
    }
    let filter = doc! { "occurrence": { "$in": &ids }, "active": true };
    let query = Query::from(filter).sorted(doc! { "occurrence": 1, "member": 1 }).limited(size);
    let found: Vec<RegistrationDocument> = transaction.collection(&schema::REGISTRATIONS).find(query).await?;
    let mut registrations: Vec<Registration> = read_in_parts(found).await?;
    let mut is_complete = registrations.len() < size;
    let freeing = registrations.iter().filter_map(|registration| FreedTime::of(registration, change));
    if !is_read_at_once(transaction, &freeing.collect::<Vec<_>>()).await? {
        registrations.truncate(FEW_MEMBERS);
        is_complete = false;
    }
    let done = registrations.len();
    let cancelling = |registration: Registration| {
        let Some(&reason) = reasons.get(&registration.occurrence) else {
            let id = registration.id;
            return Err(Fault::internal(format!("registration {id} is for no occurrence of its step")));
        };
        Ok(Cancelling { registration, reason, change })
    };
    let freed = registrations.iter().filter_map(|registration| FreedTime::of(registration, change)).collect();
    let cancellings = registrations.into_iter().map(cancelling).collect::<Result<Vec<_>, Fault>>()?;
    cancel(transaction, &mut occurrences, cancellings).await?;
    promote_freed(transaction, &mut occurrences, freed).await?;
    occurrences.write(transaction).await?;
    let without = occurrences.into_stored().filter(|(_, document)| is_complete || document.is_empty());
    let without: Vec<String> = without.map(|(_, document)| document.id).collect();
    let is_last = is_complete && ids.len() < MAX_OCCURRENCES;
    for ids in without.chunks(CHUNK) {
        let this = doc! { "_id": { "$in": ids }, "closing.job": &job };
        let unset = doc! { "$unset": { "closing": "" } };
        transaction.collection(&schema::OCCURRENCES).update_many(this, unset).await?;
    }
    Ok(Step { done, is_last })
}
