//! The database handle that all adapters share.

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

/// The database, the sources of ids and random numbers, and the organization locks. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Database {
    client: Client,
    database: mongodb::Database,
    ids: Arc<dyn Ids>,
    random: Arc<dyn Random>,
    organization_locks: Arc<OrganizationLocks>,
}

impl Database {
    pub(crate) fn new(client: Client, name: &str, ids: Arc<dyn Ids>, random: Arc<dyn Random>) -> Self {
        let database = client.database(name);
        Self { client, database, ids, random, organization_locks: Arc::new(OrganizationLocks::new()) }
    }

    /// The organization's part of a collection, for reads outside a transaction.
    pub(crate) fn collection(
        &self,
        scope: &TenantScope,
        schema: &'static CollectionSchema,
    ) -> ScopedCollection<Outside> {
        ScopedCollection::new(&self.database, schema, scope, Outside)
    }

    /// The driver's client, for sessions.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// The driver's database, for the schema, [`unscoped`](crate::unscoped) lookups, and [`scoped`].
    ///
    /// [`scoped`]: crate::scoped
    pub(crate) fn driver(&self) -> &mongodb::Database {
        &self.database
    }

    pub(crate) fn organization_locks(&self) -> &OrganizationLocks {
        &self.organization_locks
    }

    pub(crate) fn ids(&self) -> &dyn Ids {
        self.ids.as_ref()
    }

    pub(crate) fn random(&self) -> i64 {
        self.random.number()
    }
}
