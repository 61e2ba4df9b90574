//! The transaction: the one way to change anything.
//!
//! A body is run on a snapshot and committed by a majority. It is run again, whole, where the database says that
//! this may help, so it must not touch anything but the [`Transaction`] it is given.

mod run;

use std::marker::PhantomData;

use bson::doc;
use convene_application::{caller::TenantScope, change::Change};
use convene_domain::{activity::ActivityDraft, id::ActivityId};
use mongodb::ClientSession;

use crate::{
    database::Database,
    documents::activity::ActivityDocument,
    error::{Attempt, StorageError},
    schema::{self, CollectionSchema},
    scoped::{ScopedCollection, Within},
};

/// A running transaction of one organization. `'environment` is what its body may borrow.
pub(crate) struct Transaction<'environment> {
    session: ClientSession,
    database: Database,
    scope: TenantScope,
    entries: Vec<ActivityDocument>,
    environment: PhantomData<&'environment ()>,
}

impl Transaction<'_> {
    /// What the organization has in a collection, as this transaction sees it.
    pub(crate) fn collection(&mut self, schema: &'static CollectionSchema) -> ScopedCollection<Within<'_>> {
        ScopedCollection::new(self.database.driver(), schema, &self.scope, Within(&mut self.session))
    }

    /// The organization.
    pub(crate) const fn scope(&self) -> &TenantScope {
        &self.scope
    }

    /// Writes an entry of the activity log, if this transaction commits.
    pub(crate) fn log(&mut self, change: &Change, draft: ActivityDraft) {
        let id = ActivityId::from_uuid(self.database.ids().next());
        self.entries.push(ActivityDocument::from(change.entry(id, draft)));
    }

    /// A new random number.
    pub(crate) fn random(&self) -> i64 {
        self.database.random()
    }

    /// Takes the next revision of the organization's catalogue: for every write of an event or an exception.
    pub(crate) async fn next_revision(&mut self) -> Attempt<i64> {
        #[derive(serde::Deserialize)]
        struct Revised {
            revision: i64,
        }
        let increment = doc! { "$inc": { "revision": 1_i64 } };
        let revised: Option<Revised> =
            self.collection(&schema::ORGANIZATIONS).find_one_and_update(doc! {}, increment).await?;
        revised.map(|organization| organization.revision).ok_or_else(|| self.organization_is_gone())
    }

    /// The fault of a scope whose organization is not stored.
    pub(crate) fn organization_is_gone(&self) -> crate::error::Interruption {
        let organization = self.scope.organization();
        convene_application::failure::Fault::internal(format!("organization {organization} is gone")).into()
    }

    /// Stores the log's entries.
    async fn write_log(&mut self) -> Result<(), StorageError> {
        let entries = std::mem::take(&mut self.entries);
        self.collection(&schema::ACTIVITY).insert_all(&entries).await
    }
}
