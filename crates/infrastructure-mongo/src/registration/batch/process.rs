use std::{
    collections::VecDeque,
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use convene_application::failure::{Failure, Fault, Outcome};
use futures::FutureExt;

use super::{Care, Decided, Entry, Tools, Verdict};
use crate::error::shared;

/// How often a batch is run before others get their turn: other processes' transactions may again and again be about one
/// of its occurrences, but not about each of them.
const RUNS: usize = 4;

/// Runs a batch and answers everyone in it.
pub(in crate::registration) async fn process(tools: Tools<'_>, entries: Vec<Entry>) {
    let mut care = Care::Little;
    let mut batches = VecDeque::from([entries]);
    while let Some(mut entries) = batches.pop_front() {
        let is_last = entries.len() == 1 && batches.is_empty();
        let runs = if is_last { usize::MAX } else { RUNS };
        match attempt(tools, &entries, care, runs).await {
            Ok(Some(verdicts)) => answer(entries, verdicts),
            Ok(None) if entries.len() == 1 => batches.push_back(entries),
            Ok(None) => {
                tracing::debug!(calls = entries.len(), "a batch met others too often and is divided");
                let rest = entries.split_off(entries.len().div_ceil(2));
                batches.push_front(rest);
                batches.push_front(entries);
            }
            Err(failure) if is_for_one_alone(&failure) => {
                tracing::debug!(%failure, calls = entries.len(), "a batch failed and is run one by one");
                for entry in entries {
                    run_alone(tools, entry).await;
                }
            }
            Err(failure) => fail(entries, failure),
        }
        care = Care::Usual;
    }
}

async fn run_alone(tools: Tools<'_>, entry: Entry) {
    let entry = vec![entry];
    match attempt(tools, &entry, Care::More, usize::MAX).await {
        Ok(verdicts) => answer(entry, verdicts.unwrap_or_default()),
        Err(failure) => fail(entry, failure),
    }
}

/// Runs the transaction, again where it meets others; `None` if it met them each of so many times. A panic in it is a fault
/// of this batch, and of nobody else.
async fn attempt(
    tools: Tools<'_>,
    entries: &[Entry],
    care: Care,
    most_runs: usize,
) -> Outcome<Option<Vec<Option<Verdict>>>> {
    let Some(first) = entries.first() else { return Ok(Some(Vec::new())) };
    let runs = AtomicUsize::new(0);
    let run = tools.database.transact(&first.scope, |transaction| {
        let run = runs.fetch_add(1, Ordering::Relaxed);
        // What made it fail may be that it went by what was not so.
        let care = if run == 0 { care } else { care.max(Care::Usual) };
        async move {
            if run >= most_runs {
                return Ok(None);
            }
            super::run(tools, transaction, entries, care).await.map(Some)
        }
        .boxed()
    });
    let decided = AssertUnwindSafe(run)
        .catch_unwind()
        .await
        .unwrap_or_else(|_| Err(Fault::internal("a batch of registrations panicked").into()));
    match decided {
        Ok(None) => Ok(None),
        Ok(Some(Decided { verdicts, tallies })) => {
            tools.memory.keep(tallies.into_stored());
            Ok(Some(verdicts))
        }
        Err(failure) => {
            entries.iter().for_each(|entry| tools.memory.forget(&entry.occurrence));
            Err(failure)
        }
    }
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
