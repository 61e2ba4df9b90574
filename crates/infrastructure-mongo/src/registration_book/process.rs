use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use convene_application::failure::{Failure, Fault, Outcome};
use futures::FutureExt;

use super::{
    batch::{self, Care, Decided, Tools, Verdict},
    entry::Entry,
};
use crate::error::shared;

/// Runs a batch and answers everyone in it.
pub(super) async fn process(tools: Tools<'_>, entries: Vec<Entry>) {
    match attempt(tools, &entries, Care::Little).await {
        Ok(verdicts) => answer(entries, verdicts),
        Err(failure) if is_for_one_alone(&failure) => {
            tracing::debug!(%failure, calls = entries.len(), "a batch failed and is run one by one");
            for entry in entries {
                let entry = [entry];
                match attempt(tools, &entry, Care::More).await {
                    Ok(verdicts) => answer(entry.into(), verdicts),
                    Err(failure) => fail(entry.into(), failure),
                }
            }
        }
        Err(failure) => fail(entries, failure),
    }
}

/// Runs the transaction. A panic in it is a fault of this batch, and of nobody else.
async fn attempt(tools: Tools<'_>, entries: &[Entry], care: Care) -> Outcome<Vec<Option<Verdict>>> {
    let Some(first) = entries.first() else { return Ok(Vec::new()) };
    let is_first = AtomicBool::new(true);
    let run = tools.database.transact(&first.scope, |transaction| {
        // What made it fail may be that it went by what was not so.
        let care = if is_first.swap(false, Ordering::Relaxed) { care } else { care.max(Care::Usual) };
        batch::run(tools, transaction, entries, care).boxed()
    });
    let decided = AssertUnwindSafe(run)
        .catch_unwind()
        .await
        .unwrap_or_else(|_| Err(Fault::internal("a batch of registrations panicked").into()));
    match decided {
        Ok(Decided { verdicts, tallies }) => {
            tools.memory.keep(tallies.into_stored());
            Ok(verdicts)
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
