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

use super::{Decided, Decisions, Verification, suspects::Suspects};
use crate::{
    database::Database,
    error::shared,
    metrics,
    registration::{
        cache::OccurrenceCache,
        queue::{Batch, LaneKey, Operation, Queued},
    },
};

/// The number of runs of a batch before it is split: transactions of other processes may conflict with one of its
/// occurrences again and again, but not with each of them.
const MAX_RUNS: usize = 4;

/// Executes batches as transactions. A clone is cheap.
#[derive(Clone)]
pub(in crate::registration) struct Executor {
    pub(super) database: Database,
    pub(super) cache: OccurrenceCache,
    suspects: Suspects,
}

impl Executor {
    pub(in crate::registration) fn new(database: Database) -> Self {
        Self { database, cache: OccurrenceCache::new(), suspects: Suspects::new() }
    }

    /// Executes a batch and answers its requests.
    ///
    /// A batch that fails is run again with exhaustive verification, which answers requests with used keys. One that fails
    /// even then is split until the request that makes it fail is alone, which takes a number of transactions that grows
    /// with the logarithm of the size of the batch.
    pub(in crate::registration) async fn execute(self, mut batch: Batch) {
        let by_caller = self.suspects.set_apart_by_caller(&mut batch);
        let by_object = self.suspects.set_apart_by_object(&mut batch);
        let mut pending = VecDeque::from([
            (batch, Verification::Optimistic),
            (by_object, Verification::Exhaustive),
            (by_caller, Verification::Exhaustive),
        ]);
        pending.retain(|(batch, _)| batch.len() > 0);
        while let Some((batch, verification)) = pending.pop_front() {
            let is_last = batch.len() == 1 && pending.is_empty();
            let max_runs = if is_last { usize::MAX } else { MAX_RUNS };
            match self.attempt(&batch, verification, max_runs).await {
                Ok(Some(decided)) => {
                    self.suspects.add_callers(&batch, &decided.with_used_keys);
                    reply(batch, decided);
                }
                Ok(None) if batch.len() == 1 => {
                    pending.push_back((batch, verification.max(Verification::Standard)));
                }
                Ok(None) => split(&mut pending, batch, verification.max(Verification::Standard)),
                Err(failure) if !may_be_due_to_one_request(&failure) => fail(batch, failure),
                Err(failure) if verification < Verification::Exhaustive => {
                    tracing::debug!(%failure, requests = batch.len(), "running a failed batch again");
                    pending.push_front((batch, Verification::Exhaustive));
                }
                Err(failure) if batch.len() == 1 => {
                    self.suspects.add_callers(&batch, &[0]);
                    self.suspects.add_objects(&batch);
                    fail(batch, failure);
                }
                Err(failure) => {
                    tracing::debug!(%failure, requests = batch.len(), "splitting a failed batch");
                    split(&mut pending, batch, verification);
                }
            }
        }
    }

    /// Runs the transaction of a batch and retries it after conflicts; `None` if `max_runs` runs had conflicts, or if it would read
    /// too much. A panic is a fault of this batch only.
    async fn attempt(
        &self,
        batch: &Batch,
        verification: Verification,
        max_runs: usize,
    ) -> Outcome<Option<Decided>> {
        let Some(scope) = batch.scope() else { return Ok(Some(Decided::default())) };
        let runs = AtomicUsize::new(0);
        let run = self.database.transact(&scope, |transaction| {
            let run = runs.fetch_add(1, Ordering::Relaxed);
            // A stale cache entry may have been the reason for the retry.
            let verification = if run == 0 { verification } else { verification.max(Verification::Standard) };
            async move {
                if run >= max_runs {
                    return Ok(None);
                }
                super::run(self, transaction, batch, verification).await
            }
            .boxed()
        });
        let decided = AssertUnwindSafe(run)
            .catch_unwind()
            .await
            .unwrap_or_else(|_| Err(Fault::internal("a registration batch panicked").into()));
        match decided {
            Ok(Some(mut decided)) => {
                self.cache.store(std::mem::take(&mut decided.occurrences).into_stored());
                Ok(Some(decided))
            }
            Ok(None) => Ok(None),
            Err(failure) => {
                for (_, target) in batch.requests() {
                    if let LaneKey::Occurrence(occurrence) = target.key {
                        self.cache.remove(occurrence);
                    }
                }
                Err(failure)
            }
        }
    }
}

/// Puts the halves of a batch before the other batches.
fn split(pending: &mut VecDeque<(Batch, Verification)>, mut batch: Batch, verification: Verification) {
    metrics::batch_split();
    let second = batch.split_off(batch.len().div_ceil(2));
    pending.push_front((second, verification));
    pending.push_front((batch, verification));
}

/// Tests whether a single request may be the reason for the failure of its batch.
fn may_be_due_to_one_request(failure: &Failure) -> bool {
    match failure {
        Failure::Refused(_) | Failure::Fault(Fault::Internal(_)) => true,
        Failure::Fault(Fault::Unavailable(_) | Fault::OutcomeUnknown(_) | Fault::Overloaded) => false,
    }
}

fn reply(batch: Batch, decided: Decided) {
    reply_all(batch.cancellations, decided.cancellations);
    reply_all(batch.registrations, decided.registrations);
}

fn reply_all<R: Operation>(requests: Vec<Queued<R>>, decisions: Decisions<R>) {
    for (queued, decision) in requests.into_iter().zip(decisions) {
        if let Some(decision) = decision {
            queued.reply(decision.map_err(Failure::from));
        }
    }
}

/// Answers every request with a failure of the whole batch.
fn fail(batch: Batch, failure: Failure) {
    let failures: Box<dyn Fn() -> Failure> = match failure {
        Failure::Refused(refusals) => Box::new(move || Failure::Refused(refusals.clone())),
        Failure::Fault(fault) => {
            let fault = Arc::new(fault);
            Box::new(move || shared(&fault).into())
        }
    };
    batch.cancellations.into_iter().for_each(|queued| queued.reply(Err(failures())));
    batch.registrations.into_iter().for_each(|queued| queued.reply(Err(failures())));
}
