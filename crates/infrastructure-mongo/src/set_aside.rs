//! Sessions that ended without an answer of the server, which may still execute their command or hold their transaction open.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bson::{Document, doc};
use mongodb::{Client, ClientSession};
use tokio::{
    runtime::Handle,
    time::{Instant, sleep, timeout},
};

use crate::{deadline::DATABASE_CALL, metrics};

/// The time for which a session is kept away from the driver's pool. By default, the server ends a transaction that is older
/// than 60 seconds.
const SET_ASIDE: Duration = Duration::from_secs(90);

/// The pause between two attempts to end the transactions.
const PAUSE: Duration = Duration::from_secs(1);

/// The sessions that are set aside by a process, and the task that ends their transactions.
///
/// A server that hung may still execute a command after its caller was answered. Until then, the transaction holds its locks,
/// and all changes to the same documents wait. A session is ended repeatedly, because the server may receive the command after
/// the first attempt: the two arrive over different connections.
#[derive(Clone)]
pub(crate) struct SessionsSetAside {
    client: Client,
    sessions: Arc<Mutex<Vec<(Instant, ClientSession)>>>,
}

impl SessionsSetAside {
    pub(crate) fn new(client: Client) -> Self {
        metrics::start_sessions();
        Self { client, sessions: Arc::default() }
    }

    /// Sets a session aside. Must be called on a Tokio runtime.
    pub(crate) fn add(&self, session: ClientSession) {
        metrics::session_set_aside();
        let is_first = self.with(|sessions| {
            sessions.push((Instant::now(), session));
            sessions.len() == 1
        });
        if is_first {
            drop(Handle::current().spawn(self.clone().end_transactions()));
        }
    }

    /// Ends the transactions of all sessions until none is left.
    async fn end_transactions(self) {
        loop {
            // A database user may end sessions of its own without a further right.
            let ids: Vec<Document> =
                self.with(|sessions| sessions.iter().map(|(_, session)| session.id().clone()).collect());
            let admin = self.client.database("admin");
            let command = async { admin.run_command(doc! { "killSessions": ids }).await };
            if let Ok(Err(error)) = timeout(DATABASE_CALL, command).await {
                tracing::debug!(
                    reason = crate::driver_error::describe(&error),
                    "sessions could not be ended"
                );
            }
            sleep(PAUSE).await;
            let is_empty = self.with(|sessions| {
                sessions.retain(|(since, _)| since.elapsed() < SET_ASIDE);
                sessions.is_empty()
            });
            if is_empty {
                return;
            }
        }
    }

    fn with<T>(&self, work: impl FnOnce(&mut Vec<(Instant, ClientSession)>) -> T) -> T {
        work(&mut self.sessions.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
