//! The handle that every adapter shares.

use std::sync::Arc;

use convene_application::{
    caller::TenantScope,
    ports::{Ids, Random},
};
use mongodb::Client;

use crate::{
    organization_locks::OrganizationLocks,
    schema::CollectionSchema,
    scoped::{Outside, ScopedCollection},
};

/// The database, with what adapters need beside it. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Database {
    client: Client,
    database: mongodb::Database,
    ids: Arc<dyn Ids>,
    random: Arc<dyn Random>,
    organization_locks: Arc<OrganizationLocks>,
}

impl Database {
    /// The database of this name.
    pub(crate) fn new(client: Client, name: &str, ids: Arc<dyn Ids>, random: Arc<dyn Random>) -> Self {
        let database = client.database(name);
        Self { client, database, ids, random, organization_locks: Arc::new(OrganizationLocks::new()) }
    }

    /// What the organization has in a collection, to be read outside any transaction.
    pub(crate) fn collection(
        &self,
        scope: &TenantScope,
        schema: &'static CollectionSchema,
    ) -> ScopedCollection<Outside> {
        ScopedCollection::new(&self.database, schema, scope, Outside)
    }

    /// The driver's client, to open sessions.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// The driver's database: for the schema, the look-ups that come before there is a scope, and [`scoped`].
    ///
    /// [`scoped`]: crate::scoped
    pub(crate) fn driver(&self) -> &mongodb::Database {
        &self.database
    }

    pub(crate) fn organization_locks(&self) -> &OrganizationLocks {
        &self.organization_locks
    }

    /// New ids.
    pub(crate) fn ids(&self) -> &dyn Ids {
        self.ids.as_ref()
    }

    /// A new random number.
    pub(crate) fn random(&self) -> i64 {
        self.random.number()
    }
}
