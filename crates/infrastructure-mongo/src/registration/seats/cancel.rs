use std::collections::{BTreeMap, BTreeSet};

use bson::doc;
use convene_application::change::Change;
use convene_domain::registration::CancellationReason;

use super::{CHUNK, Tallies, agenda::release, entries, tally::expect};
use crate::{
    documents::convert::date, error::Attempt, registration::document::RegistrationDocument, schema,
    scoped::UpdateStatement, transaction::Transaction,
};

/// An active registration that is to be cancelled.
#[derive(Debug, Clone)]
pub(crate) struct Cancelling<'a> {
    /// The registration, as it was read in this transaction.
    pub(crate) registration: RegistrationDocument,
    /// Why.
    pub(crate) reason: CancellationReason,
    /// The change that it belongs to.
    pub(crate) change: &'a Change,
}

/// Cancels registrations: each is marked, its member's time is free again, the log tells, and the tallies, which
/// must have their occurrences, count one less. Answers with the registrations as they are then.
///
/// The tallies are not written here, so that those who wait can be given the free seats first.
pub(crate) async fn cancel(
    transaction: &mut Transaction<'_>,
    tallies: &mut Tallies,
    cancellings: Vec<Cancelling<'_>>,
) -> Attempt<Vec<RegistrationDocument>> {
    free_time(transaction, &cancellings).await?;
    mark(transaction, &cancellings).await?;
    let mut cancelled = Vec::with_capacity(cancellings.len());
    for Cancelling { mut registration, reason, change } in cancellings {
        transaction.log(change, entries::cancelled(&registration, reason)?);
        let tally = tallies.of(&registration.occurrence)?;
        if registration.is_confirmed() {
            tally.give_back();
        } else {
            tally.leave();
        }
        registration.cancel(change.at, reason);
        cancelled.push(registration);
    }
    Ok(cancelled)
}

/// Frees the time of those who held a seat: a statement for each occurrence.
async fn free_time(transaction: &mut Transaction<'_>, cancellings: &[Cancelling<'_>]) -> Attempt<()> {
    let mut holders: BTreeMap<&str, (BTreeSet<&str>, &Change)> = BTreeMap::new();
    for Cancelling { registration, change, .. } in
        cancellings.iter().filter(|c| c.registration.is_confirmed())
    {
        let (members, _) = holders.entry(&registration.occurrence).or_insert((BTreeSet::new(), change));
        members.insert(&registration.member);
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

/// Marks the registrations: a statement for each run of those that were cancelled together.
async fn mark(transaction: &mut Transaction<'_>, cancellings: &[Cancelling<'_>]) -> Attempt<()> {
    for chunk in cancellings.chunks(CHUNK) {
        let together = chunk.chunk_by(|a, b| a.reason == b.reason && a.change.at == b.change.at);
        let statements = together.filter_map(statement).collect();
        let updated = transaction.collection(&schema::REGISTRATIONS).update_in_order(statements).await?;
        expect(updated.matched, chunk.len(), "registrations")?;
    }
    Ok(())
}

fn statement(together: &[Cancelling<'_>]) -> Option<UpdateStatement> {
    let Cancelling { reason, change, .. } = together.first()?;
    let ids: Vec<&str> = together.iter().map(|cancelling| cancelling.registration.id.as_str()).collect();
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
