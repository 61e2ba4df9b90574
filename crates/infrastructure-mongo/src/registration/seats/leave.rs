use bson::{Document, doc};
use convene_application::{change::Change, failure::Refusal, limits::LISTED_REGISTRATIONS};
use convene_domain::{
    id::{EventId, MemberId},
    registration::{CancellationReason, Registration},
};

use super::{Cancelling, Guards, Occurrences, cancel, promote};
use crate::{
    documents::{convert::date, read_all},
    error::Attempt,
    registration::document::RegistrationDocument,
    schema,
    scoped::Query,
    transaction::Transaction,
};

/// Cancels every registration of a removed member that has not ended, promotes waitlisted members to the free seats,
/// and deletes the agenda. Returns the number of cancelled registrations.
pub(crate) async fn remove_member(
    transaction: &mut Transaction<'_>,
    member: MemberId,
    change: &Change,
) -> Attempt<u32> {
    let member = member.to_string();
    let filter = doc! { "member": &member, "active": true, "endsAt": { "$gt": date(change.at) } };
    let found: Vec<RegistrationDocument> =
        transaction.collection(&schema::REGISTRATIONS).find(filter).await?;
    let registrations: Vec<Registration> = read_all(found)?;
    let keys = registrations.iter().map(|registration| registration.occurrence);
    let mut occurrences = Occurrences::load(transaction, keys).await?;
    let reason = CancellationReason::MemberRemoved;
    let cancellings =
        registrations.into_iter().map(|registration| Cancelling { registration, reason, change }).collect();
    let cancelled = cancel(transaction, &mut occurrences, cancellings).await?;
    for registration in &cancelled {
        promote(transaction, occurrences.of(registration.occurrence)?, &[change], Guards::ON).await?;
    }
    occurrences.write(transaction, Guards::ON).await?;
    transaction.collection(&schema::AGENDAS).delete_one(doc! { "_id": &member }).await?;
    Ok(u32::try_from(cancelled.len()).unwrap_or(u32::MAX))
}

/// Deletes the occurrences of an event and the cancelled registrations for them, but not the event.
///
/// # Errors
/// [`Refusal::RegistrationsAffected`] while there are active registrations.
pub(crate) async fn delete_event(transaction: &mut Transaction<'_>, event: EventId) -> Attempt<()> {
    let registrations = registrations_of(event);
    let mut active = registrations.clone();
    active.insert("active", true);
    let count = transaction.collection(&schema::REGISTRATIONS).count(active.clone()).await?;
    if count > 0 {
        let query =
            Query::from(active).sorted(doc! { "startsAt": 1, "_id": 1 }).limited(LISTED_REGISTRATIONS);
        let found: Vec<RegistrationDocument> =
            transaction.collection(&schema::REGISTRATIONS).find(query).await?;
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        return Err(Refusal::RegistrationsAffected { count, registrations: read_all(found)? }.into());
    }
    transaction.collection(&schema::REGISTRATIONS).delete_many(registrations).await?;
    transaction.collection(&schema::OCCURRENCES).delete_many(doc! { "event": event.to_string() }).await?;
    Ok(())
}

/// The registrations for an event. The id of an occurrence begins with that of its event, so an index can be used.
fn registrations_of(event: EventId) -> Document {
    doc! { "occurrence": { "$gte": format!("{event}_"), "$lt": format!("{event}`") } }
}
