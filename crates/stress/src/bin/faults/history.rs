//! The history of all requests and answers.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::Path,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::ensure;
use serde::Serialize;

/// A call to the API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "call")]
pub(crate) enum Call {
    Register {
        /// The index of the member.
        member: usize,
        /// The index of the occurrence.
        occurrence: usize,
        join_waitlist: bool,
    },
    Cancel {
        /// The index of the member.
        member: usize,
        registration: String,
    },
    Resize {
        /// The index of the occurrence.
        occurrence: usize,
        capacity: usize,
    },
    CancelOccurrence {
        /// The index of the occurrence.
        occurrence: usize,
    },
    RestoreOccurrence {
        /// The index of the occurrence.
        occurrence: usize,
    },
}

/// The outcome of an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub(crate) enum AttemptOutcome {
    Done {
        /// The id of the registration or of the occurrence.
        id: String,
        status: String,
    },
    /// A user error.
    Refused { code: String },
    /// A top-level error.
    Failed { code: String },
    /// The connection could not be opened or was closed.
    ConnectionBroken { reason: String },
    /// The caller disconnected without waiting for the answer.
    Disconnected,
    /// No answer arrived in time.
    TimedOut,
}

impl AttemptOutcome {
    /// Returns true if the answer states the result of the call.
    pub(crate) fn is_certain(&self) -> bool {
        matches!(self, Self::Done { .. } | Self::Refused { .. })
    }

    /// Returns true if the answer states that nothing was changed.
    pub(crate) fn changed_nothing(&self) -> bool {
        matches!(self, Self::Failed { code } if code == "UNAVAILABLE" || code == "OVERLOADED")
    }
}

/// One request of an operation.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Attempt {
    /// The index of the server.
    pub(crate) server: usize,
    /// The generation of the server's process.
    pub(crate) generation: u32,
    /// Microseconds since the start of the run.
    pub(crate) sent: u64,
    /// Microseconds since the start of the run.
    pub(crate) answered: u64,
    #[serde(flatten)]
    pub(crate) outcome: AttemptOutcome,
}

/// A call with all its attempts, which share one idempotency key.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) key: String,
    pub(crate) call: Call,
    pub(crate) attempts: Vec<Attempt>,
}

impl Operation {
    /// Returns true if every answer states that nothing was changed.
    pub(crate) fn changed_nothing(&self) -> bool {
        self.attempts.iter().all(|attempt| attempt.outcome.changed_nothing())
    }

    /// The outcome that the caller knows with certainty.
    ///
    /// A refusal is certain only if no earlier attempt can still be executed: an attempt without answer may reach a
    /// slow server later and take a seat that was not free when the retry was refused.
    pub(crate) fn certain(&self) -> Option<&AttemptOutcome> {
        let mut endings = self.attempts.iter().map(|attempt| &attempt.outcome);
        let done = endings.clone().find(|outcome| matches!(outcome, AttemptOutcome::Done { .. }));
        done.or_else(|| {
            let sure = endings.clone().all(|outcome| outcome.is_certain() || outcome.changed_nothing());
            endings.rfind(|outcome| sure && outcome.is_certain())
        })
    }
}

/// A line of the history file.
#[derive(Serialize)]
struct Line<'a> {
    key: &'a str,
    #[serde(flatten)]
    call: &'a Call,
    attempt: usize,
    #[serde(flatten)]
    ended: &'a Attempt,
}

/// A point in the history.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    /// Microseconds since the start of the run.
    pub(crate) time: u64,
    /// The number of ended attempts.
    pub(crate) attempts: usize,
}

pub(crate) struct History {
    begun: Instant,
    file: Mutex<BufWriter<File>>,
    operations: Mutex<Vec<Operation>>,
    attempts: Mutex<Vec<Attempt>>,
    violations: Mutex<Vec<String>>,
    keys: AtomicUsize,
    done: AtomicU64,
    reads: AtomicU64,
}

impl History {
    /// Creates an empty history that is written to this file.
    pub(crate) fn begin(file: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            begun: Instant::now(),
            file: Mutex::new(BufWriter::new(File::create(file)?)),
            operations: Mutex::default(),
            attempts: Mutex::default(),
            violations: Mutex::default(),
            keys: AtomicUsize::new(0),
            done: AtomicU64::new(0),
            reads: AtomicU64::new(0),
        })
    }

    /// Microseconds since the start of the run.
    pub(crate) fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// A new idempotency key.
    pub(crate) fn new_key(&self) -> String {
        format!("fault-{}", self.keys.fetch_add(1, Ordering::Relaxed))
    }

    /// Adds an attempt to its operation and writes it to the file.
    pub(crate) fn record(&self, operation: &mut Operation, attempt: Attempt) -> anyhow::Result<()> {
        let line = Line {
            key: &operation.key,
            call: &operation.call,
            attempt: operation.attempts.len() + 1,
            ended: &attempt,
        };
        let mut line = serde_json::to_vec(&line)?;
        line.push(b'\n');
        lock(&self.file).write_all(&line)?;
        if matches!(attempt.outcome, AttemptOutcome::Done { .. }) {
            self.done.fetch_add(1, Ordering::Relaxed);
        }
        lock(&self.attempts).push(attempt.clone());
        operation.attempts.push(attempt);
        Ok(())
    }

    /// Adds a finished operation.
    pub(crate) fn close(&self, operation: Operation) {
        lock(&self.operations).push(operation);
    }

    /// The number of finished operations.
    pub(crate) fn operations(&self) -> usize {
        lock(&self.operations).len()
    }

    /// All finished operations.
    pub(crate) fn all(&self) -> Vec<Operation> {
        lock(&self.operations).clone()
    }

    /// Records a violation.
    pub(crate) fn violation(&self, what: String) {
        lock(&self.violations).push(what);
    }

    pub(crate) fn violations(&self) -> Vec<String> {
        lock(&self.violations).clone()
    }

    pub(crate) fn flush(&self) -> anyhow::Result<()> {
        Ok(lock(&self.file).flush()?)
    }

    /// Counts a read after an acknowledged change.
    pub(crate) fn count_read(&self) {
        self.reads.fetch_add(1, Ordering::Relaxed);
    }

    /// The number of reads after acknowledged changes.
    pub(crate) fn reads(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }

    /// The current point in the history.
    pub(crate) fn mark(&self) -> Mark {
        Mark { time: self.now(), attempts: lock(&self.attempts).len() }
    }

    /// The attempts that ended between two points.
    pub(crate) fn between(&self, from: &Mark, to: &Mark) -> Vec<Attempt> {
        lock(&self.attempts)[from.attempts..to.attempts].to_vec()
    }

    /// The longest time without a successful call since a point.
    pub(crate) fn longest_outage(&self, since: &Mark) -> Duration {
        let done = self.between(since, &self.mark());
        let done = done.iter().filter(|attempt| matches!(attempt.outcome, AttemptOutcome::Done { .. }));
        let mut times: Vec<u64> = done.map(|attempt| attempt.answered).chain([since.time]).collect();
        times.sort_unstable();
        let longest = times.windows(2).map(|pair| pair[1] - pair[0]).max();
        Duration::from_micros(longest.unwrap_or_default())
    }

    /// Waits for this number of further successful calls.
    pub(crate) async fn wait_for_done(&self, count: u64, limit: Duration) -> anyhow::Result<()> {
        let wanted = self.done.load(Ordering::Relaxed) + count;
        let latest = Instant::now() + limit;
        while self.done.load(Ordering::Relaxed) < wanted {
            ensure!(Instant::now() < latest, "{count} calls were not done within {limit:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
