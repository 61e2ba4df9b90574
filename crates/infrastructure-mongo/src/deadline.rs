//! Time limits of calls to the database. The driver itself has no socket time-out.

use std::{future::Future, time::Duration};

use tracing::{Instrument, debug_span};

use crate::error::StorageError;

/// The limit of one call, including the driver's own retry of it.
pub(crate) const DATABASE_CALL: Duration = Duration::from_secs(3);

/// The limit of one transaction, including its retries.
pub(crate) const TRANSACTION: Duration = Duration::from_secs(5);

/// The limit of a transaction in which registrations follow their occurrences: 10,000 of them take some seconds, and
/// concurrent registrations of the same members make it start again.
pub(crate) const EDIT: Duration = Duration::from_secs(20);

/// The limit of the wait for an organization's lock. The wait and the transaction fit into the ten seconds of a request
/// unless both nearly reach their limits.
pub(crate) const ORGANIZATION_LOCK: Duration = Duration::from_secs(7);

/// The limit of creating or changing a collection or an index at start, which waits for other processes that do the same.
pub(crate) const SCHEMA_CALL: Duration = Duration::from_secs(60);

/// Runs a command on a collection for at most [`DATABASE_CALL`], in a span that names both. Arguments are left out because
/// they may be personal data.
pub(crate) fn command<T>(
    name: &'static str,
    collection: &'static str,
    call: impl Future<Output = Result<T, mongodb::error::Error>>,
) -> impl Future<Output = Result<T, StorageError>> {
    within(DATABASE_CALL, call).instrument(debug_span!("database command", command = name, collection))
}

/// Runs a call to the database for at most `limit`.
pub(crate) async fn within<T>(
    limit: Duration,
    call: impl Future<Output = Result<T, mongodb::error::Error>>,
) -> Result<T, StorageError> {
    match tokio::time::timeout(limit, call).await {
        Ok(result) => result.map_err(StorageError::from),
        Err(_) => Err(StorageError::TimedOut(limit)),
    }
}
