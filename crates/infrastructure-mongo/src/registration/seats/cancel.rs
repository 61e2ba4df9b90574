use std::collections::{BTreeMap, BTreeSet};

use bson::doc;
use convene_application::{change::Change, registration::log};
use convene_domain::{
    id::MemberId,
    occurrence::OccurrenceKey,
    registration::{CancellationReason, Registration},
};

use super::{
    CHUNK, Occurrences,
    agenda::remove_times,
    commands::{Weighted, update_in_commands},
    history::prune,
    occurrence::expect,
    upcoming::by_seats,
};
use crate::{
    documents::convert::date, error::Attempt, registration::document::CANCELLED, schema,
    scoped::UpdateStatement, transaction::Transaction,
};

/// An active registration that is to be cancelled.
#[derive(Debug, Clone)]
pub(crate) struct Cancelling<'a> {
    /// The registration, as it was read in this transaction.
    pub(crate) registration: Registration,
    pub(crate) reason: CancellationReason,
    pub(crate) change: &'a Change,
}

impl Cancelling<'_> {
    /// Tests whether the same update cancels both.
    fn is_like(&self, other: &Self) -> bool {
        let form = |one: &Self| (one.reason, one.change.at, one.registration.is_seat());
        form(self) == form(other)
    }
}

/// Cancels registrations: marks them, frees the members' time, writes the log, prunes older cancelled registrations, and
/// counts them off the occurrences, which must be loaded. Returns the cancelled registrations.
///
/// The counters are not written here, so that waitlisted members can be promoted to the free seats first.
pub(crate) async fn cancel(
    transaction: &mut Transaction<'_>,
    occurrences: &mut Occurrences,
    cancellings: Vec<Cancelling<'_>>,
) -> Attempt<Vec<Registration>> {
    for Cancelling { registration, change, .. } in &cancellings {
        transaction.follow(registration.updated_at, change.at);
    }
    free_time(transaction, &cancellings).await?;
    mark_cancelled(transaction, &cancellings).await?;
    let mut cancelled = Vec::with_capacity(cancellings.len());
    for Cancelling { registration, reason, change } in cancellings {
        let seats = occurrences.of(registration.occurrence)?;
        if registration.is_seat() {
            seats.free_seat();
        } else {
            seats.leave_waitlist();
        }
        let after = registration.cancelled(transaction.recorded_at(change.at), reason);
        transaction.log(change, log::cancelled(&registration, &after));
        cancelled.push(after);
    }
    prune(transaction, &cancelled).await?;
    Ok(cancelled)
}

/// Frees the time of the members who held a seat, with one statement for all members who lose the same seats.
async fn free_time(transaction: &mut Transaction<'_>, cancellings: &[Cancelling<'_>]) -> Attempt<()> {
    let mut seats: BTreeMap<MemberId, BTreeSet<OccurrenceKey>> = BTreeMap::new();
    for Cancelling { registration, .. } in cancellings {
        if registration.is_seat() {
            seats.entry(registration.member).or_default().insert(registration.occurrence);
        }
    }
    let Some(now) = cancellings.iter().map(|cancelling| cancelling.change.at).min() else { return Ok(()) };
    let mut statements = Vec::new();
    for (occurrences, members) in by_seats(seats) {
        for members in members.chunks(CHUNK) {
            let statement = remove_times(&occurrences, members, now);
            statements.push(Weighted { effort: members.len(), statement });
        }
    }
    update_in_commands(transaction, &schema::AGENDAS, statements).await?;
    Ok(())
}

/// Marks the registrations, with a statement for each run of those that have time, reason and former status in common.
async fn mark_cancelled(transaction: &mut Transaction<'_>, cancellings: &[Cancelling<'_>]) -> Attempt<()> {
    for chunk in cancellings.chunks(CHUNK) {
        let alike = chunk.chunk_by(Cancelling::is_like);
        let statements = alike.filter_map(|alike| statement(transaction, alike)).collect();
        let updated = transaction.collection(&schema::REGISTRATIONS).update_in_order(statements).await?;
        expect(updated.matched, chunk.len(), "registrations")?;
    }
    Ok(())
}

fn statement(transaction: &mut Transaction<'_>, alike: &[Cancelling<'_>]) -> Option<UpdateStatement> {
    let Cancelling { registration, reason, change } = alike.first()?;
    let at = date(transaction.recorded_at(change.at));
    let ids: Vec<String> = alike.iter().map(|cancelling| cancelling.registration.id.to_string()).collect();
    let mut fields = doc! {
        "status": CANCELLED,
        "active": false,
        "cancelledAt": at,
        "updatedAt": at,
        "cancellationReason": reason.as_str(),
    };
    if !registration.is_seat() {
        fields.insert("wasWaitlisted", true);
    }
    Some(UpdateStatement {
        filter: doc! { "_id": { "$in": ids }, "active": true },
        update: doc! { "$set": fields, "$unset": { "waitlistSequence": "", "isBusy": "", "lacksRoom": "" } }
            .into(),
        many: true,
    })
}
