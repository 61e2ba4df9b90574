use std::collections::{BTreeMap, HashMap};

use bson::{Document, doc};

use super::{CHUNK, Guards};
use crate::{
    documents::occurrence::OccurrenceDocument,
    error::{Attempt, Interruption, StorageError},
    schema,
    scoped::UpdateStatement,
    transaction::Transaction,
};

/// An occurrence whose seats change hands: as it was read, and as it will be.
#[derive(Debug, Clone)]
pub(crate) struct Tally {
    /// As it will be.
    pub(crate) occurrence: OccurrenceDocument,
    taken_before: i32,
    waiting_before: i32,
    sequence_before: i64,
    source: Source,
}

/// Where an occurrence is known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// The transaction has read it.
    Stored,
    /// Somebody before it has: it must be found out whether it is still so.
    Remembered,
    /// Its event gives it, in this version.
    Unborn(u32),
}

impl Tally {
    /// An occurrence that is stored like this.
    pub(crate) fn stored(occurrence: OccurrenceDocument) -> Self {
        let OccurrenceDocument { taken, waiting, next_waitlist_sequence, .. } = occurrence;
        Self {
            occurrence,
            taken_before: taken,
            waiting_before: waiting,
            sequence_before: next_waitlist_sequence,
            source: Source::Stored,
        }
    }

    /// An occurrence that is stored only if a seat of it, or a place in its queue, is taken.
    pub(crate) fn unborn(occurrence: OccurrenceDocument, event_version: u32) -> Self {
        Self { source: Source::Unborn(event_version), ..Self::stored(occurrence) }
    }

    /// An occurrence that was stored like this, with nobody waiting, when it was last seen.
    pub(crate) fn remembered(occurrence: OccurrenceDocument) -> Self {
        Self { source: Source::Remembered, ..Self::stored(occurrence) }
    }

    /// Takes a seat.
    pub(crate) fn take(&mut self) {
        self.occurrence.taken = self.occurrence.taken.saturating_add(1);
    }

    /// Gives a seat back.
    pub(crate) fn give_back(&mut self) {
        self.occurrence.taken = self.occurrence.taken.saturating_sub(1);
    }

    /// Joins the queue, at the place that is answered.
    pub(crate) fn join(&mut self) -> i64 {
        let place = self.occurrence.next_waitlist_sequence;
        self.occurrence.next_waitlist_sequence = place.saturating_add(1);
        self.occurrence.waiting = self.occurrence.waiting.saturating_add(1);
        place
    }

    /// Leaves the queue.
    pub(crate) fn leave(&mut self) {
        self.occurrence.waiting = self.occurrence.waiting.saturating_sub(1);
    }

    fn is_changed(&self) -> bool {
        let Step { taken, waiting, joined, .. } = self.step();
        (taken, waiting, joined) != (0, 0, 0)
    }

    fn step(&self) -> Step {
        Step {
            is_remembered: self.source == Source::Remembered,
            taken: self.occurrence.taken - self.taken_before,
            waiting: self.occurrence.waiting - self.waiting_before,
            joined: self.occurrence.next_waitlist_sequence - self.sequence_before,
        }
    }
}

/// By how much the counts of an occurrence change. Mostly it is the same for many of a batch, and then one statement does
/// for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Step {
    is_remembered: bool,
    taken: i32,
    waiting: i32,
    joined: i64,
}

impl Step {
    /// Changes these occurrences, as long as they are what was read and have the seats.
    fn statement(self, tallies: &[&Tally], guards: Guards) -> UpdateStatement {
        let ids: Vec<&str> = tallies.iter().map(|tally| tally.occurrence.id.as_str()).collect();
        // No two have the same edition, so it is that of the one with the id; null stands for none.
        let editions: Vec<Option<i64>> = tallies.iter().map(|tally| tally.occurrence.edition).collect();
        let mut filter = doc! { "_id": { "$in": ids }, "edition": { "$in": editions } };
        if self.is_remembered {
            // Whoever waits goes first.
            filter.insert("waiting", 0);
        }
        if self.taken > 0 && guards.capacity {
            filter.insert("status", "SCHEDULED");
            let taken = doc! { "$add": ["$taken", self.taken] };
            filter.insert("$expr", doc! { "$lte": [taken, "$capacity"] });
        }
        let mut increments = Document::new();
        for (field, by) in [("taken", self.taken), ("waiting", self.waiting)] {
            if by != 0 {
                increments.insert(field, by);
            }
        }
        if self.joined != 0 {
            increments.insert("nextWaitlistSequence", self.joined);
        }
        UpdateStatement { filter, update: doc! { "$inc": increments }.into(), many: true }
    }
}

/// The occurrences that a transaction changes the seats of, by id.
#[derive(Debug, Default)]
pub(crate) struct Tallies(HashMap<String, Tally>);

impl Tallies {
    /// Those of these occurrences that are stored.
    pub(crate) async fn load(
        transaction: &mut Transaction<'_>,
        ids: impl IntoIterator<Item = &str>,
    ) -> Result<Self, StorageError> {
        let ids: std::collections::BTreeSet<&str> = ids.into_iter().collect();
        let mut tallies = Self::default();
        if !ids.is_empty() {
            let filter = doc! { "_id": { "$in": ids.into_iter().collect::<Vec<_>>() } };
            let found: Vec<OccurrenceDocument> =
                transaction.collection(&schema::OCCURRENCES).find(filter).await?;
            found.into_iter().for_each(|occurrence| tallies.insert(Tally::stored(occurrence)));
        }
        Ok(tallies)
    }

    /// Adds an occurrence.
    pub(crate) fn insert(&mut self, tally: Tally) {
        self.0.insert(tally.occurrence.id.clone(), tally);
    }

    /// Whether the occurrence is there.
    pub(crate) fn contains(&self, id: &str) -> bool {
        self.0.contains_key(id)
    }

    /// The occurrence, if it is there.
    pub(crate) fn get(&self, id: &str) -> Option<&Tally> {
        self.0.get(id)
    }

    /// The occurrence that a registration is for.
    ///
    /// # Errors
    /// A fault if there is none: registrations have no life without their occurrence.
    pub(crate) fn of(&mut self, id: &str) -> Attempt<&mut Tally> {
        self.0.get_mut(id).ok_or_else(|| fault(format!("occurrence {id} is missing, but has registrations")))
    }

    /// The event, and its version, of each occurrence that is stored for the first time.
    pub(crate) fn births(&self) -> impl Iterator<Item = (&str, u32)> {
        let changed = self.0.values().filter(|tally| tally.is_changed());
        changed.filter_map(|tally| match tally.source {
            Source::Unborn(version) => Some((tally.occurrence.event.as_str(), version)),
            Source::Stored | Source::Remembered => None,
        })
    }

    /// The occurrences that are stored, or will be, as they will be.
    pub(crate) fn into_stored(self) -> impl Iterator<Item = OccurrenceDocument> {
        let is_stored = |tally: &Tally| !matches!(tally.source, Source::Unborn(_)) || tally.is_changed();
        self.0.into_values().filter(is_stored).map(|tally| tally.occurrence)
    }

    /// Stores what changed.
    pub(crate) async fn write(&self, transaction: &mut Transaction<'_>, guards: Guards) -> Attempt<()> {
        let changed = self.0.values().filter(|tally| tally.is_changed());
        let (born, changed): (Vec<&Tally>, Vec<&Tally>) =
            changed.partition(|tally| matches!(tally.source, Source::Unborn(_)));
        let born: Vec<&OccurrenceDocument> = born.into_iter().map(|tally| &tally.occurrence).collect();
        transaction.collection(&schema::OCCURRENCES).insert_all(&born).await?;
        let mut by_step: BTreeMap<Step, Vec<&Tally>> = BTreeMap::new();
        for tally in &changed {
            by_step.entry(tally.step()).or_default().push(tally);
        }
        let statements = by_step
            .into_iter()
            .flat_map(|(step, tallies)| {
                tallies.chunks(CHUNK).map(|chunk| step.statement(chunk, guards)).collect::<Vec<_>>()
            })
            .collect();
        let updated = transaction.collection(&schema::OCCURRENCES).update_in_order(statements).await?;
        if usize::try_from(updated.matched) != Ok(changed.len())
            && changed.iter().any(|tally| tally.source == Source::Remembered)
        {
            return Err(outdated());
        }
        expect(updated.matched, changed.len(), "occurrences")?;
        self.confirm(transaction).await
    }

    /// Makes sure of what is remembered but was not written: nobody got a seat there, and nobody may be refused for what is
    /// not so.
    async fn confirm(&self, transaction: &mut Transaction<'_>) -> Attempt<()> {
        let (ids, editions): (Vec<&str>, Vec<Option<i64>>) = self
            .0
            .values()
            .filter(|tally| tally.source == Source::Remembered && !tally.is_changed())
            .map(|tally| (tally.occurrence.id.as_str(), tally.occurrence.edition))
            .unzip();
        if ids.is_empty() {
            return Ok(());
        }
        let expected = ids.len();
        let filter = doc! { "_id": { "$in": ids }, "edition": { "$in": editions } };
        let found = transaction.collection(&schema::OCCURRENCES).ids(filter).await?;
        if found.len() == expected { Ok(()) } else { Err(outdated()) }
    }
}

/// A transaction sees one state of the database, so what it read a moment ago must still fit.
///
/// # Errors
/// A fault if fewer documents were found than were read before.
pub(super) fn expect(matched: u64, expected: usize, what: &str) -> Attempt<()> {
    if usize::try_from(matched) == Ok(expected) {
        Ok(())
    } else {
        Err(fault(format!("{matched} of {expected} {what} are as they were read in the same transaction")))
    }
}

fn outdated() -> Interruption {
    Interruption::Again(StorageError::Outdated("an occurrence"))
}

fn fault(message: String) -> Interruption {
    convene_application::failure::Fault::internal(message).into()
}
