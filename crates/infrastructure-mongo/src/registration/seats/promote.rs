use bson::doc;
use convene_application::change::Change;

use super::{
    Claim, Guards, Tally,
    agenda::{claim, free_among},
    entries,
    tally::expect,
};
use crate::{
    error::Attempt, registration::document::RegistrationDocument, schema, scoped::Query,
    transaction::Transaction,
};

/// How many of those who wait are looked at in one step.
const STEP: usize = 200;

/// Gives the occurrence's free seats to those who wait, in the order in which they came, as long as it has not
/// begun. Whose time is taken by now is passed over and keeps the place; who left the organization has no agenda
/// and gets nothing. Answers with the registrations that have a seat now.
///
/// `causes` are the changes that freed the seats, in order; the log attributes each promotion to one of them.
/// The tally is not written here.
pub(crate) async fn promote(
    transaction: &mut Transaction<'_>,
    tally: &mut Tally,
    causes: &[&Change],
    guards: Guards,
) -> Attempt<Vec<RegistrationDocument>> {
    let mut promoted = Vec::new();
    let Some(now) = causes.iter().map(|change| change.at).max() else { return Ok(promoted) };
    let mut passed = 0_i64;
    while tally.occurrence.free() > 0 && tally.occurrence.waiting > 0 && tally.occurrence.is_ahead(now) {
        let waiting = next_in_line(transaction, &tally.occurrence.id, passed).await?;
        let Some(last) = waiting.last().and_then(|registration| registration.waitlist_sequence) else {
            break;
        };
        passed = last;
        let occurrence = tally.occurrence.clone();
        let members = waiting.iter().map(|registration| registration.member.as_str()).collect();
        let mut wish = Claim { occurrence: &occurrence, members, now };
        let able = free_among(transaction, &wish, guards).await?;
        wish.members.retain(|member| able.contains(*member));
        wish.members.truncate(occurrence.free());
        let seated = claim(transaction, &[wish], guards).await?;
        let chosen: Vec<RegistrationDocument> = waiting
            .iter()
            .filter(|registration| seated.has(&occurrence.id, &registration.member))
            .cloned()
            .collect();
        confirm(transaction, &chosen).await?;
        for mut registration in chosen {
            tally.leave();
            tally.take();
            registration.confirm();
            if let Some(cause) = causes.get(promoted.len()).or(causes.last()) {
                transaction.log(cause, entries::promoted(&registration)?);
            }
            promoted.push(registration);
        }
    }
    Ok(promoted)
}

/// Those who wait behind this place.
async fn next_in_line(
    transaction: &mut Transaction<'_>,
    occurrence: &str,
    passed: i64,
) -> Attempt<Vec<RegistrationDocument>> {
    let query = Query::from(
        doc! { "occurrence": occurrence, "status": "WAITLISTED", "waitlistSequence": { "$gt": passed } },
    )
    .sorted(doc! { "waitlistSequence": 1 })
    .limited(STEP);
    Ok(transaction.collection(&schema::REGISTRATIONS).find(query).await?)
}

async fn confirm(transaction: &mut Transaction<'_>, chosen: &[RegistrationDocument]) -> Attempt<()> {
    if chosen.is_empty() {
        return Ok(());
    }
    let ids: Vec<&str> = chosen.iter().map(|registration| registration.id.as_str()).collect();
    let filter = doc! { "_id": { "$in": ids }, "status": "WAITLISTED" };
    let update = doc! { "$set": { "status": "CONFIRMED" }, "$unset": { "waitlistSequence": "" } };
    let updated = transaction.collection(&schema::REGISTRATIONS).update_many(filter, update).await?;
    expect(updated.matched, chosen.len(), "places in a queue")
}
