//! The record of a request: what its log line, its metrics and its spans say about it.
//!
//! The parts of the server that learn something about a request note it in the record of the current task.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use convene_application::database_use::DatabaseUse;
use convene_domain::id::MemberId;
use opentelemetry::trace::TraceId;
use tokio::task_local;

use crate::{
    allowance::Allowance,
    errors::{ErrorKind, Outcome},
    request_id::RequestId,
};

/// The number of faults of one request that are logged. Each of its fields may fail.
const MAX_FAULTS: usize = 5;

task_local! {
    static OF_REQUEST: RequestRecord;
}

/// The record of one request. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct RequestRecord(Arc<Record>);

#[derive(Debug)]
struct Record {
    id: RequestId,
    trace: Option<TraceId>,
    longest_poll_us: AtomicU64,
    database: DatabaseUse,
    cost: OnceLock<u64>,
    caller: OnceLock<CallerRecord>,
    operation: OnceLock<OperationRecord>,
    rejection: OnceLock<&'static str>,
    allowance: Mutex<Option<Allowance>>,
    /// The error with the gravest outcome, and the outcome.
    error: Mutex<Option<(Outcome, ErrorKind)>>,
    /// The texts of the faults that were logged.
    faults: Mutex<Vec<String>>,
    /// The line of the request was written.
    is_over: AtomicBool,
}

/// The sender of a request.
#[derive(Debug)]
pub(crate) struct CallerRecord {
    pub(crate) organization: Option<String>,
    pub(crate) member: Option<MemberId>,
}

/// The operation that a request asks for.
#[derive(Clone, Debug)]
pub(crate) struct OperationRecord {
    /// The type: `query` or `mutation`.
    pub(crate) kind: &'static str,
    /// The field of the schema, or the operation of the REST interface. `None` if the document does not match the schema.
    pub(crate) field: Option<Arc<str>>,
    /// The name that the client gave the operation, shortened.
    pub(crate) name: Option<Arc<str>>,
}

impl RequestRecord {
    /// The record of a request with this id, which belongs to this trace.
    pub(crate) fn new(id: RequestId, trace: Option<TraceId>) -> Self {
        Self(Arc::new(Record {
            id,
            trace,
            longest_poll_us: AtomicU64::new(0),
            database: DatabaseUse::default(),
            cost: OnceLock::new(),
            caller: OnceLock::new(),
            operation: OnceLock::new(),
            rejection: OnceLock::new(),
            allowance: Mutex::new(None),
            error: Mutex::new(None),
            faults: Mutex::new(Vec::new()),
            is_over: AtomicBool::new(false),
        }))
    }

    /// Passes the record of the current task to the function, if the task works for a request.
    pub(crate) fn with_current<T>(function: impl FnOnce(&Self) -> T) -> Option<T> {
        OF_REQUEST.try_with(function).ok()
    }

    /// Notes the first value of the operation.
    pub(crate) fn note_operation(operation: OperationRecord) {
        Self::with_current(|record| record.0.operation.set(operation).ok());
    }

    /// Notes an error of the response. The one with the gravest outcome is kept.
    pub(crate) fn note_error(error: ErrorKind) {
        Self::note(error.outcome(), error);
    }

    /// Notes the refusal of a field below the payload of a mutation, which was executed nevertheless.
    pub(crate) fn note_refused_below_payload(error: ErrorKind) {
        Self::note(Outcome::Done, error);
    }

    fn note(outcome: Outcome, error: ErrorKind) {
        Self::with_current(|record| {
            let mut noted = record.0.error.lock().unwrap_or_else(PoisonError::into_inner);
            if noted.is_none_or(|(noted, _)| noted < outcome) {
                *noted = Some((outcome, error));
            }
        });
    }

    /// Notes what is left of a rate limit after the request. The smallest allowance is kept.
    pub(crate) fn note_allowance(allowance: Allowance) {
        Self::with_current(|record| {
            let mut noted = record.0.allowance.lock().unwrap_or_else(PoisonError::into_inner);
            if noted.is_none_or(|noted| allowance.remaining <= noted.remaining) {
                *noted = Some(allowance);
            }
        });
    }

    /// Forgets the allowance that was noted.
    pub(crate) fn forget_allowance() {
        Self::with_current(|record| {
            *record.0.allowance.lock().unwrap_or_else(PoisonError::into_inner) = None;
        });
    }

    /// Notes the text of a fault. Returns false if the request has a line about it, or about [`MAX_FAULTS`] others.
    pub(crate) fn is_new_fault(&self, text: &str) -> bool {
        let mut noted = self.0.faults.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = noted.len() < MAX_FAULTS && noted.iter().all(|noted| noted != text);
        if is_new {
            noted.push(text.to_owned());
        }
        is_new
    }

    /// The line of the request is written. What is noted from now on is about a mutation that still runs; if there was a response,
    /// its error says only that the outcome is not known.
    pub(super) fn end(&self, has_response: bool) {
        if has_response {
            *self.0.error.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
        self.0.is_over.store(true, Ordering::Release);
    }

    /// Returns true once the line of the request is written.
    pub(crate) fn is_over(&self) -> bool {
        self.0.is_over.load(Ordering::Acquire)
    }

    pub(crate) fn note_cost(cost: u64) {
        Self::with_current(|record| record.0.cost.set(cost).ok());
    }

    /// Notes the reason why the credentials are rejected.
    pub(crate) fn note_rejection(reason: &'static str) {
        Self::with_current(|record| record.0.rejection.set(reason).ok());
    }

    pub(crate) fn note_caller(organization: Option<&String>, member: Option<MemberId>) {
        Self::with_current(|record| {
            record.0.caller.set(CallerRecord { organization: organization.cloned(), member }).ok()
        });
    }

    pub(crate) fn id(&self) -> &RequestId {
        &self.0.id
    }

    /// The trace that the request belongs to.
    pub(crate) fn trace(&self) -> Option<TraceId> {
        self.0.trace
    }

    pub(crate) fn allowance(&self) -> Option<Allowance> {
        *self.0.allowance.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The error with the gravest outcome, and the outcome.
    pub(crate) fn error(&self) -> Option<(Outcome, ErrorKind)> {
        *self.0.error.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn operation(&self) -> Option<&OperationRecord> {
        self.0.operation.get()
    }

    pub(crate) fn caller(&self) -> Option<&CallerRecord> {
        self.0.caller.get()
    }

    pub(crate) fn rejection(&self) -> Option<&'static str> {
        self.0.rejection.get().copied()
    }

    pub(crate) fn cost(&self) -> Option<u64> {
        self.0.cost.get().copied()
    }

    pub(crate) fn database(&self) -> &DatabaseUse {
        &self.0.database
    }

    /// The longest time between two awaits of the tasks that work for the request, in microseconds.
    pub(crate) fn longest_poll_us(&self) -> u64 {
        self.0.longest_poll_us.load(Ordering::Relaxed)
    }

    /// Runs a future for the request: what it learns is noted in this record, and its database commands count.
    pub(crate) async fn enter<F: Future>(&self, future: F) -> F::Output {
        OF_REQUEST.scope(self.clone(), self.0.database.measure(future)).await
    }

    /// Runs a function for the request.
    pub(crate) fn enter_sync<T>(self, function: impl FnOnce() -> T) -> T {
        OF_REQUEST.sync_scope(self, function)
    }

    /// Measures the longest poll of a future.
    pub(crate) async fn time_polls<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|context| {
            let started = Instant::now();
            let polled = future.as_mut().poll(context);
            self.note_poll(started.elapsed());
            polled
        })
        .await
    }

    fn note_poll(&self, time: Duration) {
        let time = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.0.longest_poll_us.fetch_max(time, Ordering::Relaxed);
    }
}

/// Counts a future that becomes a task of its own to the request of the current task.
pub(crate) fn of_request<F: Future>(future: F) -> impl Future<Output = F::Output> {
    let record = RequestRecord::with_current(RequestRecord::clone);
    async move {
        match record {
            Some(record) => record.enter(record.time_polls(future)).await,
            None => future.await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{hint::spin_loop, thread};

    use actix_web::test::TestRequest;
    use convene_application::failure::{FaultKind, RefusalCode};

    use super::*;

    const LONG: Duration = Duration::from_millis(20);

    fn record() -> RequestRecord {
        let request = TestRequest::default().to_http_request();
        RequestRecord::new(RequestId::current(&request), None)
    }

    fn work(time: Duration) {
        let started = Instant::now();
        while started.elapsed() < time {
            spin_loop();
        }
    }

    #[tokio::test]
    async fn the_longest_time_between_two_awaits_counts() {
        let record = record();
        let waiting = async {
            work(LONG);
            tokio::time::sleep(10 * LONG).await;
            work(LONG / 4);
        };
        record.time_polls(waiting).await;
        let micros = u128::from(record.longest_poll_us());
        assert!(micros >= LONG.as_micros() && micros < (10 * LONG).as_micros(), "{micros}");
    }

    #[test]
    fn tasks_that_a_request_starts_count() {
        let record = record();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let task = async {
            work(LONG);
            DatabaseUse::record(LONG);
        };
        runtime.block_on(record.enter(async { tokio::spawn(of_request(task)).await.unwrap() }));
        assert!(u128::from(record.longest_poll_us()) >= LONG.as_micros());
        assert_eq!((record.database().commands(), record.database().time()), (1, LONG));
        // Outside a request, there is nothing to count to.
        thread::scope(|scope| scope.spawn(|| runtime.block_on(of_request(async {}))).join().unwrap());
    }

    #[tokio::test]
    async fn the_gravest_error_of_a_request_is_kept() {
        let record = record();
        let errors = async {
            let invalid = ErrorKind::from(RefusalCode::InvalidInput);
            let errors = [invalid, FaultKind::Unavailable.into(), RefusalCode::Forbidden.into(), invalid];
            errors.into_iter().for_each(RequestRecord::note_error);
        };
        let expected = Some((Outcome::Failed, FaultKind::Unavailable.into()));
        record.enter(errors).await;
        assert_eq!(record.error(), expected);
        RequestRecord::note_error(FaultKind::Internal.into());
        assert_eq!(record.error(), expected);
    }
}
