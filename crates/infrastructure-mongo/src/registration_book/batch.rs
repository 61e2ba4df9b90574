//! One transaction for many calls.
//!
//! The serialization that a batch stands for: first all cancellations, then the promotions that they make
//! possible, then all registrations, each in the order in which they came.

mod births;
mod cancel;
mod held;
mod keys;
mod places;
mod refused;
mod register;

use std::collections::HashMap;

use convene_application::failure::Refusal;
use convene_domain::occurrence::OccurrenceKey;

use self::keys::Keys;
use super::entry::{Answer, Entry, Wish};
use crate::{
    database::Database,
    deadline::TRANSACTION,
    documents::registration::RegistrationDocument,
    error::{Attempt, Interruption, StorageError},
    seats::{Guards, Tallies},
    transaction::Transaction,
};

/// What a caller is told.
pub(super) type Verdict = Result<Answer, Refusal>;

/// A call, and which one in its batch it is.
struct Numbered<'e, W> {
    number: usize,
    entry: &'e Entry,
    /// What a wish to register is about, as it is called now. A cancellation goes by its registration instead.
    occurrence: &'e str,
    wish: &'e W,
}

impl<W> Clone for Numbered<'_, W> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<W> Copy for Numbered<'_, W> {}

/// What a batch has found out so far.
struct Batch {
    guards: Guards,
    verdicts: Vec<Option<Verdict>>,
    tallies: Tallies,
    keys: Keys,
}

impl Batch {
    /// Decides about a call.
    fn answer(&mut self, number: usize, verdict: Verdict) {
        if let Some(place) = self.verdicts.get_mut(number) {
            *place = Some(verdict);
        }
    }
}

/// How much is looked up before anything is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Care {
    /// What mostly matters. The rest is left to unique indexes, whose refusal is the end of the transaction.
    Usual,
    /// Everything: for a call that may have made its batch fail.
    More,
}

/// Decides about every call whose caller still waits; no verdict for who has gone.
pub(super) async fn run(
    database: &Database,
    transaction: &mut Transaction<'_>,
    entries: &[Entry],
    care: Care,
    guards: Guards,
) -> Attempt<Vec<Option<Verdict>>> {
    let waiting: Vec<(usize, &Entry)> =
        entries.iter().enumerate().filter(|(_, entry)| entry.ticket.reopen()).collect();
    if waiting.is_empty() {
        return Ok(entries.iter().map(|_| None).collect());
    }
    let all = || waiting.iter().map(|&(_, entry)| entry);
    let scope = *transaction.scope();
    // A transaction does one thing at a time, so what need not be seen by it is looked up beside it.
    let (noted, stored) =
        futures::join!(keys::notes(database, &scope, all()), Stored::load(transaction, all()));
    let Stored { held, tallies, became } = stored?;
    let mut batch = Batch {
        guards,
        verdicts: entries.iter().map(|_| None).collect(),
        tallies,
        keys: Keys::load(transaction, noted?, all(), care).await?,
    };
    let (mut registering, mut cancelling) = (Vec::new(), Vec::new());
    for &(number, entry) in &waiting {
        if let Some(verdict) = batch.keys.verdict(transaction, entry).await? {
            batch.answer(number, verdict);
            continue;
        }
        let occurrence = became.get(&entry.occurrence).unwrap_or(&entry.occurrence);
        match &entry.wish {
            Wish::Register(wish) => registering.push(Numbered { number, entry, occurrence, wish }),
            Wish::Cancel(wish) => cancelling.push(Numbered { number, entry, occurrence, wish }),
        }
    }
    cancel::run(&mut batch, transaction, &cancelling, held).await?;
    register::run(&mut batch, transaction, &registering, care).await?;

    batch.tallies.write(transaction, guards).await?;
    births::meet_edits(transaction, &batch.tallies).await?;
    batch.keys.write(transaction).await?;
    // The last moment to go: from here on the commit may have been sent.
    if all().all(|entry| entry.ticket.close()) {
        Ok(batch.verdicts)
    } else {
        Err(Interruption::Again(StorageError::TimedOut(TRANSACTION)))
    }
}

/// What is stored of what a batch is about.
struct Stored {
    /// The registrations that are to be cancelled.
    held: Vec<RegistrationDocument>,
    /// The occurrences.
    tallies: Tallies,
    /// What occurrences are called now that were asked for by what they were called once.
    became: HashMap<String, String>,
}

impl Stored {
    async fn load<'e>(
        transaction: &mut Transaction<'_>,
        entries: impl Iterator<Item = &'e Entry> + Clone + Send,
    ) -> Attempt<Self> {
        let held = cancel::find(transaction, entries.clone()).await?;
        let wanted: Vec<(&str, OccurrenceKey)> = entries
            .filter_map(|entry| match &entry.wish {
                Wish::Register(wish) => Some((entry.occurrence.as_str(), wish.occurrence)),
                Wish::Cancel(_) => None,
            })
            .collect();
        let of_held = held.iter().map(|registration| registration.occurrence.as_str());
        let ids: Vec<&str> = of_held.chain(wanted.iter().map(|&(id, _)| id)).collect();
        let mut tallies = Tallies::load(transaction, ids).await?;
        let became = births::find(transaction, &mut tallies, &wanted).await?;
        Ok(Self { held, tallies, became })
    }
}
