//! Time limits of calls to the database. The driver itself has no socket time-out.

use std::{future::Future, time::Duration};

use convene_application::authentication::Deadline;
use tokio::time::Instant;

use crate::{error::StorageError, time_limit::TimeLimit};

/// The limit of one call, including the driver's own retry of it.
pub(crate) const DATABASE_CALL: Duration = Duration::from_secs(3);

/// The limit of the wait for a server, unless the URI has one. It is shorter than that of a call, so that the call fails with the
/// reason why no server can be reached.
pub(crate) const SERVER_SELECTION: Duration = Duration::from_millis(2_500);

/// The limit of one transaction, including its retries.
pub(crate) const TRANSACTION: Duration = Duration::from_secs(5);

/// The limit of a transaction in which registrations follow their occurrences: 10,000 of them take some seconds, and
/// concurrent registrations of the same members make it start again.
pub(crate) const EDIT: Duration = Duration::from_secs(20);

/// The limit of the wait for an organization's lock, for a permit, or for both. The wait and the transaction fit into the ten seconds
/// of a request, and a caller that is refused learns it while it still helps to try again.
pub const WAIT: Duration = Duration::from_secs(3);

/// The limit of creating or changing a collection or an index at start, which waits for other processes that do the same.
pub(crate) const SCHEMA_CALL: Duration = Duration::from_secs(60);

/// The time after the limit of a command in which the server reports that it has stopped it. A command without an answer by
/// then is abandoned, because the server is not reachable.
pub(crate) const GRACE: Duration = Duration::from_secs(1);

/// The shortest limit that is worth a command.
const SHORTEST: Duration = Duration::from_millis(1);

/// Returns the time after this limit, or that of the deadline if it is earlier.
pub(crate) fn earliest(limit: Duration, deadline: Deadline) -> Instant {
    let latest = Instant::now() + limit;
    deadline.time().map_or(latest, |time| latest.min(Instant::from_std(time)))
}

/// The end of the time for some work, and the limit that it comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct End {
    pub(crate) at: Instant,
    pub(crate) limit: TimeLimit,
}

impl End {
    /// The end of a transaction that begins now and has this limit.
    pub(crate) fn of_transaction(limit: Duration, deadline: Deadline) -> Self {
        Self::new(limit, TimeLimit::Transaction(limit), deadline)
    }

    /// The end of a call of the registration queue that begins now and has this limit.
    pub(crate) fn of_queue(limit: Duration, deadline: Deadline) -> Self {
        Self::new(limit, TimeLimit::Queue(limit), deadline)
    }

    /// The end of a call to the database that begins now.
    pub(crate) fn of_call(deadline: Deadline) -> Self {
        Self::new(DATABASE_CALL, TimeLimit::Call(DATABASE_CALL), deadline)
    }

    fn new(time: Duration, limit: TimeLimit, deadline: Deadline) -> Self {
        let end = Self { at: Instant::now() + time, limit };
        match deadline.time().map(Instant::from_std) {
            Some(at) if at < end.at => Self { at, limit: TimeLimit::Deadline },
            _ => end,
        }
    }

    /// The end of a call to the database that begins now, as a part of this work.
    pub(crate) fn of_next_call(self) -> Self {
        let call = Self::of_call(Deadline::NONE);
        if call.at < self.at { call } else { self }
    }

    /// Returns the time that remains.
    ///
    /// # Errors
    /// [`StorageError::TimedOut`] if none remains.
    pub(crate) fn remaining(self) -> Result<Duration, StorageError> {
        let left = self.at.saturating_duration_since(Instant::now());
        if left < SHORTEST { Err(self.limit.into()) } else { Ok(left) }
    }
}

impl From<TimeLimit> for StorageError {
    fn from(limit: TimeLimit) -> Self {
        Self::TimedOut(limit)
    }
}

/// Runs a call to the database for at most `limit`, one of the constants of this module.
pub(crate) async fn within<T>(
    limit: Duration,
    call: impl Future<Output = Result<T, mongodb::error::Error>>,
) -> Result<T, StorageError> {
    match tokio::time::timeout(limit, call).await {
        Ok(result) => result.map_err(StorageError::from),
        Err(_) => Err(TimeLimit::Call(limit).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_of_the_log_appears_within_the_documented_time() {
        // The rest of the transaction after its first read, and a commit that begins at its end.
        let longest = EDIT + DATABASE_CALL + GRACE;
        assert!(longest < Duration::from_secs(30), "{longest:?}");
        assert_eq!(include_str!("../../../docs/api.md").matches("up to 30 seconds after").count(), 2);
    }

    fn text(end: End) -> String {
        StorageError::from(end.limit).to_string()
    }

    #[tokio::test(start_paused = true)]
    async fn a_fault_states_the_configured_limit_and_never_what_was_left_of_it() {
        let call = End::of_call(Deadline::NONE);
        assert_eq!(text(call), "the database did not answer within 3s");
        let transaction = End::of_transaction(TRANSACTION, Deadline::NONE);
        assert_eq!(text(transaction), "the transaction did not end within 5s");
        assert_eq!(text(transaction.of_next_call()), "the database did not answer within 3s");
        tokio::time::advance(Duration::from_millis(2_500)).await;
        assert_eq!(text(transaction.of_next_call()), "the transaction did not end within 5s");
        tokio::time::advance(Duration::from_secs(3)).await;
        let over = transaction.of_next_call().remaining().unwrap_err();
        assert_eq!(over.to_string(), "the transaction did not end within 5s");
    }

    #[tokio::test(start_paused = true)]
    async fn a_fault_at_the_deadline_of_the_caller_states_no_limit() {
        let deadline = Deadline::at((Instant::now() + Duration::from_millis(1_234)).into_std());
        let transaction = End::of_transaction(TRANSACTION, deadline);
        for end in [
            End::of_call(deadline),
            transaction,
            transaction.of_next_call(),
            End::of_queue(TRANSACTION, deadline),
        ] {
            assert_eq!(text(end), "the database did not answer by the deadline of the request");
        }
    }
}
