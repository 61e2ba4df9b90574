//! The cancellations of a batch, and the promotions that they make possible.

use std::collections::{BTreeMap, HashMap};

use bson::doc;
use convene_application::{
    change::Change,
    failure::Refusal,
    ports::{CancelRequest, Cancelled},
    registration::refusals,
};
use convene_domain::registration::Registration;

use super::{Answer, Batch, Entry, Numbered, Wish};
use crate::{
    error::{Attempt, StorageError},
    registration::document::RegistrationDocument,
    registration::seats::{Cancelling, cancel, promote},
    schema,
    transaction::Transaction,
};

type Call<'e> = Numbered<'e, CancelRequest>;

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
    let Some(document) = found else { return Ok(Err(refusals::not_found())) };
    let change = &call.entry.change;
    let seating = batch.tallies.of(&document.occurrence)?.occurrence.seating()?;
    let decided = call.wish.decide(&Registration::try_from(&document)?, seating, change.at);
    Ok(decided.map(|reason| Cancelling { registration: document, reason, change }))
}
