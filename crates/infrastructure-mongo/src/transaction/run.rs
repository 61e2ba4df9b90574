use std::{marker::PhantomData, time::Duration};

use convene_application::{
    caller::TenantScope,
    failure::{Failure, Fault, Outcome},
};
use mongodb::{
    error::{TRANSIENT_TRANSACTION_ERROR, UNKNOWN_TRANSACTION_COMMIT_RESULT},
    options::{ReadConcern, ReadPreference, SelectionCriteria, TransactionOptions, WriteConcern},
};
use tokio::time::{Instant, sleep, timeout_at};

use super::{Body, Pending, Preparation, Transaction};
use crate::{
    database::Database,
    deadline::{DATABASE_CALL, End, TRANSACTION, WAIT, earliest},
    error::{Attempt, Interruption, StorageError},
    metrics,
    session::Session,
};

/// The time that a commit gets even if the body has used up all of it.
const SHORTEST_COMMIT: Duration = Duration::from_millis(500);

/// The result of a commit.
enum Commit {
    /// The transaction is durable.
    Done,
    /// The transaction was not committed, and may be retried.
    Retry(StorageError),
    /// The transaction may have been committed.
    Unknown(StorageError),
}

impl Database {
    /// Runs a transaction of the organization: its body, then the writes of the log's entries, then the commit.
    ///
    /// The transaction is retried after a conflict with another one. A refusal aborts it, as does the end of a dry run.
    /// It waits for a permit, which it keeps until its end, so its body must not wait for a permit of the same kind.
    ///
    /// # Errors
    /// The refusal or fault of the body; [`Fault::Overloaded`] if too many calls wait, and [`Fault::Unavailable`] if the
    /// time was over before the commit, so nothing was changed; [`Fault::OutcomeUnknown`] if the time was over before the
    /// result of the commit was known.
    pub(crate) async fn transact<'environment, T, B>(&self, scope: &TenantScope, body: B) -> Outcome<T>
    where
        T: Send,
        B: Body<'environment, T>,
    {
        self.transact_within(TRANSACTION, earliest(WAIT, scope.deadline()), scope, body).await
    }

    /// Runs a transaction by [`transact`](Self::transact) with another time limit, which waits for its permit until this time.
    pub(crate) async fn transact_within<'environment, T, B>(
        &self,
        limit: Duration,
        until: Instant,
        scope: &TenantScope,
        body: B,
    ) -> Outcome<T>
    where
        T: Send,
        B: Body<'environment, T>,
    {
        let gate = self.transaction_gate();
        let permit = gate.enter(scope.into(), until).await.map_err(Fault::from)?;
        let end = End::of_transaction(limit, scope.deadline());
        let session = Session::start(self.client(), permit, end, self.set_aside());
        let session = session.await.map_err(Fault::from)?;
        let mut transaction = Transaction {
            session,
            database: self.clone(),
            scope: *scope,
            pending: Pending::default(),
            preparation: None,
            is_prepared: false,
            conflicts: 0,
            environment: PhantomData,
        };
        let mut conflicts = 0;
        loop {
            transaction.conflicts = conflicts;
            let conflict = match transaction.run_once(&body, end).await? {
                Ok(value) => return Ok(value),
                Err(conflict) => conflict,
            };
            if let Some(preparation) = transaction.preparation.take() {
                transaction.prepare_by(preparation, end).await?;
                continue;
            }
            conflicts += 1;
            transaction.pause(conflicts, conflict, end).await?;
        }
    }

    /// Reads a snapshot: a [transaction](Self::transact) that changes and refuses nothing. The commit confirms that a
    /// majority has the data.
    ///
    /// # Errors
    /// As for [`transact`](Self::transact), but the outcome is never unknown: a read without a result is unavailable.
    pub(crate) async fn read<'environment, T, B>(&self, scope: &TenantScope, body: B) -> Result<T, Fault>
    where
        T: Send,
        B: Body<'environment, T>,
    {
        self.transact(scope, body).await.map_err(without_a_change)
    }
}

/// The fault of a transaction that changes and refuses nothing which its caller asked for.
fn without_a_change(failure: Failure) -> Fault {
    match failure {
        Failure::Fault(Fault::OutcomeUnknown(source)) => Fault::Unavailable(source),
        Failure::Fault(fault) => fault,
        Failure::Refused(refusals) => Fault::internal(format!("this cannot be refused: {refusals:?}")),
    }
}

impl<'environment> Transaction<'environment> {
    /// Runs the body once, and commits unless it is a dry run. Returns the conflict after which the body may be run again.
    async fn run_once<T, B>(&mut self, body: &B, end: End) -> Outcome<Result<T, Interruption>>
    where
        B: Body<'environment, T>,
    {
        let value = match timeout_at(end.at, self.attempt(body)).await {
            Ok(Ok(value)) if !self.pending.is_dry_run => value,
            ended => {
                self.session.abort().await;
                return match ended {
                    Ok(Ok(value)) => Ok(Ok(value)),
                    Ok(Err(conflict)) if conflict.is_transient() => Ok(Err(conflict)),
                    Ok(Err(interruption)) => Err(interruption.into()),
                    Err(_) => Err(Fault::Unavailable(StorageError::from(end.limit).into()).into()),
                };
            }
        };
        match self.commit(end.at).await {
            Commit::Done => {
                metrics::promoted(self.pending.promoted);
                if let Some((revision, _)) = self.pending.revision {
                    self.database.known_revisions().made(&self.scope, revision);
                }
                Ok(Ok(value))
            }
            Commit::Retry(error) => Ok(Err(Interruption::Retry(error))),
            Commit::Unknown(error) => Err(Fault::OutcomeUnknown(error.into()).into()),
        }
    }

    /// Waits before the body is run again.
    ///
    /// # Errors
    /// The last conflict, if there is no time left.
    async fn pause(&self, conflicts: u32, last: Interruption, end: End) -> Outcome<()> {
        let pause = backoff(conflicts, self.database.random());
        if Instant::now() + pause >= end.at {
            return Err(last.into());
        }
        metrics::transaction_retried();
        tracing::debug!(conflicts, reason = last.reason(), "retrying the transaction");
        sleep(pause).await;
        Ok(())
    }

    /// Runs the body in a new transaction of the session.
    async fn attempt<T, B>(&mut self, body: &B) -> Attempt<T>
    where
        B: Body<'environment, T>,
    {
        let options = TransactionOptions::builder()
            .read_concern(ReadConcern::snapshot())
            .write_concern(WriteConcern::majority())
            .selection_criteria(SelectionCriteria::ReadPreference(ReadPreference::Primary))
            .max_commit_time(DATABASE_CALL)
            .build();
        self.pending = Pending::default();
        self.session.begin(options).await?;
        let value = body(self).await?;
        if self.pending.is_dry_run {
            return Ok(value);
        }
        self.write_revision().await?;
        self.write_log().await?;
        Ok(value)
    }

    /// Runs the transactions that prepare this one. Each of them is retried after a conflict, and followed by the next one only after
    /// its commit.
    ///
    /// # Errors
    /// A fault that leaves this transaction undone.
    async fn prepare_by(&mut self, mut preparation: Preparation, end: End) -> Result<(), Fault> {
        let mut conflicts = 0;
        loop {
            self.conflicts = conflicts;
            match self.run_once(&preparation.0, end).await.map_err(without_a_change)? {
                Ok(None) => return Ok(()),
                Ok(Some(rest)) => {
                    preparation = rest;
                    conflicts = 0;
                }
                Err(conflict) => {
                    conflicts += 1;
                    self.pause(conflicts, conflict, end).await.map_err(without_a_change)?;
                }
            }
        }
    }

    /// Commits, and repeats the commit while its result is unknown. A repeat changes nothing if the first one succeeded.
    async fn commit(&mut self, deadline: Instant) -> Commit {
        let mut attempt = 0;
        loop {
            let unknown = match self.session.commit(SHORTEST_COMMIT).await {
                Ok(()) => return Commit::Done,
                Err(StorageError::Driver(error))
                    if error.contains_label(UNKNOWN_TRANSACTION_COMMIT_RESULT) =>
                {
                    error.into()
                }
                Err(StorageError::Driver(error)) if error.contains_label(TRANSIENT_TRANSACTION_ERROR) => {
                    return Commit::Retry(error.into());
                }
                // Also if there is no answer: the session is busy with the commit.
                Err(error) => return Commit::Unknown(error),
            };
            attempt += 1;
            let pause = backoff(attempt, self.random());
            if Instant::now() + pause >= deadline {
                return Commit::Unknown(unknown);
            }
            tracing::debug!(attempt, "repeating the commit");
            sleep(pause).await;
        }
    }
}

/// A random pause, on average growing, so that transactions that conflicted run at different times.
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
