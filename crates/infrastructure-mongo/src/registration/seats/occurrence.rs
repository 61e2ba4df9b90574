use std::collections::{BTreeMap, BTreeSet, HashMap};

use bson::{Document, doc};
use convene_application::{failure::Fault, large::drop_elsewhere, pace::Pace};
use convene_domain::{
    id::EventId,
    occurrence::{OccurrenceKey, OccurrenceStatus},
};

use super::{
    CHUNK,
    commands::{Weighted, update_in_commands},
};
use crate::{
    documents::{ids::texts, occurrence::OccurrenceDocument},
    error::{Attempt, CorruptDocument, Interruption, StorageError},
    guards::Guards,
    metrics::{self, CacheResult},
    schema,
    scoped::UpdateStatement,
    transaction::Transaction,
};

/// The steps of adding a document.
const STEPS_PER_DOCUMENT: usize = 3;

/// An occurrence whose counters a transaction changes.
#[derive(Debug, Clone)]
pub(crate) struct OccurrenceSeats {
    pub(crate) key: OccurrenceKey,
    /// The occurrence as it will be.
    pub(crate) document: OccurrenceDocument,
    taken_before: i32,
    waiting_before: i32,
    sequence_before: i64,
    source: Source,
}

/// The origin of the state before the transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// This transaction has read it.
    Stored,
    /// An earlier transaction left it like this. This one must verify that it is current, and that it has a free seat for each of
    /// the members who ask for one: whether such a member gets it or is refused, nobody was told that it is full.
    Cached { asked: i32 },
    /// The rule of its event gives it, in this version of the event.
    Derived(u32),
}

impl OccurrenceSeats {
    fn new(key: OccurrenceKey, document: OccurrenceDocument, source: Source) -> Self {
        let OccurrenceDocument { taken, waiting, next_waitlist_sequence, .. } = document;
        Self {
            key,
            document,
            taken_before: taken,
            waiting_before: waiting,
            sequence_before: next_waitlist_sequence,
            source,
        }
    }

    pub(crate) fn stored(document: OccurrenceDocument) -> Result<Self, CorruptDocument> {
        Ok(Self::new(document.key()?, document, Source::Stored))
    }

    /// An occurrence that is materialized if it gets a registration.
    pub(crate) fn derived(key: OccurrenceKey, document: OccurrenceDocument, event_version: u32) -> Self {
        Self::new(key, document, Source::Derived(event_version))
    }

    /// An occurrence that was stored like this after an earlier transaction, without a waitlist and with a free seat for each of the
    /// members who ask for one.
    pub(crate) fn cached(key: OccurrenceKey, document: OccurrenceDocument, asked: usize) -> Self {
        Self::new(key, document, Source::Cached { asked: i32::try_from(asked).unwrap_or(i32::MAX) })
    }

    pub(crate) fn take_seat(&mut self) {
        self.document.taken = self.document.taken.saturating_add(1);
    }

    pub(crate) fn free_seat(&mut self) {
        self.document.taken = self.document.taken.saturating_sub(1);
    }

    /// Adds a member to the waitlist and returns the waitlist sequence.
    pub(crate) fn join_waitlist(&mut self) -> u64 {
        let sequence = self.document.next_waitlist_sequence;
        self.document.next_waitlist_sequence = sequence.saturating_add(1);
        self.document.waiting = self.document.waiting.saturating_add(1);
        sequence.unsigned_abs()
    }

    pub(crate) fn leave_waitlist(&mut self) {
        self.document.waiting = self.document.waiting.saturating_sub(1);
    }

    fn is_changed(&self) -> bool {
        let CounterChange { taken, waiting, joined, .. } = self.change();
        (taken, waiting, joined) != (0, 0, 0)
    }

    /// The members who asked for a seat, if the occurrence was cached.
    const fn asked(&self) -> Option<i32> {
        match self.source {
            Source::Cached { asked } => Some(asked),
            Source::Stored | Source::Derived(_) => None,
        }
    }

    fn change(&self) -> CounterChange {
        CounterChange {
            asked: self.asked(),
            taken: self.document.taken - self.taken_before,
            waiting: self.document.waiting - self.waiting_before,
            joined: self.document.next_waitlist_sequence - self.sequence_before,
        }
    }
}

/// The change of an occurrence's counters. Usually many occurrences of a batch have the same one, so that one statement
/// writes all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct CounterChange {
    /// The seats that must be free, if the occurrence was cached.
    asked: Option<i32>,
    taken: i32,
    waiting: i32,
    joined: i64,
}

impl CounterChange {
    /// Changes these occurrences, provided that they are as they were read and have the seats.
    fn statement(self, occurrences: &[&OccurrenceSeats], guards: Guards) -> UpdateStatement {
        let mut filter = with_same_tokens(occurrences);
        if self.asked.is_some() {
            // Members who joined the waitlist since have precedence.
            filter.insert("waiting", 0);
        }
        if self.taken > 0 && guards.capacity {
            filter.insert("status", OccurrenceStatus::Scheduled.as_str());
            filter.insert("$expr", with_free(self.asked.unwrap_or(self.taken)));
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

/// The condition that an occurrence has this number of free seats.
fn with_free(seats: i32) -> Document {
    doc! { "$lte": [{ "$add": ["$taken", seats] }, "$capacity"] }
}

/// The filter for these occurrences with the change tokens that were read. The tokens are random 64-bit numbers, so it is
/// practically impossible that an occurrence has the token that another one had.
fn with_same_tokens(occurrences: &[&OccurrenceSeats]) -> Document {
    let ids: Vec<&str> = occurrences.iter().map(|seats| seats.document.id.as_str()).collect();
    let tokens: Vec<i64> = occurrences.iter().map(|seats| seats.document.change_token).collect();
    doc! { "_id": { "$in": ids }, "changeToken": { "$in": tokens } }
}

/// The occurrences whose counters a transaction changes.
#[derive(Debug, Default)]
pub(crate) struct Occurrences(HashMap<OccurrenceKey, OccurrenceSeats>);

impl Drop for Occurrences {
    fn drop(&mut self) {
        drop_elsewhere(self.0.len(), std::mem::take(&mut self.0));
    }
}

impl Occurrences {
    /// Reads those of the occurrences that are stored.
    pub(crate) async fn load(
        transaction: &mut Transaction<'_>,
        keys: impl IntoIterator<Item = OccurrenceKey>,
    ) -> Attempt<Self> {
        let mut occurrences = Self::default();
        occurrences.load_further(transaction, keys).await?;
        Ok(occurrences)
    }

    /// Reads those of the occurrences that are stored, to change them at the end of a long transaction. After a conflict it writes
    /// them first: then other transactions that write them fail, and not this one at its end.
    pub(crate) async fn load_to_change(
        transaction: &mut Transaction<'_>,
        keys: impl IntoIterator<Item = OccurrenceKey>,
    ) -> Attempt<Self> {
        let keys: BTreeSet<OccurrenceKey> = keys.into_iter().collect();
        if transaction.has_conflicted() {
            let touch = |key: &OccurrenceKey| {
                // Each has a token of its own, which must be unlike all others.
                let update = doc! { "$set": { "changeToken": transaction.random() } };
                let filter = doc! { "_id": key.to_string() };
                let statement = UpdateStatement { filter, update: update.into(), many: false };
                Weighted { effort: 1, statement }
            };
            let statements = keys.iter().map(touch).collect();
            update_in_commands(transaction, &schema::OCCURRENCES, statements).await?;
        }
        Self::load(transaction, keys).await
    }

    /// Reads those of the occurrences that are stored and not loaded.
    pub(crate) async fn load_further(
        &mut self,
        transaction: &mut Transaction<'_>,
        keys: impl IntoIterator<Item = OccurrenceKey>,
    ) -> Attempt<()> {
        let keys: BTreeSet<OccurrenceKey> = keys.into_iter().filter(|&key| !self.contains(key)).collect();
        let (keys, mut pace) = (Vec::from_iter(keys), Pace::default());
        for keys in keys.chunks(CHUNK) {
            let filter = doc! { "_id": { "$in": texts(keys) } };
            let found: Vec<OccurrenceDocument> =
                transaction.collection(&schema::OCCURRENCES).find(filter).await?;
            for document in found {
                pace.steps(STEPS_PER_DOCUMENT).await;
                self.insert(OccurrenceSeats::stored(document)?);
            }
        }
        Ok(())
    }

    pub(crate) fn insert(&mut self, seats: OccurrenceSeats) {
        self.0.insert(seats.key, seats);
    }

    pub(crate) fn remove(&mut self, key: OccurrenceKey) {
        self.0.remove(&key);
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &OccurrenceKey> {
        self.0.keys()
    }

    pub(crate) fn contains(&self, key: OccurrenceKey) -> bool {
        self.0.contains_key(&key)
    }

    pub(crate) fn get(&self, key: OccurrenceKey) -> Option<&OccurrenceSeats> {
        self.0.get(&key)
    }

    /// The occurrence of a registration.
    ///
    /// # Errors
    /// A fault if it is not loaded: every registration has a stored occurrence.
    pub(crate) fn of(&mut self, key: OccurrenceKey) -> Attempt<&mut OccurrenceSeats> {
        self.0.get_mut(&key).ok_or_else(|| {
            Fault::internal(format!("occurrence {key} is missing, but has registrations")).into()
        })
    }

    /// The event, and its version, of each occurrence that is materialized.
    pub(crate) fn materialized(&self) -> impl Iterator<Item = (EventId, u32)> {
        let changed = self.0.values().filter(|seats| seats.is_changed());
        changed.filter_map(|seats| match seats.source {
            Source::Derived(version) => Some((seats.key.event, version)),
            Source::Stored | Source::Cached { .. } => None,
        })
    }

    /// The occurrences that are stored after the transaction, as they will be.
    pub(crate) fn into_stored(mut self) -> impl Iterator<Item = (OccurrenceKey, OccurrenceDocument)> {
        let is_stored =
            |seats: &OccurrenceSeats| !matches!(seats.source, Source::Derived(_)) || seats.is_changed();
        std::mem::take(&mut self.0).into_values().filter(is_stored).map(|seats| (seats.key, seats.document))
    }

    /// Writes the changed counters and verifies the cached occurrences.
    pub(crate) async fn write(&self, transaction: &mut Transaction<'_>) -> Attempt<()> {
        let changed = self.0.values().filter(|seats| seats.is_changed());
        let (derived, changed): (Vec<&OccurrenceSeats>, Vec<&OccurrenceSeats>) =
            changed.partition(|seats| matches!(seats.source, Source::Derived(_)));
        let derived: Vec<&OccurrenceDocument> = derived.into_iter().map(|seats| &seats.document).collect();
        transaction.collection(&schema::OCCURRENCES).insert_all(&derived).await?;
        let mut by_change: BTreeMap<CounterChange, Vec<&OccurrenceSeats>> = BTreeMap::new();
        for seats in &changed {
            by_change.entry(seats.change()).or_default().push(seats);
        }
        let guards = transaction.guards();
        let statements = by_change
            .into_iter()
            .flat_map(|(change, occurrences)| {
                occurrences.chunks(CHUNK).map(|chunk| change.statement(chunk, guards)).collect::<Vec<_>>()
            })
            .collect();
        let updated = transaction.collection(&schema::OCCURRENCES).update_in_order(statements).await?;
        if usize::try_from(updated.matched) != Ok(changed.len())
            && changed.iter().any(|seats| seats.asked().is_some())
        {
            return Err(stale());
        }
        expect(updated.matched, changed.len(), "occurrences")?;
        self.verify_unchanged(transaction).await
    }

    /// Verifies the cached occurrences that are not written: no request may be refused because of a stale one.
    async fn verify_unchanged(&self, transaction: &mut Transaction<'_>) -> Attempt<()> {
        let mut by_asked: BTreeMap<i32, Vec<&OccurrenceSeats>> = BTreeMap::new();
        for seats in self.0.values().filter(|seats| !seats.is_changed()) {
            if let Some(asked) = seats.asked() {
                by_asked.entry(asked).or_default().push(seats);
            }
        }
        for (asked, unchanged) in by_asked {
            let mut filter = with_same_tokens(&unchanged);
            filter.extend(doc! { "waiting": 0, "$expr": with_free(asked) });
            let found: Vec<String> = transaction.collection(&schema::OCCURRENCES).ids(filter).await?;
            if found.len() != unchanged.len() {
                return Err(stale());
            }
        }
        Ok(())
    }
}

/// Verifies that a write matched as many documents as were read before: a transaction sees one state of the database.
///
/// # Errors
/// A fault if it matched fewer.
pub(super) fn expect(matched: u64, expected: usize, what: &str) -> Attempt<()> {
    if usize::try_from(matched) == Ok(expected) {
        Ok(())
    } else {
        let message = format!("{matched} of {expected} {what} are as they were read in the same transaction");
        Err(Fault::internal(message).into())
    }
}

pub(super) fn stale() -> Interruption {
    metrics::occurrence_cache(CacheResult::Stale, 1);
    Interruption::Retry(StorageError::Outdated("an occurrence"))
}
