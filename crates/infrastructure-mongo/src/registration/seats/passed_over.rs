//! Writes by which a transaction that frees a seat conflicts with one that frees the time of a waitlisted member.
//!
//! The first one sees the member busy in its snapshot, and the second one sees no seat in its own. Both write a registration in
//! common, so one of them is repeated. The first one writes those that it passes over, and the [first](FIRST_SIZE) ones of the waitlist.
//! The second one writes the registration of its member, and one of the first ones unless it is among them anyway.
//!
//! What the first ones are cannot change unnoticed: whoever joins or leaves a waitlist writes the occurrence, as the first
//! transaction does, and a registration that leaves is written. So a position that the second transaction read is at least as far
//! ahead for the first one.

use std::collections::{BTreeMap, BTreeSet};

use bson::{Document, doc};
use convene_domain::{
    id::{MemberId, RegistrationId},
    occurrence::OccurrenceKey,
    registration::Registration,
};

use super::CHUNK;
use crate::{
    documents::ids::texts, error::Attempt, registration::document::WAITLISTED, schema, scoped::Query,
    transaction::Transaction,
};

/// The number of the first waitlisted registrations of an occurrence that stand for all of it. Two transactions that free the time
/// of members of the same long waitlist rarely write the same one of them.
const FIRST_SIZE: usize = 100;

/// Writes registrations that a promotion passed over because their members have another seat at that time. Promotions do not
/// read them until that time becomes free.
pub(super) async fn record_as_busy(
    transaction: &mut Transaction<'_>,
    busy: &[RegistrationId],
) -> Attempt<()> {
    let update = doc! { "$inc": { "passed": 1_i64 }, "$set": { "isBusy": true } };
    record(transaction, busy, update).await
}

/// Writes registrations that a promotion passed over beside a free seat, because their members' agendas are full. Whatever frees time
/// of these members reads them. A transaction that frees other time meanwhile does not know them, so the agendas are written as well.
pub(super) async fn record_as_without_room(
    transaction: &mut Transaction<'_>,
    without_room: &[&Registration],
) -> Attempt<()> {
    let ids: Vec<RegistrationId> = without_room.iter().map(|registration| registration.id).collect();
    let update = doc! { "$inc": { "passed": 1_i64 }, "$set": { "lacksRoom": true } };
    record(transaction, &ids, update).await?;
    let members: BTreeSet<MemberId> = without_room.iter().map(|registration| registration.member).collect();
    let update = doc! { "$inc": { "waitlistJoins": 1_i64 } };
    for members in texts(&members).chunks(CHUNK) {
        let agendas = doc! { "_id": { "$in": members } };
        transaction.collection(&schema::AGENDAS).update_many(agendas, update.clone()).await?;
    }
    Ok(())
}

/// Writes registrations of members whose time became free, for occurrences that have no free seat, each with the number of its
/// waitlisted registrations.
pub(super) async fn record_as_free(
    transaction: &mut Transaction<'_>,
    passed_over: &[RegistrationId],
    waitlists: BTreeMap<OccurrenceKey, usize>,
) -> Attempt<()> {
    if passed_over.is_empty() || !transaction.guards().freed_time {
        return Ok(());
    }
    let update = doc! { "$inc": { "passed": 1_i64 }, "$unset": { "isBusy": "", "lacksRoom": "" } };
    record(transaction, passed_over, update).await?;
    let position = transaction.random().rem_euclid(FIRST_SIZE.try_into().unwrap_or(i64::MAX));
    let number = usize::try_from(position).unwrap_or(0) + 1;
    let mut ids: Vec<String> = Vec::new();
    // One query for each: a sharded cluster does not join within a transaction before MongoDB 8.0.
    for (occurrence, _) in waitlists.into_iter().filter(|(_, waiting)| *waiting > FIRST_SIZE) {
        let query = first(occurrence).limited(number);
        ids.extend(transaction.collection(&schema::REGISTRATIONS).ids::<String>(query).await?.pop());
    }
    for ids in ids.chunks(CHUNK) {
        write(transaction, ids, doc! { "$inc": { "passed": 1_i64 } }).await?;
    }
    Ok(())
}

/// Writes the first waitlisted registrations of occurrences with a seat that stays free, each with the number of all of its
/// waitlisted registrations.
pub(super) async fn record_first(
    transaction: &mut Transaction<'_>,
    waitlists: Vec<(OccurrenceKey, usize)>,
) -> Attempt<()> {
    if !transaction.guards().freed_time {
        return Ok(());
    }
    let update = doc! { "$inc": { "passed": 1_i64 } };
    let (long, short): (Vec<_>, Vec<_>) =
        waitlists.into_iter().partition(|(_, waiting)| *waiting > FIRST_SIZE);
    for short in short.chunks(CHUNK / FIRST_SIZE) {
        let ids: Vec<String> = short.iter().map(|(occurrence, _)| occurrence.to_string()).collect();
        let all = doc! { "occurrence": { "$in": ids }, "status": WAITLISTED };
        transaction.collection(&schema::REGISTRATIONS).update_many(all, update.clone()).await?;
    }
    for (occurrence, _) in long {
        let query = first(occurrence).limited(FIRST_SIZE);
        let ids: Vec<String> = transaction.collection(&schema::REGISTRATIONS).ids(query).await?;
        write(transaction, &ids, update.clone()).await?;
    }
    Ok(())
}

/// The waitlist of an occurrence, from its begin.
fn first(occurrence: OccurrenceKey) -> Query {
    let waitlist = doc! { "occurrence": occurrence.to_string(), "status": WAITLISTED };
    Query::from(waitlist).sorted(doc! { "waitlistSequence": 1 }).hinted("waitlist")
}

async fn record(
    transaction: &mut Transaction<'_>,
    registrations: &[RegistrationId],
    update: Document,
) -> Attempt<()> {
    if !transaction.guards().freed_time {
        return Ok(());
    }
    for registrations in registrations.chunks(CHUNK) {
        write(transaction, &texts(registrations), update.clone()).await?;
    }
    Ok(())
}

async fn write(transaction: &mut Transaction<'_>, ids: &[String], update: Document) -> Attempt<()> {
    let filter = doc! { "_id": { "$in": ids } };
    transaction.collection(&schema::REGISTRATIONS).update_many(filter, update).await?;
    Ok(())
}
