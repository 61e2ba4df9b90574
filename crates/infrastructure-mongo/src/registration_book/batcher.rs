use std::{collections::HashSet, panic::AssertUnwindSafe, sync::Arc};

use convene_application::failure::{Failure, Fault, Outcome};
use futures::{FutureExt, StreamExt, stream};
use tokio::sync::mpsc;

use super::{
    batch::{self, Care, Verdict},
    entry::Entry,
    settings::BookSettings,
};
use crate::{database::Database, error::shared, seats::Guards};

/// How many organizations' transactions a batcher has in flight: one that is slow does not hold up all others.
const ORGANIZATIONS_AT_ONCE: usize = 4;

/// Takes whatever has queued, runs it as one transaction, and starts over.
pub(super) struct Batcher(mpsc::Sender<Entry>);

impl Batcher {
    /// Starts a batcher; it ends with its handle.
    pub(super) fn start(database: Database, settings: BookSettings, guards: Guards) -> Self {
        let (queue, queued) = mpsc::channel(settings.queue.get());
        let _task = tokio::spawn(run(database, settings.batch.get(), guards, queued));
        Self(queue)
    }

    /// Queues an entry.
    ///
    /// # Errors
    /// [`Fault::Overloaded`] if the queue is full.
    pub(super) fn submit(&self, entry: Entry) -> Result<(), Fault> {
        self.0.try_send(entry).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Fault::Overloaded,
            mpsc::error::TrySendError::Closed(_) => Fault::internal("a batcher has ended before its book"),
        })
    }
}

async fn run(database: Database, limit: usize, guards: Guards, mut queued: mpsc::Receiver<Entry>) {
    let mut waiting = Vec::new();
    loop {
        if waiting.is_empty() && queued.recv_many(&mut waiting, limit).await == 0 {
            return;
        }
        // Behind what was put off, whatever has come since.
        while waiting.len() < limit
            && let Ok(entry) = queued.try_recv()
        {
            waiting.push(entry);
        }
        let (batches, put_off) = divide(std::mem::take(&mut waiting));
        waiting = put_off;
        stream::iter(batches)
            .for_each_concurrent(ORGANIZATIONS_AT_ONCE, |entries| process(&database, guards, entries))
            .await;
    }
}

/// Divides what has queued into a batch for each organization, in order of arrival, and what must wait for the
/// next: there is one wish in a batch at most by the same member about the same occurrence.
fn divide(entries: Vec<Entry>) -> (Vec<Vec<Entry>>, Vec<Entry>) {
    let mut known = HashSet::new();
    let mut batches: Vec<Vec<Entry>> = Vec::new();
    let mut put_off = Vec::new();
    for entry in entries {
        if !known.insert((entry.member, entry.occurrence.clone())) {
            put_off.push(entry);
            continue;
        }
        let of_same = |batch: &&mut Vec<Entry>| batch.first().is_some_and(|first| first.scope == entry.scope);
        match batches.iter_mut().find(of_same) {
            Some(batch) => batch.push(entry),
            None => batches.push(vec![entry]),
        }
    }
    (batches, put_off)
}

/// Runs a batch and answers everyone in it.
async fn process(database: &Database, guards: Guards, entries: Vec<Entry>) {
    match attempt(database, guards, &entries, Care::Usual).await {
        Ok(verdicts) => answer(entries, verdicts),
        Err(failure) if is_for_one_alone(&failure) => {
            tracing::debug!(%failure, calls = entries.len(), "a batch failed and is run one by one");
            for entry in entries {
                let entry = [entry];
                match attempt(database, guards, &entry, Care::More).await {
                    Ok(verdicts) => answer(entry.into(), verdicts),
                    Err(failure) => fail(entry.into(), failure),
                }
            }
        }
        Err(failure) => fail(entries, failure),
    }
}

/// Runs the transaction. A panic in it is a fault of this batch, not the end of the batcher.
async fn attempt(
    database: &Database,
    guards: Guards,
    entries: &[Entry],
    care: Care,
) -> Outcome<Vec<Option<Verdict>>> {
    let Some(first) = entries.first() else { return Ok(Vec::new()) };
    let run = database.transact(&first.scope, |transaction| {
        batch::run(database, transaction, entries, care, guards).boxed()
    });
    AssertUnwindSafe(run)
        .catch_unwind()
        .await
        .unwrap_or_else(|_| Err(Fault::internal("a batch of registrations panicked").into()))
}

/// Whether a batch may have failed for what is wrong with one of its calls.
fn is_for_one_alone(failure: &Failure) -> bool {
    match failure {
        Failure::Refused(_) | Failure::Fault(Fault::Internal(_)) => true,
        Failure::Fault(Fault::Unavailable(_) | Fault::OutcomeUnknown(_) | Fault::Overloaded) => false,
    }
}

fn answer(entries: Vec<Entry>, verdicts: Vec<Option<Verdict>>) {
    for (entry, verdict) in entries.into_iter().zip(verdicts) {
        if let Some(verdict) = verdict {
            entry.reply(verdict.map_err(Failure::from));
        }
    }
}

/// Tells everyone of a failure that is nobody's own.
fn fail(entries: Vec<Entry>, failure: Failure) {
    let fault = match failure {
        Failure::Refused(refusals) => {
            for entry in entries {
                entry.reply(Err(Failure::Refused(refusals.clone())));
            }
            return;
        }
        Failure::Fault(fault) => Arc::new(fault),
    };
    for entry in entries {
        entry.reply(Err(shared(&fault).into()));
    }
}
