use bson::{Document, doc};
use convene_application::change::Change;
use convene_domain::{
    id::MemberId,
    registration::{CancellationReason, Registration},
};

use super::{Cancelling, Freed, Occurrences, cancel, freed_time::MAX_READ_AT_ONCE, promote};
use crate::{
    documents::{convert::date, job::Step, read_in_parts},
    error::Attempt,
    registration::document::RegistrationDocument,
    schema,
    scoped::Query,
    transaction::Transaction,
};

/// The state of the registrations of a removed member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Removal {
    /// All of them are cancelled.
    Complete {
        /// The number of them.
        cancelled: u32,
    },
    /// This number is too large for one transaction: a job must cancel them.
    Remaining(u64),
}

/// Deletes the agenda of a removed member, who can get no seat any more. Cancels every registration of the member that is
/// active and has not ended, and promotes waitlisted members to the free seats, unless there are too many of either.
pub(crate) async fn remove_member(
    transaction: &mut Transaction<'_>,
    member: MemberId,
    change: &Change,
) -> Attempt<Removal> {
    let agenda = doc! { "_id": member.to_string() };
    let filter = registrations_to_end(member, change);
    let count = transaction.collection(&schema::REGISTRATIONS).count(filter.clone()).await?;
    let size = removed_at_once(transaction.step_size());
    if usize::try_from(count).map_or(true, |count| count > size) {
        transaction.collection(&schema::AGENDAS).delete_one(agenda).await?;
        return Ok(Removal::Remaining(count));
    }
    let found: Vec<RegistrationDocument> =
        transaction.collection(&schema::REGISTRATIONS).find(filter).await?;
    let registrations: Vec<Registration> = read_in_parts(found).await?;
    let keys = registrations.iter().map(|registration| registration.occurrence);
    let occurrences = Occurrences::load_to_change(transaction, keys).await?;
    transaction.collection(&schema::AGENDAS).delete_one(agenda).await?;
    let (registrations, rest) = promoted_at_once(registrations, &occurrences);
    if !rest.is_empty() {
        return Ok(Removal::Remaining(count));
    }
    cancel_and_promote(transaction, registrations, occurrences, change).await?;
    Ok(Removal::Complete { cancelled: u32::try_from(count).unwrap_or(u32::MAX) })
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

/// Splits registrations after those, at least one, whose seats have at most [`MAX_READ_AT_ONCE`] waitlisted registrations, all of which a
/// promotion may have to read.
fn promoted_at_once(
    mut registrations: Vec<Registration>,
    occurrences: &Occurrences,
) -> (Vec<Registration>, Vec<Registration>) {
    let mut read = 0_usize;
    let exceeds = registrations.iter().enumerate().position(|(number, registration)| {
        if registration.is_seat() {
            read += occurrences.get(registration.occurrence).map_or(0, |seats| seats.document.waiting());
        }
        number > 0 && read > MAX_READ_AT_ONCE
    });
    let rest = registrations.split_off(exceeds.unwrap_or(registrations.len()));
    (registrations, rest)
}

/// The number of registrations of a removed member that one transaction cancels.
fn removed_at_once(size: usize) -> usize {
    size.div_ceil(5)
}

/// Cancels registrations of a removed member for these occurrences, and promotes waitlisted members to the free seats.
async fn cancel_and_promote(
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

/// The filter for the registrations of a removed member that are active and have not ended.
fn registrations_to_end(member: MemberId, change: &Change) -> Document {
    doc! { "member": member.to_string(), "active": true, "endsAt": { "$gt": date(change.at) } }
}
