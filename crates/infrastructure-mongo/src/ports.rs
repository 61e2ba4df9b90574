//! All adapters on one database, for the wiring.

use std::sync::Arc;

use bson::doc;
use convene_application::{
    failure::Fault,
    ports::{
        ActivityLog, Catalogue, Directory, Events, Ids, Issues, Members, Organizations, PersonalData, Random,
        Registrations,
    },
};
use convene_domain::time::Instant;
use mongodb::Client;

#[cfg(any(test, feature = "testing"))]
use crate::registration::MissingGuard;
use crate::{
    activity_log::MongoActivityLog,
    catalogue::MongoCatalogue,
    check::{self, Report},
    database::Database,
    deadline::{DATABASE_CALL, within},
    directory::MongoDirectory,
    events::MongoEvents,
    issues::MongoIssues,
    members::MongoMembers,
    organizations::MongoOrganizations,
    personal_data::MongoPersonalData,
    registration::seats::Guards,
    registration::{BookSettings, MongoRegistrationBook, MongoRegistrations},
    schema::{self, SchemaSettings},
};

/// The ports on one database.
#[derive(Clone)]
pub struct MongoPorts {
    database: Database,
    pub directory: Arc<dyn Directory>,
    pub organizations: Arc<dyn Organizations>,
    pub members: Arc<dyn Members>,
    pub events: Arc<dyn Events>,
    pub catalogue: Arc<dyn Catalogue>,
    pub registrations: Arc<dyn Registrations>,
    pub issues: Arc<dyn Issues>,
    pub activity_log: Arc<dyn ActivityLog>,
    pub personal_data: Arc<dyn PersonalData>,
}

impl MongoPorts {
    /// The ports on the database of this name.
    ///
    /// The client's settings should be [safe](crate::connect::make_safe): use [`connect`](crate::connect::connect)
    /// unless it must be watched or manipulated.
    #[must_use]
    pub fn new(client: Client, database: &str, ids: Arc<dyn Ids>, random: Arc<dyn Random>) -> Self {
        let database = Database::new(client, database, ids, random);
        Self {
            directory: Arc::new(MongoDirectory::new(database.clone())),
            organizations: Arc::new(MongoOrganizations(database.clone())),
            members: Arc::new(MongoMembers(database.clone())),
            events: Arc::new(MongoEvents(database.clone())),
            catalogue: Arc::new(MongoCatalogue::new(database.clone())),
            registrations: Arc::new(MongoRegistrations(database.clone())),
            issues: Arc::new(MongoIssues(database.clone())),
            activity_log: Arc::new(MongoActivityLog(database.clone())),
            personal_data: Arc::new(MongoPersonalData(database.clone())),
            database,
        }
    }

    /// Starts a book that gives out seats. One is enough for a process; it must be started within a Tokio runtime,
    /// which its transactions run on.
    #[must_use]
    pub fn start_registration_book(&self, settings: BookSettings) -> MongoRegistrationBook {
        MongoRegistrationBook::start(self.database.clone(), settings, Guards::ON)
    }

    /// Starts a book that lacks a guard: for tests that must fail without it.
    #[cfg(any(test, feature = "testing"))]
    #[must_use]
    pub fn start_registration_book_without(&self, guard: MissingGuard) -> MongoRegistrationBook {
        MongoRegistrationBook::start(self.database.clone(), BookSettings::default(), guard.rest())
    }

    /// [`prepare_with`](Self::prepare_with) the settings that hold where nothing else is decided.
    ///
    /// # Errors
    /// A fault if the database can't be reached, or has what stands against it.
    pub async fn prepare(&self) -> Result<(), Fault> {
        self.prepare_with(&SchemaSettings::default()).await
    }

    /// Makes the collections, their validators and indexes, or brings them up to date. Doing it again changes
    /// nothing and needs the right to look only; any number of processes may do it at once.
    ///
    /// # Errors
    /// A fault if the database can't be reached, does not allow it, or has what stands against it.
    pub async fn prepare_with(&self, settings: &SchemaSettings) -> Result<(), Fault> {
        Ok(schema::ensure(self.database.driver(), settings).await?)
    }

    /// Checks what must hold over everything that is stored; `now` tells what is over.
    ///
    /// # Errors
    /// A fault if the database can't be read; what does not hold is in the report.
    pub async fn check(&self, now: Instant) -> Result<Report, Fault> {
        check::run(self.database.driver(), now).await
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
