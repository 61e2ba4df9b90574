//! Transactions: the only way to write.
//!
//! The body of a transaction reads a snapshot, and its writes are committed by a majority. The whole body is retried after
//! a transient error, so it must not change anything except through its [`Transaction`].

mod run;
mod suspension;

use std::marker::PhantomData;

use bson::{DateTime, doc};
use convene_application::{
    caller::TenantScope,
    change::Change,
    failure::{Fault, Refusal},
    large::compute,
};
use convene_domain::{
    activity::ActivityDraft,
    id::{ActivityId, EventId},
    occurrence::OccurrenceKey,
    time::Instant,
};
use futures::future::BoxFuture;
use time::Duration;
use uuid::Uuid;

use crate::{
    database::Database,
    documents::{activity::ActivityDocument, convert::date, revision::RevisionDocument},
    error::{Attempt, Interruption, StorageError},
    guards::Guards,
    schema::{self, CollectionSchema},
    scoped::{ScopedCollection, Within},
    session::Session,
};

/// The parts of the catalogue that a transaction removes.
#[derive(Default)]
struct Removed {
    events: Vec<EventId>,
    exceptions: Vec<OccurrenceKey>,
}

/// What a run of the body adds to its transaction: the next run begins without it.
#[derive(Default)]
struct Pending {
    entries: Vec<ActivityDocument>,
    promoted: usize,
    /// True if nothing of it is to be stored: it is aborted at its end.
    is_dry_run: bool,
    /// The revision of the catalogue that this transaction makes, with its time, if it changes the catalogue.
    revision: Option<(i64, DateTime)>,
    removed: Removed,
    /// The time that is recorded, once it was taken.
    recorded_at: Option<Instant>,
}

/// A running transaction of one organization. Its body may borrow from `'environment`.
pub(crate) struct Transaction<'environment> {
    session: Session,
    database: Database,
    scope: TenantScope,
    pending: Pending,
    /// The work that is done before the next run.
    preparation: Option<Preparation>,
    is_prepared: bool,
    /// The number of runs that conflicted with other transactions.
    conflicts: u32,
    environment: PhantomData<&'environment ()>,
}

/// Work that transactions of their own do, one after the other, before the body of a transaction is run again. What they have done
/// stays if the time is over before the body is run.
pub(crate) struct Preparation(PreparationBody);

/// The body of the next of these transactions. It returns the work that remains after its commit. It must not keep its progress
/// elsewhere: if it is run again, nothing of its first run was stored.
type PreparationBody = Box<
    dyn for<'t, 'e> Fn(&'t mut Transaction<'e>) -> BoxFuture<'t, Attempt<Option<Preparation>>> + Send + Sync,
>;

impl Preparation {
    pub(crate) fn new(
        body: impl for<'t, 'e> Fn(&'t mut Transaction<'e>) -> BoxFuture<'t, Attempt<Option<Self>>>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        Self(Box::new(body))
    }
}

/// The body of a transaction, which can be run again.
pub(crate) trait Body<'environment, T>:
    for<'t> Fn(&'t mut Transaction<'environment>) -> BoxFuture<'t, Attempt<T>> + Send + Sync
{
}

impl<'environment, T, B> Body<'environment, T> for B where
    B: for<'t> Fn(&'t mut Transaction<'environment>) -> BoxFuture<'t, Attempt<T>> + Send + Sync
{
}

impl Transaction<'_> {
    /// The organization's part of a collection, in the snapshot of this transaction.
    pub(crate) fn collection(&mut self, schema: &'static CollectionSchema) -> ScopedCollection<Within<'_>> {
        ScopedCollection::new(self.database.driver(), schema, &self.scope, Within(&mut self.session))
    }

    pub(crate) const fn scope(&self) -> &TenantScope {
        &self.scope
    }

    /// Adds an entry to the activity log and returns its id. It is written before the commit.
    pub(crate) fn log(&mut self, change: &Change, draft: ActivityDraft) -> ActivityId {
        let change = self.recorded(change);
        let id = ActivityId::from_uuid(self.new_id());
        self.pending.entries.push(ActivityDocument::from(change.entry(id, draft)));
        id
    }

    /// The time that is recorded for a change which was asked for at this time. The clock is read once in a run, which MUST have read
    /// what it changes by then: whatever it has seen was recorded before, and whatever it has not seen makes it run again. So the
    /// entries of an object are in the order of its changes, however long one of them waited.
    pub(crate) fn recorded_at(&mut self, asked_for: Instant) -> Instant {
        let now = self.database.now();
        asked_for.max(*self.pending.recorded_at.get_or_insert(now))
    }

    /// Lets this run follow the last change of an object, which may have been recorded by a clock that is ahead of this one. It gets a
    /// later time, because that clock has made the id of the last entry, too.
    pub(crate) fn follow(&mut self, last: Instant, asked_for: Instant) {
        if self.recorded_at(asked_for) < last {
            self.pending.recorded_at = Some(last + Duration::MILLISECOND);
        }
    }

    /// The change at the time that is [recorded](Self::recorded_at).
    pub(crate) fn recorded(&mut self, change: &Change) -> Change {
        Change { at: self.recorded_at(change.at), ..change.clone() }
    }

    /// The change at the time that is recorded, which [follows](Self::follow) the last change of an object.
    pub(crate) fn recorded_after(&mut self, last: Instant, change: &Change) -> Change {
        self.follow(last, change.at);
        self.recorded(change)
    }

    pub(crate) fn new_id(&self) -> Uuid {
        self.database.ids().next()
    }

    /// The number of registrations that one transaction of a large change cancels or deletes.
    pub(crate) fn step_size(&self) -> usize {
        self.reduced(self.whole_step_size())
    }

    /// Half of the number with every conflict, because a short transaction is less likely to conflict again. All steps of a dry run
    /// are one transaction.
    pub(crate) fn reduced(&self, number: usize) -> usize {
        if self.pending.is_dry_run {
            return number;
        }
        let divisor = 1_usize.checked_shl(self.conflicts).unwrap_or(usize::MAX);
        (number / divisor).max(1)
    }

    /// The number of these registrations without conflicts.
    pub(crate) fn whole_step_size(&self) -> usize {
        self.database.step_size()
    }

    /// Tests whether an earlier run conflicted with another transaction.
    pub(crate) const fn has_conflicted(&self) -> bool {
        self.conflicts > 0
    }

    /// Ends this run, so that the body is run again after transactions that prepare it; `None` if it was prepared before, or must
    /// store nothing.
    pub(crate) fn prepare(&mut self, preparation: impl FnOnce() -> Preparation) -> Option<Interruption> {
        if self.is_prepared || self.pending.is_dry_run {
            return None;
        }
        self.is_prepared = true;
        self.preparation = Some(preparation());
        Some(Interruption::Retry(StorageError::Outdated("what a transaction prepares")))
    }

    /// The guards that are on.
    pub(crate) const fn guards(&self) -> Guards {
        self.database.guards()
    }

    pub(crate) fn random(&self) -> i64 {
        self.database.random()
    }

    /// Counts promotions, if this transaction commits.
    pub(crate) fn count_promoted(&mut self, registrations: usize) {
        self.pending.promoted += registrations;
    }

    /// The number of promotions so far.
    pub(crate) fn promoted(&self) -> u32 {
        u32::try_from(self.pending.promoted).unwrap_or(u32::MAX)
    }

    /// Lets the transaction end without a commit, with the result of its body.
    pub(crate) const fn store_nothing(&mut self) {
        self.pending.is_dry_run = true;
    }

    /// Increments the revision of the organization's catalogue, for a write of an event or an exception, once in a
    /// transaction. `at` is the time of the change.
    pub(crate) async fn next_revision(&mut self, at: Instant) -> Attempt<i64> {
        if let Some((revision, _)) = self.pending.revision {
            return Ok(revision);
        }
        #[derive(serde::Deserialize)]
        struct Revised {
            revision: i64,
        }
        let increment = doc! { "$inc": { "revision": 1_i64 } };
        let revised: Option<Revised> =
            self.collection(&schema::ORGANIZATIONS).find_one_and_update(doc! {}, increment).await?;
        let revised = revised.ok_or(Refusal::OrganizationSuspended)?;
        self.pending.revision = Some((revised.revision, date(at)));
        Ok(revised.revision)
    }

    /// Records that an event is deleted, with its occurrences. The transaction MUST make a revision.
    pub(crate) fn removed_event(&mut self, event: EventId) {
        self.pending.removed.events.push(event);
    }

    /// Records keys that belong to no exception any more, or to another one. They may include keys of other occurrences.
    /// The transaction MUST make a revision.
    pub(crate) fn removed_exceptions(&mut self, keys: impl IntoIterator<Item = OccurrenceKey>) {
        self.pending.removed.exceptions.extend(keys);
    }

    /// Stores the revision of the catalogue, if there is a new one. One that removed too much is not stored: then replicas are
    /// loaded again.
    async fn write_revision(&mut self) -> Attempt<()> {
        let Removed { events, exceptions } = std::mem::take(&mut self.pending.removed);
        let Some((revision, at)) = self.pending.revision else {
            if events.is_empty() && exceptions.is_empty() {
                return Ok(());
            }
            return Err(Fault::internal("parts of a catalogue were removed without a revision").into());
        };
        if events.len().max(exceptions.len()) > schema::MAX_REMOVED {
            return Ok(());
        }
        let document = RevisionDocument {
            id: format!("{}_{revision}", self.scope.organization()),
            revision,
            deleted_events: events,
            former_exceptions: exceptions,
            at,
        };
        let ids = document.former_exceptions.len();
        let document = compute(ids, move || bson::serialize_to_raw_document_buf(&document)).await?;
        Ok(self.collection(&schema::REVISIONS).insert(&document.map_err(StorageError::from)?).await?)
    }

    async fn write_log(&mut self) -> Result<(), StorageError> {
        let entries = std::mem::take(&mut self.pending.entries);
        self.collection(&schema::ACTIVITY).insert_all(&entries).await
    }
}
