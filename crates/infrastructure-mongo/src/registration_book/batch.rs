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

use convene_application::failure::Refusal;

use self::keys::Keys;
use super::entry::{Answer, Entry, Wish};
use crate::{
    deadline::TRANSACTION,
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
    let mut batch = Batch {
        guards,
        verdicts: entries.iter().map(|_| None).collect(),
        tallies: Tallies::default(),
        keys: Keys::load(transaction, waiting.iter().map(|&(_, entry)| entry), care).await?,
    };
    let (mut registering, mut cancelling) = (Vec::new(), Vec::new());
    for &(number, entry) in &waiting {
        if let Some(verdict) = batch.keys.verdict(transaction, entry).await? {
            batch.answer(number, verdict);
            continue;
        }
        match &entry.wish {
            Wish::Register(wish) => registering.push(Numbered { number, entry, wish: wish.as_ref() }),
            Wish::Cancel(wish) => cancelling.push(Numbered { number, entry, wish }),
        }
    }
    let held = cancel::find(transaction, &cancelling).await?;
    let wanted = registering.iter().map(|call| call.wish.occurrence.key.to_string());
    let occurrences: Vec<String> =
        held.iter().map(|registration| registration.occurrence.clone()).chain(wanted).collect();
    batch.tallies = Tallies::load(transaction, occurrences.iter().map(String::as_str)).await?;

    cancel::run(&mut batch, transaction, &cancelling, held).await?;
    register::run(&mut batch, transaction, &registering, care).await?;

    batch.tallies.write(transaction, guards).await?;
    births::meet_edits(transaction, &batch.tallies).await?;
    batch.keys.write(transaction).await?;
    // The last moment to go: from here on the commit may have been sent.
    if waiting.iter().all(|(_, entry)| entry.ticket.close()) {
        Ok(batch.verdicts)
    } else {
        Err(Interruption::Again(StorageError::TimedOut(TRANSACTION)))
    }
}
