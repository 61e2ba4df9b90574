use std::collections::HashMap;

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
    /// Which version of the event it comes from, if it is not stored.
    unborn_of: Option<u32>,
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
            unborn_of: None,
        }
    }

    /// An occurrence that is stored only if a seat of it, or a place in its queue, is taken.
    pub(crate) fn unborn(occurrence: OccurrenceDocument, event_version: u32) -> Self {
        Self { unborn_of: Some(event_version), ..Self::stored(occurrence) }
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
        self.occurrence.taken != self.taken_before
            || self.occurrence.waiting != self.waiting_before
            || self.occurrence.next_waitlist_sequence != self.sequence_before
    }

    fn statement(&self, guards: Guards) -> UpdateStatement {
        let occurrence = &self.occurrence;
        let taken = occurrence.taken - self.taken_before;
        let mut filter: Document = doc! { "_id": &occurrence.id, "version": occurrence.version };
        if taken > 0 && guards.capacity {
            filter.insert("status", "SCHEDULED");
            filter.insert("taken", doc! { "$lte": occurrence.capacity - taken });
        }
        let mut increments = Document::new();
        for (field, by) in [("taken", taken), ("waiting", occurrence.waiting - self.waiting_before)] {
            if by != 0 {
                increments.insert(field, by);
            }
        }
        let joined = occurrence.next_waitlist_sequence - self.sequence_before;
        if joined != 0 {
            increments.insert("nextWaitlistSequence", joined);
        }
        UpdateStatement { filter, update: doc! { "$inc": increments }.into(), many: false }
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
        changed.filter_map(|tally| Some((tally.occurrence.event.as_str(), tally.unborn_of?)))
    }

    /// Stores what changed.
    pub(crate) async fn write(&self, transaction: &mut Transaction<'_>, guards: Guards) -> Attempt<()> {
        let changed = self.0.values().filter(|tally| tally.is_changed());
        let (born, changed): (Vec<&Tally>, Vec<&Tally>) =
            changed.partition(|tally| tally.unborn_of.is_some());
        let born: Vec<&OccurrenceDocument> = born.into_iter().map(|tally| &tally.occurrence).collect();
        transaction.collection(&schema::OCCURRENCES).insert_all(&born).await?;
        for chunk in changed.chunks(CHUNK) {
            let statements = chunk.iter().map(|tally| tally.statement(guards)).collect();
            let updated = transaction.collection(&schema::OCCURRENCES).update_in_order(statements).await?;
            expect(updated.matched, chunk.len(), "occurrences")?;
        }
        Ok(())
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

fn fault(message: String) -> Interruption {
    convene_application::failure::Fault::internal(message).into()
}
