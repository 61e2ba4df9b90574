use std::collections::{BTreeMap, BTreeSet};

use bson::doc;
use convene_application::{change::Change, registration::log};
use convene_domain::{
    id::MemberId,
    occurrence::OccurrenceKey,
    registration::{CancellationReason, Registration, RegistrationStatus},
};

use super::{CHUNK, Occurrences, agenda::release, occurrence::expect};
use crate::{
    documents::convert::date, error::Attempt, schema, scoped::UpdateStatement, transaction::Transaction,
};

/// An active registration that is to be cancelled.
#[derive(Debug, Clone)]
pub(crate) struct Cancelling<'a> {
    /// The registration, as it was read in this transaction.
    pub(crate) registration: Registration,
    pub(crate) reason: CancellationReason,
    pub(crate) change: &'a Change,
}

/// Cancels registrations: marks them, frees the members' time, writes the log, and counts them off the occurrences,
/// which must be loaded. Returns the cancelled registrations.
///
/// The counters are not written here, so that waitlisted members can be promoted to the free seats first.
pub(crate) async fn cancel(
    transaction: &mut Transaction<'_>,
    occurrences: &mut Occurrences,
    cancellings: Vec<Cancelling<'_>>,
) -> Attempt<Vec<Registration>> {
    free_time(transaction, &cancellings).await?;
    mark_cancelled(transaction, &cancellings).await?;
    let mut cancelled = Vec::with_capacity(cancellings.len());
    for Cancelling { registration, reason, change } in cancellings {
        let seats = occurrences.of(registration.occurrence)?;
        if registration.status == RegistrationStatus::Confirmed {
            seats.release_seat();
        } else {
            seats.leave_waitlist();
        }
        let after = registration.cancelled(change.at, reason);
        transaction.log(change, log::cancelled(&registration, &after));
        cancelled.push(after);
    }
    Ok(cancelled)
}

/// Frees the time of the members who held a seat, with a statement for each occurrence.
async fn free_time(transaction: &mut Transaction<'_>, cancellings: &[Cancelling<'_>]) -> Attempt<()> {
    let mut holders: BTreeMap<OccurrenceKey, (BTreeSet<MemberId>, &Change)> = BTreeMap::new();
    for Cancelling { registration, change, .. } in cancellings {
        if registration.status == RegistrationStatus::Confirmed {
            let (members, _) = holders.entry(registration.occurrence).or_insert((BTreeSet::new(), change));
            members.insert(registration.member);
        }
    }
    let statements: Vec<UpdateStatement> = holders
        .into_iter()
        .map(|(occurrence, (members, change))| release(occurrence, &members, change.at))
        .collect();
    for chunk in statements.chunks(CHUNK) {
        transaction.collection(&schema::AGENDAS).update_in_order(chunk.to_vec()).await?;
    }
    Ok(())
}

/// Marks the registrations, with a statement for each run of those that have time and reason in common.
async fn mark_cancelled(transaction: &mut Transaction<'_>, cancellings: &[Cancelling<'_>]) -> Attempt<()> {
    for chunk in cancellings.chunks(CHUNK) {
        let alike = chunk.chunk_by(|a, b| a.reason == b.reason && a.change.at == b.change.at);
        let statements = alike.filter_map(statement).collect();
        let updated = transaction.collection(&schema::REGISTRATIONS).update_in_order(statements).await?;
        expect(updated.matched, chunk.len(), "registrations")?;
    }
    Ok(())
}

fn statement(alike: &[Cancelling<'_>]) -> Option<UpdateStatement> {
    let Cancelling { reason, change, .. } = alike.first()?;
    let ids: Vec<String> = alike.iter().map(|cancelling| cancelling.registration.id.to_string()).collect();
    let fields = doc! {
        "status": "CANCELLED",
        "active": false,
        "cancelledAt": date(change.at),
        "cancellationReason": reason.as_str(),
    };
    Some(UpdateStatement {
        filter: doc! { "_id": { "$in": ids }, "active": true },
        update: doc! { "$set": fields, "$unset": { "waitlistSequence": "" } }.into(),
        many: true,
    })
}
