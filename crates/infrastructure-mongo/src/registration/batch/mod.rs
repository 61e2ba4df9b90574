//! One transaction for many requests.
//!
//! A batch is equivalent to this serial order: first all cancellations, then the promotions that they make possible,
//! then all registrations, each in order of arrival.

mod assign;
mod cancel;
mod derived;
mod execute;
mod held;
mod keys;
mod refused;
mod register;
mod room;
mod stored;
mod suspects;
mod suspended;

use std::collections::HashSet;

use convene_application::{
    change::Change,
    failure::Refusal,
    ports::{CancelRequest, RegisterRequest},
};
use convene_domain::occurrence::OccurrenceKey;

pub(super) use self::execute::Executor;
use self::{derived::Unloaded, keys::Keys, stored::Stored};
use super::{
    queue::{Batch, Operation, Queued, Ticket},
    seats::Occurrences,
};
use crate::{
    error::{Attempt, Interruption, StorageError},
    transaction::Transaction,
};

/// The result for one request.
type Decision<R> = Result<<R as Operation>::Reply, Refusal>;

/// The decisions on the requests of one kind, at their positions; `None` for a caller that has gone.
type Decisions<R> = Vec<Option<Decision<R>>>;

/// A request whose caller still waits, and its position among those of its kind.
#[derive(Clone, Copy)]
struct Numbered<'b, R> {
    number: usize,
    change: &'b Change,
    request: R,
    ticket: &'b Ticket,
}

type Cancellation<'b> = Numbered<'b, CancelRequest>;
/// A registration. Its request names the occurrence by the current id once that is known.
type Registering<'b> = Numbered<'b, RegisterRequest>;

impl<'b, R: Operation + Copy> Numbered<'b, R> {
    fn waiting(requests: &'b [Queued<R>]) -> Vec<Self> {
        let waiting = requests.iter().enumerate().filter(|(_, queued)| queued.ticket.reopen());
        waiting
            .map(|(number, Queued { change, request, ticket, .. })| Self {
                number,
                change,
                request: *request,
                ticket,
            })
            .collect()
    }
}

/// The requests of a batch whose callers still wait.
struct WaitingRequests<'b> {
    cancellations: Vec<Cancellation<'b>>,
    registrations: Vec<Registering<'b>>,
}

impl<'b> WaitingRequests<'b> {
    fn changes(&self) -> impl Iterator<Item = &'b Change> {
        let cancellations = self.cancellations.iter().map(|cancellation| cancellation.change);
        cancellations.chain(self.registrations.iter().map(|registering| registering.change))
    }

    /// Announces the commit to all callers. Returns `false` if one of them has gone.
    fn close(&self) -> bool {
        self.cancellations.iter().all(|cancellation| cancellation.ticket.close())
            && self.registrations.iter().all(|registering| registering.ticket.close())
    }
}

/// The state of a batch in one run of its transaction.
struct BatchState {
    occurrences: Occurrences,
    /// The occurrences that cannot be materialized, because their events have too many stored ones.
    without_room: HashSet<OccurrenceKey>,
    keys: Keys,
    cancellations: Decisions<CancelRequest>,
    registrations: Decisions<RegisterRequest>,
    with_used_keys: Vec<usize>,
}

impl BatchState {
    fn decide_cancellation(&mut self, number: usize, decision: Decision<CancelRequest>) {
        if let Some(place) = self.cancellations.get_mut(number) {
            *place = Some(decision);
        }
    }

    fn decide_registration(&mut self, number: usize, decision: Decision<RegisterRequest>) {
        if let Some(place) = self.registrations.get_mut(number) {
            *place = Some(decision);
        }
    }
}

/// The extent of the reads before anything is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Verification {
    /// Trusts the cache; the transaction is retried if the write shows that it was stale.
    Optimistic,
    /// Reads all occurrences. Unique indexes find duplicates and used keys, which make the transaction fail.
    Standard,
    /// Reads everything, for a request that may have made its batch fail.
    Exhaustive,
}

/// The result of a batch, if its transaction commits.
#[derive(Default)]
struct Decided {
    cancellations: Decisions<CancelRequest>,
    registrations: Decisions<RegisterRequest>,
    occurrences: Occurrences,
    /// The positions, in the order of execution, of the requests that were decided by their idempotency keys alone.
    with_used_keys: Vec<usize>,
}

/// Decides every request whose caller still waits; `None` if the batch must be split, because one transaction would read too much.
async fn run(
    executor: &Executor,
    transaction: &mut Transaction<'_>,
    batch: &Batch,
    verification: Verification,
) -> Attempt<Option<Decided>> {
    let waiting = WaitingRequests {
        cancellations: Numbered::waiting(&batch.cancellations),
        registrations: Numbered::waiting(&batch.registrations),
    };
    let mut state = BatchState {
        occurrences: Occurrences::default(),
        without_room: HashSet::new(),
        keys: Keys::default(),
        cancellations: batch.cancellations.iter().map(|_| None).collect(),
        registrations: batch.registrations.iter().map(|_| None).collect(),
        with_used_keys: Vec::new(),
    };
    let is_empty = waiting.cancellations.is_empty() && waiting.registrations.is_empty();
    if !is_empty && !suspended::refuse(&mut state, transaction, batch, &waiting).await? {
        let stored = Stored::load(transaction, &waiting, &executor.cache, verification).await?;
        let Stored { to_cancel, occurrences, .. } = &stored;
        if cancel::are_too_many(transaction, &waiting.cancellations, to_cancel, occurrences).await? {
            return Ok(None);
        }
        decide(&mut state, stored, transaction, &waiting, verification).await?;
    }
    // From here on the commit may have been sent.
    if waiting.close() {
        let BatchState { cancellations, registrations, occurrences, with_used_keys, .. } = state;
        Ok(Some(Decided { cancellations, registrations, occurrences, with_used_keys }))
    } else {
        Err(Interruption::Retry(StorageError::Outdated("the callers of a batch")))
    }
}

/// Decides the requests and writes the results.
async fn decide(
    state: &mut BatchState,
    stored: Stored,
    transaction: &mut Transaction<'_>,
    waiting: &WaitingRequests<'_>,
    verification: Verification,
) -> Attempt<()> {
    let Stored { to_cancel, occurrences, found: Unloaded { current_ids, without_room } } = stored;
    state.occurrences = occurrences;
    state.without_room = without_room;
    if verification == Verification::Exhaustive {
        state.keys.load(transaction, waiting.changes()).await?;
    }
    let mut cancellations = Vec::with_capacity(waiting.cancellations.len());
    for &cancellation in &waiting.cancellations {
        match state.keys.cancellation(transaction, cancellation.change)? {
            Some(decision) => {
                state.with_used_keys.push(cancellation.number);
                state.decide_cancellation(cancellation.number, decision);
            }
            None => cancellations.push(cancellation),
        }
    }
    let mut registrations = Vec::with_capacity(waiting.registrations.len());
    for mut registering in waiting.registrations.iter().copied() {
        match state.keys.registration(transaction, registering.change)? {
            Some(decision) => {
                state.with_used_keys.push(state.cancellations.len() + registering.number);
                state.decide_registration(registering.number, decision);
            }
            None => {
                let occurrence = &mut registering.request.occurrence;
                *occurrence = current_ids.get(occurrence).copied().unwrap_or(*occurrence);
                registrations.push(registering);
            }
        }
    }
    cancel::run(state, transaction, &cancellations, to_cancel).await?;
    register::run(state, transaction, &registrations, verification).await?;

    state.occurrences.write(transaction).await?;
    derived::conflict_with_edits(transaction, &state.occurrences).await?;
    state.keys.write(transaction).await
}
