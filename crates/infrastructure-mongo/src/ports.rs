//! All adapters on one database.

use std::sync::Arc;

use convene_application::{
    failure::Fault,
    ports::{
        ActivityLog, Catalogue, Clock, Directory, Events, Ids, Issues, Jobs, Members, Organizations,
        PersonalData, Random, Realignment, Registrations,
    },
};
use convene_domain::time::Instant;
use mongodb::Client;

#[cfg(any(test, feature = "testing"))]
use crate::guards::MissingGuard;
use crate::{
    activity_log::MongoActivityLog,
    catalogue::MongoCatalogue,
    check::{self, Report},
    closing::close,
    database::Database,
    directory::MongoDirectory,
    events::MongoEvents,
    issues::MongoIssues,
    jobs::MongoJobs,
    members::MongoMembers,
    organizations::MongoOrganizations,
    personal_data::MongoPersonalData,
    realignment::MongoRealignment,
    registration::{BookSettings, MongoRegistrationBook, MongoRegistrations},
    schema::{self, PrepareError, SchemaSettings},
    unscoped,
};

/// The bytes that replicas of catalogues take by default, all together.
pub const DEFAULT_CATALOGUE_BYTES: usize = 256 << 20;

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
    pub jobs: Arc<dyn Jobs>,
    pub activity_log: Arc<dyn ActivityLog>,
    pub personal_data: Arc<dyn PersonalData>,
    pub realignment: Arc<dyn Realignment>,
}

impl MongoPorts {
    /// Creates the ports on a client that opens at most this number of connections. The client's settings should be
    /// [safe](crate::connect::make_safe): use [`connect`](crate::connect::connect), except in tests that need access to the
    /// client.
    #[must_use]
    pub fn new(
        client: Client,
        connections: u32,
        database: &str,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self::on(Database::new(client, connections, database, clock, ids, random))
    }

    /// The same ports with large changes in steps of this number of registrations.
    #[cfg(any(test, feature = "testing"))]
    #[must_use]
    pub fn in_steps_of(&self, registrations: usize) -> Self {
        Self::on(self.database.clone().in_steps_of(registrations))
    }

    /// The ports of a process that is stopped after the first transaction of each large change.
    #[cfg(any(test, feature = "testing"))]
    #[must_use]
    pub fn without_steps_of(&self, registrations: usize) -> Self {
        Self::on(self.database.clone().in_steps_of(registrations).begins_only())
    }

    /// The same ports with replicas of catalogues of at most this number of bytes, all together; 0 disables them.
    #[must_use]
    pub fn with_catalogue_bytes(self, max_bytes: usize) -> Self {
        let catalogue = Arc::new(MongoCatalogue::new(self.database.clone(), max_bytes));
        Self { catalogue, ..self }
    }

    fn on(database: Database) -> Self {
        Self {
            directory: Arc::new(MongoDirectory::new(database.clone())),
            organizations: Arc::new(MongoOrganizations(database.clone())),
            members: Arc::new(MongoMembers(database.clone())),
            events: Arc::new(MongoEvents(database.clone())),
            catalogue: Arc::new(MongoCatalogue::new(database.clone(), DEFAULT_CATALOGUE_BYTES)),
            registrations: Arc::new(MongoRegistrations(database.clone())),
            issues: Arc::new(MongoIssues(database.clone())),
            jobs: Arc::new(MongoJobs(database.clone())),
            activity_log: Arc::new(MongoActivityLog(database.clone())),
            personal_data: Arc::new(MongoPersonalData(database.clone())),
            realignment: Arc::new(MongoRealignment(database.clone())),
            database,
        }
    }

    /// Starts the registration book. A process needs one. It must be started within a Tokio runtime, which runs its
    /// transactions.
    #[must_use]
    pub fn start_registration_book(&self, settings: BookSettings) -> MongoRegistrationBook {
        MongoRegistrationBook::start(self.database.clone(), settings)
    }

    /// Starts a registration book that lacks a guard, for tests that must fail without the guard.
    #[cfg(any(test, feature = "testing"))]
    #[must_use]
    pub fn start_registration_book_without(&self, guard: MissingGuard) -> MongoRegistrationBook {
        MongoRegistrationBook::start(self.database.clone().without(guard), BookSettings::default())
    }

    /// [Prepares](Self::prepare_with) the database with the default settings.
    ///
    /// # Errors
    /// The database can't be reached, or has documents, indexes or a retention that conflict with the schema.
    pub async fn prepare(&self) -> Result<(), PrepareError> {
        self.prepare_with(&SchemaSettings::default()).await.map(drop)
    }

    /// Creates or updates the collections, their validators and indexes. A repeat changes nothing and needs read access
    /// only; any number of processes may do it at once. Returns the changes, a sentence each.
    ///
    /// # Errors
    /// The database can't be reached, does not allow the changes, has documents or indexes that conflict with the schema, or
    /// keeps log entries for another time than the settings.
    pub async fn prepare_with(&self, settings: &SchemaSettings) -> Result<Vec<String>, PrepareError> {
        schema::ensure(self.database.driver(), settings).await
    }

    /// The names of the collections that the database lacks; all of them if it was never prepared.
    ///
    /// # Errors
    /// The database can't be reached, or its user may not list collections.
    pub async fn missing_collections(&self) -> Result<Vec<&'static str>, Fault> {
        Ok(schema::missing(self.database.driver()).await?)
    }

    /// Ends the tasks of the driver and closes the connections. A runtime that ends before these tasks makes them panic.
    pub async fn close(&self) {
        close(self.database.client().clone()).await;
    }

    /// Checks all invariants on the whole database.
    ///
    /// # Errors
    /// A fault if the database can't be read. Violations are in the report.
    pub async fn check(&self, now: Instant) -> Result<Report, Fault> {
        check::run(self.database.driver(), now).await
    }

    /// Counts the calls that hold a permit.
    #[cfg(any(test, feature = "testing"))]
    #[must_use]
    pub fn calls_in_flight(&self) -> usize {
        self.database.admission().in_flight()
    }

    /// Checks that the database answers, and that its user may read. The check has a permit of its own, so that it does not
    /// wait behind other calls.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] if the database does not answer, [`Fault::Internal`] if the user may not read.
    pub async fn probe(&self) -> Result<(), Fault> {
        Ok(unscoped::probe(&self.database).await?)
    }
}
