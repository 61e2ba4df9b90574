use bson::{Document, doc};
use convene_application::{change::Change, failure::Refusal};
use convene_domain::{
    id::{EventId, MemberId},
    registration::{CancellationReason, Registration},
};

use super::{Cancelling, Guards, Tallies, cancel, promote};
use crate::{
    documents::convert::date, error::Attempt, registration::document::RegistrationDocument, schema,
    scoped::Query, transaction::Transaction,
};

/// How many of those who stand against a deletion a refusal names.
const NAMED: usize = 100;

/// Takes from a member, who leaves the organization, every registration that has not ended, and the agenda; who waits for a seat
/// that is free then moves up. Answers with how many registrations were cancelled.
pub(crate) async fn remove_member(
    transaction: &mut Transaction<'_>,
    member: MemberId,
    change: &Change,
) -> Attempt<u32> {
    let member = member.to_string();
    let filter = doc! { "member": &member, "active": true, "endsAt": { "$gt": date(change.at) } };
    let held: Vec<RegistrationDocument> = transaction.collection(&schema::REGISTRATIONS).find(filter).await?;
    let mut tallies = Tallies::load(transaction, held.iter().map(|held| held.occurrence.as_str())).await?;
    let reason = CancellationReason::MemberRemoved;
    let cancellings =
        held.into_iter().map(|registration| Cancelling { registration, reason, change }).collect();
    let cancelled = cancel(transaction, &mut tallies, cancellings).await?;
    for registration in &cancelled {
        promote(transaction, tallies.of(&registration.occurrence)?, &[change], Guards::ON).await?;
    }
    tallies.write(transaction, Guards::ON).await?;
    transaction.collection(&schema::AGENDAS).delete_one(doc! { "_id": &member }).await?;
    Ok(u32::try_from(cancelled.len()).unwrap_or(u32::MAX))
}

/// Deletes everything of an event but the event itself: its occurrences, and the cancelled registrations for them.
///
/// # Errors
/// [`Refusal::RegistrationsAffected`] while anyone holds a seat or waits for one.
pub(crate) async fn delete_event(transaction: &mut Transaction<'_>, event: EventId) -> Attempt<()> {
    let registrations = registrations_of(event);
    let mut active = registrations.clone();
    active.insert("active", true);
    let count = transaction.collection(&schema::REGISTRATIONS).count(active.clone()).await?;
    if count > 0 {
        let query = Query::from(active).sorted(doc! { "startsAt": 1, "_id": 1 }).limited(NAMED);
        let held: Vec<RegistrationDocument> =
            transaction.collection(&schema::REGISTRATIONS).find(query).await?;
        let registrations = held.iter().map(Registration::try_from).collect::<Result<_, _>>()?;
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        return Err(Refusal::RegistrationsAffected { count, registrations }.into());
    }
    transaction.collection(&schema::REGISTRATIONS).delete_many(registrations).await?;
    transaction.collection(&schema::OCCURRENCES).delete_many(doc! { "event": event.to_string() }).await?;
    Ok(())
}

/// The registrations for an event: an occurrence's id begins with its event's, which an index can use.
fn registrations_of(event: EventId) -> Document {
    doc! { "occurrence": { "$gte": format!("{event}_"), "$lt": format!("{event}`") } }
}
