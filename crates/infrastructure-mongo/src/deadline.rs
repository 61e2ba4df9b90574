//! Time limits of calls to the database. The driver itself has no socket time-out.

use std::{future::Future, time::Duration};

use convene_application::authentication::Deadline;
use tokio::time::Instant;

use crate::error::StorageError;

/// The limit of one call, including the driver's own retry of it.
pub(crate) const DATABASE_CALL: Duration = Duration::from_secs(3);

/// The limit of one transaction, including its retries.
pub(crate) const TRANSACTION: Duration = Duration::from_secs(5);

/// The limit of a transaction in which registrations follow their occurrences: 10,000 of them take some seconds, and
/// concurrent registrations of the same members make it start again.
pub(crate) const EDIT: Duration = Duration::from_secs(20);

/// The limit of the wait for an organization's lock or for a permit. The wait and the transaction fit into the ten seconds
/// of a request unless both nearly reach their limits.
pub(crate) const WAIT: Duration = Duration::from_secs(7);

/// The limit of creating or changing a collection or an index at start, which waits for other processes that do the same.
pub(crate) const SCHEMA_CALL: Duration = Duration::from_secs(60);

/// The time after the limit of a command in which the server reports that it has stopped it. A command without an answer by
/// then is given up, because the server is not reachable.
pub(crate) const GRACE: Duration = Duration::from_secs(1);

/// The shortest limit that is worth a command.
const SHORTEST: Duration = Duration::from_millis(1);

/// Returns the time after this limit, or that of the deadline if it is earlier.
pub(crate) fn earliest(limit: Duration, deadline: Deadline) -> Instant {
    let latest = Instant::now() + limit;
    deadline.time().map_or(latest, |time| latest.min(Instant::from_std(time)))
}

/// Returns the time that remains until the deadline, at most `limit`.
///
/// # Errors
/// [`StorageError::TimedOut`] if none remains.
pub(crate) fn remaining(limit: Duration, deadline: Deadline) -> Result<Duration, StorageError> {
    let left = earliest(limit, deadline).saturating_duration_since(Instant::now());
    if left < SHORTEST { Err(StorageError::TimedOut(left)) } else { Ok(left) }
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
