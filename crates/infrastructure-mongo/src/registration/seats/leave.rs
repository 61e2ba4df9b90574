use bson::{Document, doc};
use convene_application::change::Change;
use convene_domain::{id::MemberId, registration::Registration};

use super::{
    Occurrences,
    steps::{cancel_and_promote, promoted_at_once, removed_at_once},
};
use crate::{
    documents::{convert::date, read_in_parts},
    error::Attempt,
    registration::document::RegistrationDocument,
    schema,
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

/// The filter for the registrations of a removed member that are active and have not ended.
pub(super) fn registrations_to_end(member: MemberId, change: &Change) -> Document {
    doc! { "member": member.to_string(), "active": true, "endsAt": { "$gt": date(change.at) } }
}
