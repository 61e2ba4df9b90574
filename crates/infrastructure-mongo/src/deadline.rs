//! How long anything may take: the driver itself has no socket time-out.

use std::{future::Future, time::Duration};

use crate::error::StorageError;

/// One call to the database, with the driver's own retry of it.
pub(crate) const DATABASE_CALL: Duration = Duration::from_secs(3);

/// One transaction, with all its repetitions.
pub(crate) const TRANSACTION: Duration = Duration::from_secs(5);

/// Waiting for others before a transaction begins: with the transaction, it fits into the ten seconds of a request
/// unless both take nearly all they may.
pub(crate) const TURN: Duration = Duration::from_secs(7);

/// Making or changing a collection or an index at start, which waits for others who do the same.
pub(crate) const SCHEMA_CALL: Duration = Duration::from_secs(60);

/// Runs a call to the database for at most `limit`.
pub(crate) async fn within<T>(
    limit: Duration,
    call: impl Future<Output = Result<T, mongodb::error::Error>>,
) -> Result<T, StorageError> {
    match tokio::time::timeout(limit, call).await {
        Ok(answer) => answer.map_err(StorageError::from),
        Err(_) => Err(StorageError::TimedOut(limit)),
    }
}
