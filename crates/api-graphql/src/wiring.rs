//! Puts the adapters behind the use cases. No other module but the commands names what the data are kept in.

use std::sync::Arc;

use async_trait::async_trait;
use convene_application::{
    authentication::LocalOperator,
    failure::Fault,
    personal_data::{ErasePersonalData, ExportPersonalData},
    ports::{Clock, Directory},
    use_cases::{Ports, UseCases},
};
use convene_infrastructure_mongo::{
    check::Report,
    connect::{ConnectError, ConnectionSettings, connect},
    ports::MongoPorts,
    registration::BookSettings,
    schema::SchemaSettings,
};
use secrecy::ExposeSecret;

use crate::{
    auth,
    config::DatabaseConfig,
    graphql::context::Services,
    http::health::Readiness,
    system::{SystemClock, SystemRandom, TimeOrderedIds},
};

/// The storage, and the use cases on it.
pub struct Backend {
    /// What the platform does, and what time it is.
    pub services: Services,
    storage: MongoPorts,
}

/// Why there is no backend.
#[derive(Debug, thiserror::Error)]
pub enum BackendError {
    /// There is no database to work with.
    #[error("there is no database to work with")]
    Connection(#[from] ConnectError),
    /// The collections could not be made or brought up to date.
    #[error("the database could not be prepared")]
    Preparation(#[from] Fault),
    /// The database could not be read from end to end.
    #[error("the database could not be checked")]
    Check(#[source] Fault),
}

impl BackendError {
    /// Whether it may be different a moment later.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        match self {
            Self::Connection(ConnectError::Unreachable(_)) => true,
            Self::Connection(ConnectError::Uri(_) | ConnectError::NoReplicaSet) => false,
            Self::Preparation(fault) | Self::Check(fault) => fault.is_retryable(),
        }
    }
}

impl Backend {
    /// Connects to the database and prepares it. Must be called within a Tokio runtime, which what merges
    /// registrations lives on.
    ///
    /// # Errors
    /// [`BackendError`] says what is missing.
    pub async fn open(config: &DatabaseConfig) -> Result<Self, BackendError> {
        let storage = prepared(config).await?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let use_cases = UseCases::new(ports(&storage, Arc::clone(&clock)));
        Ok(Self { services: Services { use_cases: Arc::new(use_cases), clock }, storage })
    }

    /// The directory, which authenticates requests and gives commands their authority.
    #[must_use]
    pub fn directory(&self) -> Arc<dyn Directory> {
        Arc::clone(&self.storage.directory)
    }
}

/// Makes the collections, their validators and indexes, or brings them up to date.
///
/// # Errors
/// [`BackendError`] says what stands against it.
pub async fn migrate(config: &DatabaseConfig) -> Result<(), BackendError> {
    prepared(config).await.map(drop)
}

/// Checks everything that must hold over the whole database, and changes nothing.
///
/// # Errors
/// [`BackendError`] if the database can't be read. What does not hold is in the report.
pub async fn check(config: &DatabaseConfig) -> Result<Report, BackendError> {
    let storage = storage(config).await?;
    storage.check(SystemClock.now()).await.map_err(BackendError::Check)
}

/// What the commands about one person's data need: a connection, which prepares nothing. They may be run by a
/// database user who can't, and who can do what the server's can't.
pub struct PersonalDataCommands {
    /// Collects what is held.
    pub export: ExportPersonalData,
    /// Erases it.
    pub erase: ErasePersonalData,
    /// The authority of the commands.
    pub operator: LocalOperator,
}

impl PersonalDataCommands {
    /// Connects to the database.
    ///
    /// # Errors
    /// [`BackendError::Connection`] says what is missing.
    pub async fn open(config: &DatabaseConfig) -> Result<Self, BackendError> {
        let MongoPorts { directory, members, personal_data, .. } = storage(config).await?;
        Ok(Self {
            operator: LocalOperator::new(Arc::clone(&directory)),
            export: ExportPersonalData::new(Arc::clone(&directory), Arc::clone(&personal_data)),
            erase: ErasePersonalData::new(Arc::new(SystemClock), directory, members, personal_data),
        })
    }
}

async fn prepared(config: &DatabaseConfig) -> Result<MongoPorts, BackendError> {
    let storage = storage(config).await?;
    storage.prepare_with(&SchemaSettings { activity_retention: config.activity_retention }).await?;
    Ok(storage)
}

async fn storage(config: &DatabaseConfig) -> Result<MongoPorts, ConnectError> {
    let settings = ConnectionSettings {
        uri: config.uri.expose_secret().to_owned(),
        database: Some(config.name.clone()),
    };
    connect(&settings, Arc::new(TimeOrderedIds), Arc::new(SystemRandom)).await
}

fn ports(storage: &MongoPorts, clock: Arc<dyn Clock>) -> Ports {
    let book = storage.start_registration_book(BookSettings::default());
    let storage = storage.clone();
    Ports {
        clock,
        ids: Arc::new(TimeOrderedIds),
        organizations: storage.organizations,
        members: storage.members,
        events: storage.events,
        catalogue: storage.catalogue,
        registration_book: Arc::new(book),
        registrations: storage.registrations,
        issues: storage.issues,
        activity_log: storage.activity_log,
    }
}

/// Ready as long as the database answers: its collections were made before there was a backend.
#[async_trait]
impl Readiness for Backend {
    async fn check(&self) -> Result<(), auth::Fault> {
        Ok(self.storage.ping().await?)
    }
}
