//! The cancellations of a batch, and the promotions that they make possible.

use std::collections::{BTreeMap, HashMap};

use bson::doc;
use convene_application::{
    change::Change,
    failure::Refusal,
    ports::{CancellationOrder, Cancelled},
};
use convene_domain::registration::{CancellationReason, Registration, decide_cancellation};

use super::{Answer, Batch, Entry, Numbered, Wish};
use crate::{
    error::{Attempt, StorageError},
    registration::document::RegistrationDocument,
    registration::seats::{Cancelling, cancel, promote},
    schema,
    transaction::Transaction,
};

type Call<'e> = Numbered<'e, CancellationOrder>;

/// The registrations that are to be cancelled, as they are.
pub(super) async fn find<'e>(
    transaction: &mut Transaction<'_>,
    entries: impl Iterator<Item = &'e Entry> + Send,
) -> Result<Vec<RegistrationDocument>, StorageError> {
    let ids: Vec<String> = entries
        .filter_map(|entry| match &entry.wish {
            Wish::Cancel(wish) => Some(wish.registration.to_string()),
            Wish::Register(_) => None,
        })
        .collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    transaction.collection(&schema::REGISTRATIONS).find(doc! { "_id": { "$in": ids } }).await
}

/// Cancels what can be cancelled, and gives the free seats to those who wait.
pub(super) async fn run(
    batch: &mut Batch,
    transaction: &mut Transaction<'_>,
    calls: &[Call<'_>],
    found: Vec<RegistrationDocument>,
) -> Attempt<()> {
    let mut found: HashMap<String, RegistrationDocument> =
        found.into_iter().map(|registration| (registration.id.clone(), registration)).collect();
    let (mut accepted, mut cancellings, mut refused) = (Vec::new(), Vec::new(), Vec::new());
    for call in calls {
        match decide(batch, call, found.remove(&call.wish.registration.to_string()))? {
            Ok(cancelling) => {
                accepted.push(*call);
                cancellings.push(cancelling);
            }
            Err(refusal) => refused.push((*call, refusal)),
        }
    }
    explain(batch, transaction, refused).await?;
    // Only a seat that was given back is free for somebody else.
    let mut freed: BTreeMap<String, Vec<Call<'_>>> = BTreeMap::new();
    for (call, cancelling) in accepted.iter().zip(&cancellings) {
        if cancelling.registration.is_confirmed() {
            freed.entry(cancelling.registration.occurrence.clone()).or_default().push(*call);
        }
    }
    let cancelled = cancel(transaction, &mut batch.tallies, cancellings).await?;
    let mut promoted: HashMap<usize, Registration> = HashMap::new();
    for (occurrence, calls) in freed {
        let causes: Vec<&Change> = calls.iter().map(|call| &call.entry.change).collect();
        let risen = promote(transaction, batch.tallies.of(&occurrence)?, &causes, batch.guards).await?;
        for (call, registration) in calls.iter().zip(risen) {
            promoted.insert(call.number, Registration::try_from(registration)?);
        }
    }
    for (call, registration) in accepted.iter().zip(cancelled) {
        let registration = Registration::try_from(registration)?;
        let cancelled = Cancelled { registration, promoted: promoted.remove(&call.number) };
        batch.keys.note(&call.entry.change, &cancelled);
        batch.answer(call.number, Ok(Answer::Cancelled(Box::new(cancelled))));
    }
    Ok(())
}

/// Tells everyone else why not. A call that is repeated looks like one that comes too late, so keys come first.
async fn explain(
    batch: &mut Batch,
    transaction: &mut Transaction<'_>,
    refused: Vec<(Call<'_>, Refusal)>,
) -> Attempt<()> {
    batch.keys.load_notes(transaction, refused.iter().map(|(call, _)| call.entry)).await?;
    for (call, refusal) in refused {
        let verdict = batch.keys.verdict(transaction, call.entry).await?;
        batch.answer(call.number, verdict.unwrap_or(Err(refusal)));
    }
    Ok(())
}

fn decide<'e>(
    batch: &mut Batch,
    call: &Call<'e>,
    found: Option<RegistrationDocument>,
) -> Attempt<Result<Cancelling<'e>, Refusal>> {
    let CancellationOrder { of_member, caller, .. } = *call.wish;
    let Some(document) = found else { return Ok(Err(Refusal::not_found("registrationId"))) };
    let registration = Registration::try_from(&document)?;
    if of_member.is_some_and(|member| member != registration.member) {
        return Ok(Err(Refusal::not_found("registrationId")));
    }
    // A cancelled one has nothing left to be decided, whatever became of its occurrence.
    if !document.active {
        return Ok(Err(Refusal::AlreadyCancelled));
    }
    let change = &call.entry.change;
    let occurrence = &batch.tallies.of(&document.occurrence)?.occurrence;
    let decided = decide_cancellation(&registration, occurrence.seating()?, change.at, of_member.is_none());
    if let Err(refusal) = decided {
        return Ok(Err(refusal.into()));
    }
    let is_own = registration.member == caller;
    let reason = if is_own { CancellationReason::ByMember } else { CancellationReason::ByAdmin };
    Ok(Ok(Cancelling { registration: document, reason, change }))
}
