//! All adapters on one database, for the wiring.

use std::sync::Arc;

use bson::doc;
use convene_application::{failure::Fault, ports::Ids};
use mongodb::Client;

use crate::{
    database::Database,
    deadline::{DATABASE_CALL, within},
    schema,
};

/// The ports on one database.
#[derive(Clone)]
pub struct MongoPorts {
    database: Database,
}

impl MongoPorts {
    /// The ports on the database of this name.
    ///
    /// The client's settings should be [safe](crate::connect::make_safe): use [`connect`](crate::connect::connect)
    /// unless it must be watched or manipulated.
    #[must_use]
    pub fn new(client: Client, database: &str, ids: Arc<dyn Ids>) -> Self {
        Self { database: Database::new(client, database, ids) }
    }

    /// Makes the collections, their validators and indexes, or brings them up to date. Doing it again changes
    /// nothing, and any number of processes may do it at once.
    ///
    /// # Errors
    /// A fault if the database can't be reached, or has what stands against it.
    pub async fn prepare(&self) -> Result<(), Fault> {
        Ok(schema::ensure(self.database.driver()).await?)
    }

    /// Whether the database answers now.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] if not.
    pub async fn ping(&self) -> Result<(), Fault> {
        let ping = self.database.driver().run_command(doc! { "ping": 1 });
        within(DATABASE_CALL, async { ping.await }).await.map(drop).map_err(Fault::from)
    }
}
