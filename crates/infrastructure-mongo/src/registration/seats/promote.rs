use bson::doc;
use convene_application::{change::Change, registration::log};
use convene_domain::{id::MemberId, occurrence::OccurrenceKey, registration::Registration};

use super::{
    Claim, Guards, OccurrenceSeats,
    agenda::{claim, free_among},
    occurrence::expect,
};
use crate::{
    documents::read_all, error::Attempt, registration::document::RegistrationDocument, schema, scoped::Query,
    transaction::Transaction,
};

/// The number of waitlisted registrations that are read at once.
const PAGE: usize = 200;

/// Gives the free seats of an occurrence that has not begun to waitlisted members, in the order of their waitlist
/// sequence. Members with a conflict are passed over and keep their sequence; members who left the organization have no
/// agenda and get nothing. Returns the promoted registrations.
///
/// `causes` are the changes that freed the seats, in order; the log attributes each promotion to one of them. The
/// counters are not written here.
pub(crate) async fn promote(
    transaction: &mut Transaction<'_>,
    seats: &mut OccurrenceSeats,
    causes: &[&Change],
    guards: Guards,
) -> Attempt<Vec<Registration>> {
    let mut promoted = Vec::new();
    let Some(now) = causes.iter().map(|change| change.at).max() else { return Ok(promoted) };
    let mut passed = 0;
    while seats.document.waiting > 0 && seats.document.seating()?.promotable(now) > 0 {
        let waitlisted = next_waitlisted(transaction, seats.key, passed).await?;
        let Some(last) = waitlisted.last().and_then(|registration| registration.status.waitlist_sequence())
        else {
            break;
        };
        passed = last;
        let members: Vec<MemberId> = waitlisted.iter().map(|registration| registration.member).collect();
        let mut wanted = Claim { seats, members, now };
        let free = free_among(transaction, &wanted, guards).await?;
        wanted.members.retain(|member| free.contains(member));
        wanted.members.truncate(seats.document.free());
        let claimed = claim(transaction, &[wanted], guards).await?;
        let chosen: Vec<Registration> = waitlisted
            .into_iter()
            .filter(|registration| claimed.has(registration.occurrence, registration.member))
            .collect();
        mark_confirmed(transaction, &chosen).await?;
        for registration in chosen {
            seats.leave_waitlist();
            seats.take_seat();
            let after = registration.promoted();
            if let Some(cause) = causes.get(promoted.len()).or(causes.last()) {
                transaction.log(cause, log::promoted(&registration, &after));
            }
            promoted.push(after);
        }
    }
    transaction.count_promoted(promoted.len());
    Ok(promoted)
}

/// Reads the next waitlisted registrations behind this sequence.
async fn next_waitlisted(
    transaction: &mut Transaction<'_>,
    occurrence: OccurrenceKey,
    passed: u64,
) -> Attempt<Vec<Registration>> {
    let behind = doc! { "$gt": passed.cast_signed() };
    let filter =
        doc! { "occurrence": occurrence.to_string(), "status": "WAITLISTED", "waitlistSequence": behind };
    let query = Query::from(filter).sorted(doc! { "waitlistSequence": 1 }).limited(PAGE);
    let found: Vec<RegistrationDocument> = transaction.collection(&schema::REGISTRATIONS).find(query).await?;
    Ok(read_all(found)?)
}

async fn mark_confirmed(transaction: &mut Transaction<'_>, chosen: &[Registration]) -> Attempt<()> {
    if chosen.is_empty() {
        return Ok(());
    }
    let ids: Vec<String> = chosen.iter().map(|registration| registration.id.to_string()).collect();
    let filter = doc! { "_id": { "$in": ids }, "status": "WAITLISTED" };
    let update = doc! { "$set": { "status": "CONFIRMED" }, "$unset": { "waitlistSequence": "" } };
    let updated = transaction.collection(&schema::REGISTRATIONS).update_many(filter, update).await?;
    expect(updated.matched, chosen.len(), "waitlisted registrations")
}
