//! Connects the adapters to the use cases. Only this module names the MongoDB crate.

use std::sync::Arc;

use async_trait::async_trait;
use convene_application::{
    authentication::LocalOperator,
    event::{RealignOccurrences, UpdateDue},
    failure::Fault,
    job::ResumeJobs,
    organization::ForgetDeleted,
    personal_data::{ErasePersonalData, ExportPersonalData},
    ports::{Clock, Directory},
    use_cases::{Ports, UseCases},
};
pub use convene_infrastructure_mongo::check::Report;
use convene_infrastructure_mongo::{
    connect::{self, ConnectError, ConnectionSettings},
    ports::MongoPorts,
    registration::{BookSettings, MongoRegistrationBook},
    schema::{PrepareError, RetentionConflict, SchemaSettings},
};
use secrecy::ExposeSecret;

use crate::{
    config::DatabaseConfig,
    graphql::context::Services,
    http::health::Readiness,
    system::{SystemClock, SystemRandom, TimeOrderedIds},
};

/// The storage and the use cases that use it.
pub struct Backend {
    pub services: Services,
    /// The warning that `convene update-occurrences` was due when the database was opened.
    pub update_due: Option<UpdateDue>,
    storage: MongoPorts,
    registration_book: Arc<MongoRegistrationBook>,
}

/// The reason why the backend is not available.
#[derive(Debug, thiserror::Error)]
pub enum BackendError {
    /// The database cannot be reached or used.
    #[error("the database is not available")]
    Connection(#[from] ConnectError),
    /// The collections could not be created or updated.
    #[error("the database could not be prepared")]
    Preparation(#[source] Fault),
    /// A change of the retention of the activity log is not made without being asked for.
    #[error("{}", of_retention(.0))]
    Retention(RetentionConflict),
    /// The database user may not read.
    #[error("the database cannot be read")]
    Access(#[source] Fault),
    /// The database has no collections of Convene.
    #[error("the database {0} is not prepared; correct CONVENE_DATABASE, or run `convene migrate`")]
    Unprepared(String),
    /// The database could not be read completely.
    #[error("the database could not be checked")]
    Check(#[source] Fault),
}

impl BackendError {
    /// Returns true if another attempt may succeed.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        match self {
            Self::Connection(ConnectError::Unreachable(_)) => true,
            Self::Connection(
                ConnectError::Uri(_)
                | ConnectError::Credentials
                | ConnectError::NoReplicaSet
                | ConnectError::ReplicaSetName(_),
            ) => false,
            Self::Retention(_) | Self::Unprepared(_) => false,
            Self::Preparation(fault) | Self::Access(fault) | Self::Check(fault) => {
                fault.kind().is_retryable()
            }
        }
    }
}

impl From<PrepareError> for BackendError {
    fn from(error: PrepareError) -> Self {
        match error {
            PrepareError::Fault(fault) => Self::Preparation(fault),
            PrepareError::Retention(conflict) => Self::Retention(conflict),
        }
    }
}

/// The sentence about a retention that differs.
fn of_retention(conflict: &RetentionConflict) -> String {
    let RetentionConflict { stored, wanted } = conflict;
    let remedy = if conflict.deletes() {
        "a shorter retention deletes older entries for ever: give every process and `convene migrate` the value of the \
         database, or run `convene migrate --shorten-retention` with the new one first"
    } else {
        "run `convene migrate` with this value first, as the user convene-schema, and give every process the same one"
    };
    format!(
        "the activity log is kept for {wanted} by CONVENE_ACTIVITY_RETENTION_DAYS, and for {stored} by the database; {remedy}"
    )
}

impl Backend {
    /// Connects to the database and prepares it. Must be called within a Tokio runtime, on which the registration queue
    /// runs.
    ///
    /// # Errors
    /// The database is not available or could not be prepared.
    pub async fn open(config: &DatabaseConfig) -> Result<Self, BackendError> {
        let storage = storage(config).await?;
        let usable = async {
            prepare(&storage, config, false).await?;
            storage.probe().await.map_err(BackendError::Access)?;
            realign(&storage).due().await.map_err(BackendError::Access)
        };
        let update_due = match usable.await {
            Ok(update_due) => update_due,
            Err(error) => {
                storage.close().await;
                return Err(error);
            }
        };
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let registration_book = Arc::new(storage.start_registration_book(BookSettings::default()));
        let use_cases = UseCases::new(ports(&storage, Arc::clone(&registration_book), Arc::clone(&clock)));
        let services = Services { use_cases: Arc::new(use_cases), clock };
        Ok(Self { services, update_due, storage, registration_book })
    }

    /// Closes the connections to the database. Nothing works afterwards.
    pub async fn close(&self) {
        self.storage.close().await;
    }

    /// The use case that completes large changes, and its authority.
    #[must_use]
    pub fn jobs(&self) -> (ResumeJobs, LocalOperator) {
        let resume = ResumeJobs::new(Arc::clone(&self.services.clock), Arc::clone(&self.storage.jobs));
        (resume, LocalOperator::new(self.directory()))
    }

    /// The use case that drops what this process keeps in memory about deleted organizations.
    #[must_use]
    pub fn forget_deleted(&self) -> ForgetDeleted {
        let MongoPorts { organizations, catalogue, .. } = self.storage.clone();
        ForgetDeleted::new(Arc::clone(&self.services.clock), organizations, catalogue)
    }

    /// The directory, which authenticates requests and gives commands their authority.
    #[must_use]
    pub fn directory(&self) -> Arc<dyn Directory> {
        Arc::clone(&self.storage.directory)
    }
}

/// Creates or updates the collections, validators and indexes. Returns the changes, a sentence each.
///
/// # Errors
/// The database is not available or could not be prepared; without the permission to shorten it, also a longer retention than
/// that of the settings.
pub async fn migrate(
    config: &DatabaseConfig,
    may_shorten_retention: bool,
) -> Result<Vec<String>, BackendError> {
    let storage = storage(config).await?;
    let changes = prepare(&storage, config, may_shorten_retention).await;
    storage.close().await;
    changes
}

/// Checks the invariants of the whole database and changes nothing. The report lists violations.
///
/// # Errors
/// The database could not be read.
pub async fn check(config: &DatabaseConfig) -> Result<Report, BackendError> {
    let storage = storage(config).await?;
    let report = storage.check(SystemClock.now()).await.map_err(BackendError::Check);
    storage.close().await;
    report
}

/// The use cases of the commands for personal data. They do not prepare the database, because their database user may
/// not do so. It has rights that the user of the server does not have.
pub struct PersonalDataCommands {
    pub export: ExportPersonalData,
    pub erase: ErasePersonalData,
    /// The authority of the commands.
    pub operator: LocalOperator,
    storage: MongoPorts,
}

impl PersonalDataCommands {
    /// Connects to the database.
    ///
    /// # Errors
    /// The database is not available or was never prepared.
    pub async fn open(config: &DatabaseConfig) -> Result<Self, BackendError> {
        let storage = prepared_before(config).await?;
        let MongoPorts { directory, members, personal_data, .. } = storage.clone();
        Ok(Self {
            operator: LocalOperator::new(Arc::clone(&directory)),
            export: ExportPersonalData::new(Arc::clone(&directory), Arc::clone(&personal_data)),
            erase: ErasePersonalData::new(Arc::new(SystemClock), directory, members, personal_data),
            storage,
        })
    }

    /// Closes the connections to the database.
    pub async fn close(&self) {
        self.storage.close().await;
    }
}

/// The use case of `convene update-occurrences`. The command does not prepare the database.
pub struct RealignmentCommand {
    pub realign: RealignOccurrences,
    /// The authority of the command.
    pub operator: LocalOperator,
    storage: MongoPorts,
}

impl RealignmentCommand {
    /// Connects to the database.
    ///
    /// # Errors
    /// The database is not available or was never prepared.
    pub async fn open(config: &DatabaseConfig) -> Result<Self, BackendError> {
        let storage = prepared_before(config).await?;
        let operator = LocalOperator::new(Arc::clone(&storage.directory));
        Ok(Self { realign: realign(&storage), operator, storage })
    }

    /// Closes the connections to the database.
    pub async fn close(&self) {
        self.storage.close().await;
    }
}

/// Checks a connection string as far as this is possible without a connection.
///
/// # Errors
/// The reason, to be read after "is not usable: ".
pub fn check_uri(uri: &str) -> Result<(), String> {
    connect::check_uri(uri)
}

/// Prepares the database. Returns the changes.
async fn prepare(
    storage: &MongoPorts,
    config: &DatabaseConfig,
    may_shorten_retention: bool,
) -> Result<Vec<String>, BackendError> {
    let settings = SchemaSettings { activity_retention: config.activity_retention, may_shorten_retention };
    Ok(storage.prepare_with(&settings).await?)
}

fn realign(storage: &MongoPorts) -> RealignOccurrences {
    RealignOccurrences::new(Arc::new(SystemClock), Arc::clone(&storage.realignment))
}

/// Connects to a database that was prepared before. A command would find nothing in another one, and report a success.
async fn prepared_before(config: &DatabaseConfig) -> Result<MongoPorts, BackendError> {
    let storage = storage(config).await?;
    let error = match storage.missing_collections().await {
        Ok(missing) if missing.is_empty() => return Ok(storage),
        Ok(_missing) => BackendError::Unprepared(config.name.clone()),
        Err(fault) => BackendError::Access(fault),
    };
    storage.close().await;
    Err(error)
}

async fn storage(config: &DatabaseConfig) -> Result<MongoPorts, ConnectError> {
    let settings = ConnectionSettings {
        uri: config.uri.expose_secret().to_owned(),
        database: Some(config.name.clone()),
    };
    let ports =
        connect::connect(&settings, Arc::new(SystemClock), Arc::new(TimeOrderedIds), Arc::new(SystemRandom));
    Ok(ports.await?.with_catalogue_bytes(config.catalogue_bytes))
}

fn ports(storage: &MongoPorts, book: Arc<MongoRegistrationBook>, clock: Arc<dyn Clock>) -> Ports {
    let storage = storage.clone();
    Ports {
        clock,
        ids: Arc::new(TimeOrderedIds),
        organizations: storage.organizations,
        members: storage.members,
        events: storage.events,
        catalogue: storage.catalogue,
        registration_book: book,
        registrations: storage.registrations,
        issues: storage.issues,
        activity_log: storage.activity_log,
    }
}

/// Ready as long as the database responds and may be read. The collections exist before a backend does.
#[async_trait]
impl Readiness for Backend {
    async fn check(&self) -> Result<(), Fault> {
        self.storage.probe().await
    }

    fn is_running(&self) -> bool {
        self.registration_book.is_running()
    }
}
