//! What was asked and what was answered, and when.

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

/// What a caller wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "call")]
pub(crate) enum Call {
    /// A seat, or a place in the queue.
    Register {
        /// The member's number.
        member: usize,
        /// The occurrence's number.
        occurrence: usize,
        /// Whether to queue where it is full.
        join_waitlist: bool,
    },
    /// To give one back.
    Cancel {
        /// The member's number.
        member: usize,
        /// The registration's id.
        registration: String,
    },
    /// Another number of seats.
    Resize {
        /// The occurrence's number.
        occurrence: usize,
        /// How many seats there shall be.
        capacity: usize,
    },
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub(crate) enum Ending {
    /// It was done.
    Done {
        /// What it is about: the registration's id, or the occurrence's.
        id: String,
        /// The registration's status.
        status: String,
    },
    /// The rules say no.
    Refused {
        /// The code of the reason.
        code: String,
    },
    /// The machinery failed, and said so.
    Failed {
        /// The code.
        code: String,
    },
    /// The connection broke, or there was none.
    Broken {
        /// What the system says.
        reason: String,
    },
    /// The caller hung up without waiting for the answer.
    HungUp,
    /// There was no answer when there had to be one.
    Silent,
}

impl Ending {
    /// Whether it is an answer to what was asked.
    pub(crate) fn is_certain(&self) -> bool {
        matches!(self, Self::Done { .. } | Self::Refused { .. })
    }

    /// Whether it says that nothing was changed.
    pub(crate) fn is_harmless(&self) -> bool {
        matches!(self, Self::Failed { code } if code == "UNAVAILABLE" || code == "OVERLOADED")
    }
}

/// One request.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Attempt {
    /// To which server.
    pub(crate) server: usize,
    /// To which of its processes.
    pub(crate) generation: u32,
    /// When it was sent, in microseconds of the run.
    pub(crate) sent: u64,
    /// When it ended.
    pub(crate) answered: u64,
    /// How it ended.
    #[serde(flatten)]
    pub(crate) ending: Ending,
}

/// A call with all its attempts, under one key.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) key: String,
    pub(crate) call: Call,
    pub(crate) attempts: Vec<Attempt>,
}

impl Operation {
    /// What the caller knows for sure: what was done, or that it was refused.
    ///
    /// A refusal is only sure if no earlier attempt can still be on its way: one that was cut off may reach a server
    /// that has been slow, and take a seat that was not free when the repeat was refused.
    pub(crate) fn certain(&self) -> Option<&Ending> {
        let mut endings = self.attempts.iter().map(|attempt| &attempt.ending);
        let done = endings.clone().find(|ending| matches!(ending, Ending::Done { .. }));
        done.or_else(|| {
            let sure = endings.clone().all(|ending| ending.is_certain() || ending.is_harmless());
            endings.rfind(|ending| sure && ending.is_certain())
        })
    }
}

/// A line of the written history.
#[derive(Serialize)]
struct Line<'a> {
    key: &'a str,
    #[serde(flatten)]
    call: &'a Call,
    attempt: usize,
    #[serde(flatten)]
    ended: &'a Attempt,
}

/// A moment of the history.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    /// In microseconds of the run.
    pub(crate) time: u64,
    /// How many attempts had ended.
    pub(crate) attempts: usize,
}

/// Everything.
pub(crate) struct History {
    begun: Instant,
    file: Mutex<BufWriter<File>>,
    operations: Mutex<Vec<Operation>>,
    attempts: Mutex<Vec<Attempt>>,
    violations: Mutex<Vec<String>>,
    keys: AtomicUsize,
    done: AtomicU64,
}

impl History {
    /// An empty one, written to this file.
    pub(crate) fn begin(file: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            begun: Instant::now(),
            file: Mutex::new(BufWriter::new(File::create(file)?)),
            operations: Mutex::default(),
            attempts: Mutex::default(),
            violations: Mutex::default(),
            keys: AtomicUsize::new(0),
            done: AtomicU64::new(0),
        })
    }

    /// Microseconds since the run began.
    pub(crate) fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// A key that was never used.
    pub(crate) fn fresh_key(&self) -> String {
        format!("fault-{}", self.keys.fetch_add(1, Ordering::Relaxed))
    }

    /// Adds an attempt to its operation, and writes it down.
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
        if matches!(attempt.ending, Ending::Done { .. }) {
            self.done.fetch_add(1, Ordering::Relaxed);
        }
        lock(&self.attempts).push(attempt.clone());
        operation.attempts.push(attempt);
        Ok(())
    }

    /// Adds an operation that nobody pursues any more.
    pub(crate) fn close(&self, operation: Operation) {
        lock(&self.operations).push(operation);
    }

    /// How many operations are over.
    pub(crate) fn operations(&self) -> usize {
        lock(&self.operations).len()
    }

    /// All operations that are over.
    pub(crate) fn all(&self) -> Vec<Operation> {
        lock(&self.operations).clone()
    }

    /// Notes that something is not as it has to be.
    pub(crate) fn violation(&self, what: String) {
        lock(&self.violations).push(what);
    }

    /// What is not as it has to be.
    pub(crate) fn violations(&self) -> Vec<String> {
        lock(&self.violations).clone()
    }

    /// Writes out what is still in memory.
    pub(crate) fn flush(&self) -> anyhow::Result<()> {
        Ok(lock(&self.file).flush()?)
    }

    /// This moment.
    pub(crate) fn mark(&self) -> Mark {
        Mark { time: self.now(), attempts: lock(&self.attempts).len() }
    }

    /// The attempts that ended between two moments.
    pub(crate) fn between(&self, from: &Mark, to: &Mark) -> Vec<Attempt> {
        lock(&self.attempts)[from.attempts..to.attempts].to_vec()
    }

    /// The longest time since a moment in which nothing was done for anybody.
    pub(crate) fn longest_silence(&self, since: &Mark) -> Duration {
        let done = self.between(since, &self.mark());
        let done = done.iter().filter(|attempt| matches!(attempt.ending, Ending::Done { .. }));
        let mut times: Vec<u64> = done.map(|attempt| attempt.answered).chain([since.time]).collect();
        times.sort_unstable();
        let longest = times.windows(2).map(|pair| pair[1] - pair[0]).max();
        Duration::from_micros(longest.unwrap_or_default())
    }

    /// Waits until so many more calls were done.
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
