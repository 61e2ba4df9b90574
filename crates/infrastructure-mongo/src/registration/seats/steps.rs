//! The steps of large cancellations and removals.

use std::collections::HashMap;

use bson::doc;
use convene_application::{change::Change, failure::Fault};
use convene_domain::{
    id::{JobId, MemberId},
    occurrence::OccurrenceKey,
    registration::{CancellationReason, Registration},
};

use super::{
    CHUNK, Cancelling, Freed, FreedTime, OccurrenceSeats, Occurrences, cancel,
    freed_time::{FEW_MEMBERS, MANY, is_read_at_once},
    leave::registrations_to_end,
    promote, promote_freed,
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

/// Cancels some of the registrations of a removed member, and promotes waitlisted members to the free seats. A step
/// cancels fewer registrations than other steps do, because each of them may free a seat, and still fewer if the waitlists are
/// long.
pub(crate) async fn remove_step(
    transaction: &mut Transaction<'_>,
    member: MemberId,
    change: &Change,
    size: usize,
) -> Attempt<Step> {
    let size = removed_at_once(size);
    let query = Query::from(registrations_to_end(member, change))
        .sorted(doc! { "startsAt": 1, "_id": 1 })
        .limited(size);
    let found: Vec<RegistrationDocument> = transaction.collection(&schema::REGISTRATIONS).find(query).await?;
    let registrations: Vec<Registration> = read_in_parts(found).await?;
    let keys = registrations.iter().map(|registration| registration.occurrence);
    let occurrences = Occurrences::load_to_change(transaction, keys).await?;
    let (registrations, rest) = promoted_at_once(registrations, &occurrences);
    let done = registrations.len();
    cancel_and_promote(transaction, registrations, occurrences, change).await?;
    Ok(Step { done, is_last: rest.is_empty() && done < size })
}

/// Splits registrations after those, at least one, whose seats have at most [`MANY`] waitlisted registrations, all of which a
/// promotion may have to read.
pub(super) fn promoted_at_once(
    mut registrations: Vec<Registration>,
    occurrences: &Occurrences,
) -> (Vec<Registration>, Vec<Registration>) {
    let mut read = 0_usize;
    let exceeds = registrations.iter().enumerate().position(|(number, registration)| {
        if registration.is_seat() {
            read += occurrences.get(registration.occurrence).map_or(0, |seats| seats.document.waiting());
        }
        number > 0 && read > MANY
    });
    let rest = registrations.split_off(exceeds.unwrap_or(registrations.len()));
    (registrations, rest)
}

/// The number of registrations of a removed member that one transaction cancels.
pub(super) fn removed_at_once(size: usize) -> usize {
    size.div_ceil(5)
}

/// Cancels registrations of a removed member for these occurrences, and promotes waitlisted members to the free seats.
pub(super) async fn cancel_and_promote(
    transaction: &mut Transaction<'_>,
    registrations: Vec<Registration>,
    mut occurrences: Occurrences,
    change: &Change,
) -> Attempt<()> {
    let reason = CancellationReason::MemberRemoved;
    let seats = registrations.iter().filter(|registration| registration.is_seat());
    let freed = seats
        .map(|seat| Freed { occurrence: seat.occurrence, causes: vec![change], is_moved: false })
        .collect();
    let cancellings =
        registrations.into_iter().map(|registration| Cancelling { registration, reason, change }).collect();
    cancel(transaction, &mut occurrences, cancellings).await?;
    promote(transaction, &mut occurrences, freed).await?;
    occurrences.write(transaction).await
}
