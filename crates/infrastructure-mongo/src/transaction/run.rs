use std::{marker::PhantomData, time::Duration};

use convene_application::{
    caller::TenantScope,
    failure::{Fault, Outcome},
};
use futures::future::BoxFuture;
use mongodb::{
    ClientSession,
    error::{TRANSIENT_TRANSACTION_ERROR, UNKNOWN_TRANSACTION_COMMIT_RESULT},
    options::{ReadConcern, ReadPreference, SelectionCriteria, TransactionOptions, WriteConcern},
};
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tracing::Instrument;

use super::Transaction;
use crate::{
    database::Database,
    deadline::{DATABASE_CALL, TRANSACTION, within},
    error::{Attempt, Interruption, StorageError},
    metrics,
};

/// The limit of an abort. If it fails, the server aborts the transaction later.
const ABORT: Duration = Duration::from_millis(500);

/// The result of a commit.
enum Commit {
    /// The transaction is durable.
    Done,
    /// The transaction was not committed, and may be retried.
    Again(StorageError),
    /// The transaction may have been committed.
    Unknown(StorageError),
}

impl Database {
    /// Runs a transaction of the organization: its body, then the writes of the log's entries, then the commit.
    ///
    /// The transaction is retried after a conflict with another one. A refusal aborts it.
    ///
    /// # Errors
    /// The refusal or fault of the body; [`Fault::Unavailable`] if the time was over before the commit, so nothing was
    /// changed; [`Fault::OutcomeUnknown`] if the time was over before the result of the commit was known.
    pub(crate) async fn transact<'environment, T, B>(&self, scope: &TenantScope, body: B) -> Outcome<T>
    where
        T: Send,
        B: for<'t> Fn(&'t mut Transaction<'environment>) -> BoxFuture<'t, Attempt<T>> + Send + Sync,
    {
        self.transact_within(TRANSACTION, scope, body).await
    }

    /// Runs a transaction by [`transact`](Self::transact) with another time limit.
    pub(crate) async fn transact_within<'environment, T, B>(
        &self,
        limit: Duration,
        scope: &TenantScope,
        body: B,
    ) -> Outcome<T>
    where
        T: Send,
        B: for<'t> Fn(&'t mut Transaction<'environment>) -> BoxFuture<'t, Attempt<T>> + Send + Sync,
    {
        let deadline = Instant::now() + limit;
        let mut attempt = 0;
        loop {
            let mut transaction = self.begin(*scope).await?;
            let whole = async {
                let value = body(&mut transaction).await?;
                transaction.write_log().await?;
                Ok::<T, Interruption>(value)
            };
            let conflict = match timeout_at(deadline, whole).await {
                Ok(Ok(value)) => match commit(&mut transaction, deadline).await {
                    Commit::Done => {
                        metrics::promoted(transaction.promoted);
                        return Ok(value);
                    }
                    Commit::Again(error) => Interruption::Again(error),
                    Commit::Unknown(error) => return Err(Fault::OutcomeUnknown(error.into()).into()),
                },
                Ok(Err(interruption)) => {
                    abort(&mut transaction.session).await;
                    if !interruption.is_transient() {
                        return Err(interruption.into());
                    }
                    interruption
                }
                Err(_) => {
                    abort(&mut transaction.session).await;
                    return Err(Fault::Unavailable(StorageError::TimedOut(limit).into()).into());
                }
            };
            attempt += 1;
            let pause = backoff(attempt, self.random());
            if Instant::now() + pause >= deadline {
                return Err(conflict.into());
            }
            metrics::transaction_retried();
            tracing::debug!(attempt, ?conflict, "retrying the transaction");
            sleep(pause).await;
        }
    }

    async fn begin<'environment>(&self, scope: TenantScope) -> Result<Transaction<'environment>, Fault> {
        let options = TransactionOptions::builder()
            .read_concern(ReadConcern::snapshot())
            .write_concern(WriteConcern::majority())
            .selection_criteria(SelectionCriteria::ReadPreference(ReadPreference::Primary))
            .max_commit_time(DATABASE_CALL)
            .build();
        let session = within(DATABASE_CALL, async {
            let mut session = self.client().start_session().await?;
            session.start_transaction().with_options(options).await?;
            Ok(session)
        })
        .await?;
        let database = self.clone();
        Ok(Transaction {
            session,
            database,
            scope,
            entries: Vec::new(),
            promoted: 0,
            environment: PhantomData,
        })
    }
}

/// Commits, and repeats the commit while its result is unknown. A repeat changes nothing if the first one succeeded.
async fn commit(transaction: &mut Transaction<'_>, deadline: Instant) -> Commit {
    let mut attempt = 0;
    loop {
        // The commit gets a minimum of time even if the body has used up nearly all of it.
        let until = deadline.max(Instant::now() + ABORT).min(Instant::now() + DATABASE_CALL);
        let span = tracing::debug_span!("database command", command = "commitTransaction");
        let commit = async { transaction.session.commit_transaction().await };
        let unknown = match timeout_at(until, commit.instrument(span)).await {
            Ok(Ok(())) => return Commit::Done,
            Ok(Err(error)) if error.contains_label(UNKNOWN_TRANSACTION_COMMIT_RESULT) => error.into(),
            Ok(Err(error)) if error.contains_label(TRANSIENT_TRANSACTION_ERROR) => {
                return Commit::Again(error.into());
            }
            Ok(Err(error)) => return Commit::Unknown(error.into()),
            Err(_) => StorageError::TimedOut(DATABASE_CALL),
        };
        attempt += 1;
        let pause = backoff(attempt, transaction.random());
        if Instant::now() + pause >= deadline {
            return Commit::Unknown(unknown);
        }
        tracing::debug!(attempt, error = ?unknown, "repeating the commit");
        sleep(pause).await;
    }
}

/// Aborts a transaction, so that its locks are free before the caller is answered.
async fn abort(session: &mut ClientSession) {
    if !matches!(timeout(ABORT, session.abort_transaction()).await, Ok(Ok(()))) {
        tracing::debug!("a transaction could not be aborted; the server will abort it");
    }
}

/// A random pause, on average growing: transactions that conflicted do not meet again.
fn backoff(attempt: u32, random: i64) -> Duration {
    const FIRST_MICROSECONDS: u64 = 6_000;
    const LONGEST_MICROSECONDS: u64 = 250_000;
    let longest = FIRST_MICROSECONDS.saturating_mul(2_u64.saturating_pow(attempt)).min(LONGEST_MICROSECONDS);
    Duration::from_micros(random.unsigned_abs() % longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_stay_short() {
        for attempt in 0..100 {
            assert!(backoff(attempt, i64::MIN) <= Duration::from_millis(250));
            assert_eq!(backoff(attempt, 5_000), Duration::from_millis(5));
        }
        assert!([-1, 0, 7, i64::MAX].iter().all(|&random| backoff(1, random) <= Duration::from_millis(12)));
    }
}
