//! The handle that every adapter shares.

use std::sync::Arc;

use convene_application::{
    caller::TenantScope,
    ports::{Ids, Random},
};
use mongodb::Client;

use crate::{
    schema::CollectionSchema,
    scoped::{Outside, ScopedCollection},
    turns::Turns,
};

/// The database, with what adapters need beside it. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Database {
    client: Client,
    database: mongodb::Database,
    ids: Arc<dyn Ids>,
    random: Arc<dyn Random>,
    turns: Arc<Turns>,
}

impl Database {
    /// The database of this name.
    pub(crate) fn new(client: Client, name: &str, ids: Arc<dyn Ids>, random: Arc<dyn Random>) -> Self {
        let database = client.database(name);
        Self { client, database, ids, random, turns: Arc::new(Turns::new()) }
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

    /// Turns of changes that all write their organization's document.
    pub(crate) fn turns(&self) -> &Turns {
        &self.turns
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
