//! One transaction for many calls.
//!
//! The serialization that a batch stands for: first all cancellations, then the promotions that they make
//! possible, then all registrations, each in the order in which they came.

mod births;
mod cancel;
mod held;
mod keys;
mod places;
mod process;
mod refused;
mod register;
mod stored;

use convene_application::failure::Refusal;

pub(super) use self::process::process;
use self::{keys::Keys, stored::Stored};
use super::{
    cache::Memory,
    queue::{Answer, Entry, Wish},
};
use crate::{
    database::Database,
    deadline::TRANSACTION,
    documents::idempotency::IdempotencyDocument,
    error::{Attempt, Interruption, StorageError},
    registration::seats::{Guards, Tallies},
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Care {
    /// Only what is not remembered. What turns out to be otherwise is the end of the transaction.
    Little,
    /// What mostly matters. The rest is left to unique indexes, whose refusal is the end of the transaction.
    Usual,
    /// Everything: for a call that may have made its batch fail.
    More,
}

/// What became of a batch, if its transaction commits.
pub(super) struct Decided {
    /// What each caller is told; nothing to who has gone.
    pub(super) verdicts: Vec<Option<Verdict>>,
    /// The occurrences that it was about.
    pub(super) tallies: Tallies,
}

/// What a batch works with.
#[derive(Clone, Copy)]
pub(super) struct Tools<'a> {
    pub(super) database: &'a Database,
    pub(super) memory: &'a Memory,
    pub(super) guards: Guards,
}

/// Decides about every call whose caller still waits.
pub(super) async fn run(
    tools: Tools<'_>,
    transaction: &mut Transaction<'_>,
    entries: &[Entry],
    care: Care,
) -> Attempt<Decided> {
    let waiting: Vec<(usize, &Entry)> =
        entries.iter().enumerate().filter(|(_, entry)| entry.ticket.reopen()).collect();
    let mut batch = Batch {
        guards: tools.guards,
        verdicts: entries.iter().map(|_| None).collect(),
        tallies: Tallies::default(),
        keys: Keys::default(),
    };
    if !waiting.is_empty() {
        let scope = *transaction.scope();
        let noted = keys::notes(tools.database, &scope, waiting.iter().map(|&(_, entry)| entry));
        if care == Care::Little {
            // A transaction does one thing at a time, but what it need not see can be looked up beside it.
            let decided = decide(&mut batch, tools.memory, transaction, &waiting, Vec::new(), care);
            let (noted, decided) = futures::join!(noted, decided);
            decided?;
            if !noted?.iter().all(|note| batch.keys.knows(note)) {
                return Err(Interruption::Again(StorageError::Outdated("an idempotency key")));
            }
        } else {
            decide(&mut batch, tools.memory, transaction, &waiting, noted.await?, care).await?;
        }
    }
    // The last moment to go: from here on the commit may have been sent.
    if waiting.iter().all(|(_, entry)| entry.ticket.close()) {
        Ok(Decided { verdicts: batch.verdicts, tallies: batch.tallies })
    } else {
        Err(Interruption::Again(StorageError::TimedOut(TRANSACTION)))
    }
}

/// Decides, knowing what was noted down under the calls' keys, and writes what follows from it.
async fn decide(
    batch: &mut Batch,
    memory: &Memory,
    transaction: &mut Transaction<'_>,
    waiting: &[(usize, &Entry)],
    noted: Vec<IdempotencyDocument>,
    care: Care,
) -> Attempt<()> {
    let all = || waiting.iter().map(|&(_, entry)| entry);
    let Stored { held, tallies, became } = Stored::load(transaction, all(), memory, care).await?;
    batch.tallies = tallies;
    batch.keys = Keys::load(transaction, noted, all(), care).await?;
    let (mut registering, mut cancelling) = (Vec::new(), Vec::new());
    for &(number, entry) in waiting {
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
    cancel::run(batch, transaction, &cancelling, held).await?;
    register::run(batch, transaction, &registering, care).await?;

    batch.tallies.write(transaction, batch.guards).await?;
    births::meet_edits(transaction, &batch.tallies).await?;
    batch.keys.write(transaction).await
}
