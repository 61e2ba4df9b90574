//! Connections with safe settings, whatever the URI contains.

use std::{sync::Arc, time::Duration};

use bson::{Document, doc};
use convene_application::{
    failure::Source,
    ports::{Clock, Ids, Random},
};
use futures::future::join_all;
use mongodb::{
    Client,
    error::ErrorKind,
    options::{
        Acknowledgment, ClientOptions, ConnectionString, ReadConcern, ReadPreference, SelectionCriteria,
        ServerAddress, WriteConcern,
    },
};

use crate::{
    admission::{DEFAULT_CONNECTIONS, MIN_CONNECTIONS},
    closing::close,
    deadline::{DATABASE_CALL, SERVER_SELECTION, within},
    driver_error::describe,
    error::StorageError,
    pool,
    ports::MongoPorts,
};

/// The database that is used if neither the settings nor the URI name one.
pub const DEFAULT_DATABASE: &str = "convene";

/// The address of the database.
#[derive(Clone)]
pub struct ConnectionSettings {
    /// A connection string, `mongodb://` or `mongodb+srv://`, of a replica set. Its settings for write concern, read
    /// concern, read preference and retries are overridden.
    pub uri: String,
    /// The database's name. The default is the name in the URI, or else [`DEFAULT_DATABASE`].
    pub database: Option<String>,
}

/// The reason why a connection failed.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The URI is invalid. The reason has no part of it.
    #[error("the MongoDB URI is not usable: {0}")]
    Uri(String),
    /// No server answered.
    #[error("MongoDB did not answer")]
    Unreachable(#[source] Source),
    /// The server does not know the user, or the password is wrong. Another attempt cannot succeed.
    #[error("MongoDB does not accept the user name and the password of the MongoDB URI")]
    Credentials,
    /// The server is not part of a replica set, so it has no transactions.
    #[error("MongoDB runs as a single server; start it as a replica set (a set of one will do)")]
    NoReplicaSet,
    /// The servers belong to a replica set of another name than the one in the URI. Another attempt cannot succeed.
    #[error("MongoDB's replica set has the name {0}, and the MongoDB URI names another one (replicaSet)")]
    ReplicaSetName(String),
}

impl From<StorageError> for ConnectError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Driver(error) if matches!(*error.kind, ErrorKind::Authentication { .. }) => {
                Self::Credentials
            }
            error => Self::Unreachable(error.into()),
        }
    }
}

/// Opens a client and checks that a replica set answers.
///
/// # Errors
/// [`ConnectError`] names the reason.
pub async fn connect(
    settings: &ConnectionSettings,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    random: Arc<dyn Random>,
) -> Result<MongoPorts, ConnectError> {
    let mut options = ClientOptions::parse(&settings.uri).await.map_err(of_uri)?;
    make_safe(&mut options);
    let database = settings
        .database
        .clone()
        .or_else(|| options.default_database.clone())
        .unwrap_or_else(|| DEFAULT_DATABASE.to_owned());
    options.cmap_event_handler = Some(pool::handler());
    let connections = options.max_pool_size.unwrap_or(DEFAULT_CONNECTIONS);
    let client = Client::with_options(options.clone()).map_err(of_uri)?;
    if let Err(error) = verify_replica_set(&client, &options).await {
        close(client).await;
        return Err(error);
    }
    Ok(MongoPorts::new(client, connections, &database, clock, ids, random))
}

/// Checks a connection string as far as this is possible without a connection.
///
/// # Errors
/// The reason, to be read after "is not usable: ". It has no part of the connection string.
pub fn check_uri(uri: &str) -> Result<(), String> {
    ConnectionString::parse(uri).map(drop).map_err(|error| describe(&error))
}

async fn verify_replica_set(client: &Client, options: &ClientOptions) -> Result<(), ConnectError> {
    let hello = match hello(client).await.map_err(ConnectError::from) {
        Err(error @ ConnectError::Unreachable(_)) => {
            return Err(other_replica_set(options).await.map_or(error, ConnectError::ReplicaSetName));
        }
        hello => hello?,
    };
    // A router of a sharded cluster supports transactions too, and identifies itself by this message.
    if !hello.contains_key("setName") && hello.get_str("msg").ok() != Some("isdbgrid") {
        return Err(ConnectError::NoReplicaSet);
    }
    Ok(())
}

async fn hello(client: &Client) -> Result<Document, StorageError> {
    within(DATABASE_CALL, async { client.database("admin").run_command(doc! { "hello": 1 }).await }).await
}

/// The name of the replica set at the addresses, if it is not the one in the options. The driver ignores servers with another
/// name, and reports only that no server can be reached.
async fn other_replica_set(options: &ClientOptions) -> Option<String> {
    let expected = options.repl_set_name.as_ref()?;
    let names = options.hosts.iter().map(|host| replica_set_at(options, host));
    let names: Vec<String> = join_all(names).await.into_iter().flatten().collect();
    if names.contains(expected) { None } else { names.into_iter().next() }
}

/// The name of the replica set that a server belongs to. Everyone may ask for it.
async fn replica_set_at(options: &ClientOptions, host: &ServerAddress) -> Option<String> {
    let mut options = options.clone();
    options.hosts = vec![host.clone()];
    (options.repl_set_name, options.credential, options.cmap_event_handler) = (None, None, None);
    options.direct_connection = Some(true);
    options.server_selection_timeout = Some(Duration::from_secs(1));
    let client = Client::with_options(options).ok()?;
    let hello = hello(&client).await;
    close(client).await;
    hello.ok()?.get_str("setName").ok().map(str::to_owned)
}

/// The reason of an error before a connection is opened. A name that cannot be resolved may be known later.
fn of_uri(error: mongodb::error::Error) -> ConnectError {
    match *error.kind {
        ErrorKind::DnsResolve { .. } => ConnectError::Unreachable(StorageError::Driver(error).into()),
        _ => ConnectError::Uri(describe(&error)),
    }
}

/// Overrides unsafe settings: writes are durable on a majority before they are acknowledged, reads see no data that could
/// be rolled back, and waiting for an unreachable server ends soon.
///
/// This build has no compression. Never add zlib's: see CVE-2025-14847.
pub fn make_safe(options: &mut ClientOptions) {
    options.write_concern = Some(WriteConcern::builder().w(Acknowledgment::Majority).journal(true).build());
    options.read_concern = Some(ReadConcern::majority());
    options.selection_criteria = Some(SelectionCriteria::ReadPreference(ReadPreference::Primary));
    options.retry_writes = Some(true);
    options.retry_reads = Some(true);
    options.app_name.get_or_insert_with(|| String::from("convene"));
    let connections = options.max_pool_size.get_or_insert(DEFAULT_CONNECTIONS);
    *connections = (*connections).max(MIN_CONNECTIONS);
    options.connect_timeout.get_or_insert(Duration::from_secs(2));
    options.server_selection_timeout.get_or_insert(SERVER_SELECTION);
    options.heartbeat_freq.get_or_insert(Duration::from_secs(2));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_reason_has_no_part_of_the_uri() {
        for uri in [
            "mongodb://root:secret@w@h/",
            "mongodb://root:p/secret@h",
            "mongodb://h:secret",
            "mongodb://",
            "mongodb://h/?maxPoolSize=secret",
        ] {
            let error = ClientOptions::parse(uri).await.map(drop).map_err(of_uri).unwrap_err();
            let text = error.to_string();
            assert!(text.starts_with("the MongoDB URI is not usable: ") && text.len() > 35, "{text}");
            assert!(!text.contains("secret") && !text.contains("labels"), "{text}");
        }
    }

    #[tokio::test]
    async fn unsafe_settings_are_overridden_and_others_kept() {
        let uri = "mongodb://localhost/tenants?w=0&journal=false&readPreference=secondary&retryWrites=false\
                   &readConcernLevel=local&maxPoolSize=4";
        let mut options = ClientOptions::parse(uri).await.unwrap();
        make_safe(&mut options);
        let concern = options.write_concern.unwrap();
        assert_eq!((concern.w, concern.journal), (Some(Acknowledgment::Majority), Some(true)));
        assert_eq!(options.read_concern, Some(ReadConcern::majority()));
        assert_eq!(
            options.selection_criteria,
            Some(SelectionCriteria::ReadPreference(ReadPreference::Primary))
        );
        assert_eq!(options.retry_writes, Some(true));
        assert_eq!(options.max_pool_size, Some(4));
        assert_eq!(options.default_database.as_deref(), Some("tenants"));
    }
}
