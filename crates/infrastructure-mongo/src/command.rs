//! Commands outside transactions: with a permit, a time limit, and run to their end.

use std::{sync::Arc, time::Duration};

use convene_application::authentication::Deadline;
use futures::future::BoxFuture;
use tokio::time::timeout;

use crate::{
    admission::{Gate, Owner},
    deadline::{End, GRACE, WAIT, earliest},
    error::StorageError,
    observed::observed,
    uninterrupted::Uninterrupted,
};

/// The right to send commands outside transactions, through a gate and for an owner.
pub(crate) struct Access {
    pub(crate) gate: Arc<Gate>,
    pub(crate) owner: Owner,
    /// The deadline of the caller.
    pub(crate) deadline: Deadline,
}

impl Access {
    /// The access of the program itself.
    pub(crate) fn of_program(gate: &Arc<Gate>) -> Self {
        Self { gate: Arc::clone(gate), owner: Owner::PROGRAM, deadline: Deadline::NONE }
    }

    /// Runs a command with a permit, for at most [`DATABASE_CALL`](crate::deadline::DATABASE_CALL). `command` receives the time limit for the server.
    ///
    /// The permit is kept until the command has ended, also if nobody waits for it any more.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        name: &'static str,
        collection: &'static str,
        command: impl FnOnce(Duration) -> BoxFuture<'static, mongodb::error::Result<T>> + Send,
    ) -> Result<T, StorageError> {
        let permit = self.gate.enter(self.owner, earliest(WAIT, self.deadline)).await?;
        let end = End::of_call(self.deadline);
        let time = end.remaining()?;
        let command = command(time);
        let whole = Uninterrupted::new(async move {
            let result = timeout(time + GRACE, command).await;
            drop(permit);
            result
        });
        let run = observed(name, Some(collection), timeout(time, whole));
        match run.await {
            Ok(Ok(result)) => Ok(result?),
            Ok(Err(_)) | Err(_) => Err(end.limit.into()),
        }
    }
}
