//! Sessions that return to the driver's pool only when the server has nothing left to execute for them.

use std::time::Duration;

use futures::{FutureExt, future::BoxFuture};
use mongodb::{Client, ClientSession, options::TransactionOptions};
use tokio::{
    runtime::Handle,
    time::{Instant, timeout},
};

use crate::{
    admission::Permit,
    deadline::{DATABASE_CALL, End, GRACE},
    error::StorageError,
    observed::observed,
    set_aside::SessionsSetAside,
    time_limit::TimeLimit,
    uninterrupted::Uninterrupted,
};

/// The limit of the wait for an abort. The abort itself goes on.
const ABORT: Duration = Duration::from_millis(500);

/// A session with a permit, for one transaction after the other.
///
/// A command takes the session along and brings it back at its end. If the caller stops waiting, the command is run to its
/// end, then the transaction is aborted, and only then do the session and the permit become free. The driver itself would
/// reuse the session at once, while the server may still execute the command, and the next user of the session would wait
/// for it or fail.
pub(crate) struct Session {
    /// `None` while a command is in flight, and after one was stopped.
    open: Option<Open>,
    /// The end of the transaction.
    end: End,
}

/// The content of a session while no command is in flight.
struct Open {
    parts: Option<(ClientSession, Permit)>,
    state: State,
    /// The place for the session if it ends in doubt.
    set_aside: SessionsSetAside,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The server executes nothing and has no open transaction.
    Idle,
    /// There may be an open transaction.
    Active,
    /// A command has no answer, so the server may still execute it.
    InDoubt,
}

impl Session {
    /// Starts a session for a transaction.
    pub(crate) async fn start(
        client: &Client,
        permit: Permit,
        end: End,
        set_aside: SessionsSetAside,
    ) -> Result<Self, StorageError> {
        let call = end.of_next_call();
        let session = timeout(call.remaining()?, async { client.start_session().await }).await;
        let session = session.map_err(|_| StorageError::from(call.limit))??;
        let open = Open { parts: Some((session, permit)), state: State::Idle, set_aside };
        Ok(Self { open: Some(open), end })
    }

    /// Begins a transaction. Nothing is sent before its first command.
    pub(crate) async fn begin(&mut self, options: TransactionOptions) -> Result<(), StorageError> {
        let call = self.end.of_next_call();
        self.execute(call.remaining()?, call.limit, |session, _| {
            async move { session.start_transaction().with_options(options).await }.boxed()
        })
        .await
    }

    /// Runs a command, for at most [`DATABASE_CALL`]. `command` receives the time limit for the server.
    pub(crate) async fn run<T, C>(
        &mut self,
        name: &'static str,
        collection: &'static str,
        command: C,
    ) -> Result<T, StorageError>
    where
        T: Send + 'static,
        C: for<'s> FnOnce(&'s mut ClientSession, Duration) -> BoxFuture<'s, mongodb::error::Result<T>>
            + Send
            + 'static,
    {
        let call = self.end.of_next_call();
        let time = call.remaining()?;
        observed(name, Some(collection), self.execute(time, call.limit, command)).await
    }

    /// Commits the transaction, for at most [`DATABASE_CALL`], and for at least `shortest` even if the time of the transaction is
    /// over.
    pub(crate) async fn commit(&mut self, shortest: Duration) -> Result<(), StorageError> {
        let call = self.end.of_next_call();
        let time = call.at.saturating_duration_since(Instant::now()).max(shortest);
        let commit = self.execute(time, call.limit, |session, _| {
            async move { session.commit_transaction().await }.boxed()
        });
        observed("commitTransaction", None, commit).await?;
        if let Some(open) = &mut self.open {
            open.state = State::Idle;
        }
        Ok(())
    }

    /// Aborts the transaction, so that its locks are free before the caller is answered.
    pub(crate) async fn abort(&mut self) {
        let Some(mut open) = self.open.take() else { return };
        let aborted = Uninterrupted::new(async move {
            open.abort().await;
            open
        });
        self.open = timeout(ABORT, aborted).await.ok();
    }

    async fn execute<T, C>(&mut self, time: Duration, limit: TimeLimit, command: C) -> Result<T, StorageError>
    where
        T: Send + 'static,
        C: for<'s> FnOnce(&'s mut ClientSession, Duration) -> BoxFuture<'s, mongodb::error::Result<T>>
            + Send
            + 'static,
    {
        let mut open = self.open.take().ok_or(limit)?;
        let whole = Uninterrupted::new(async move {
            let result = open.execute(time, limit, command).await;
            (open, result)
        });
        let (open, result) = timeout(time, whole).await.map_err(|_| limit)?;
        self.open = Some(open);
        result
    }
}

impl Open {
    async fn execute<T, C>(&mut self, time: Duration, limit: TimeLimit, command: C) -> Result<T, StorageError>
    where
        C: for<'s> FnOnce(&'s mut ClientSession, Duration) -> BoxFuture<'s, mongodb::error::Result<T>>,
    {
        let Some((session, _)) = &mut self.parts else { return Err(limit.into()) };
        // The state remains if this future is dropped.
        self.state = State::InDoubt;
        let result = timeout(time + GRACE, command(session, time)).await;
        let result = result.map_err(|_| limit)?;
        self.state = State::Active;
        Ok(result?)
    }

    async fn abort(&mut self) {
        if self.state == State::Active
            && let Some((session, _)) = &mut self.parts
        {
            self.state = State::InDoubt;
            if abort(session).await {
                self.state = State::Idle;
            }
        }
    }
}

/// Aborts the transaction of the session, if there is one. Returns `false` if the server does not answer.
async fn abort(session: &mut ClientSession) -> bool {
    // The driver ignores an error of the server, because then there is nothing to abort.
    timeout(DATABASE_CALL, session.abort_transaction()).await.is_ok()
}

impl Drop for Open {
    fn drop(&mut self) {
        let Some((mut session, permit)) = self.parts.take() else { return };
        // Without a runtime the process is ending.
        let Ok(runtime) = Handle::try_current() else { return };
        let set_aside = self.set_aside.clone();
        match self.state {
            State::Idle => {}
            State::Active => {
                drop(runtime.spawn(async move {
                    let is_aborted = abort(&mut session).await;
                    drop(permit);
                    if !is_aborted {
                        set_aside.add(session);
                    }
                }));
            }
            // The driver has closed the connection, so the permit is free.
            State::InDoubt => set_aside.add(session),
        }
    }
}
