//! The metrics of database calls, registrations and transactions. The API crate describes them to collectors.

use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};

/// The metrics of the gate for one kind of work. The most frequent ones are looked up once.
pub(crate) struct GateMetrics {
    work: &'static str,
    in_flight: Gauge,
    waiting: Gauge,
    wait: Histogram,
}

impl GateMetrics {
    /// The limits that refuse calls.
    const LIMITS: [&'static str; 4] = ["process", "organization", "member", "deadline"];

    /// The metrics of this kind of work. Its counters of refused calls begin with zero: an alert on the increase of a counter
    /// does not see its first value.
    pub(crate) fn new(work: &'static str) -> Self {
        for limit in Self::LIMITS {
            refused(work, limit).absolute(0);
        }
        Self {
            work,
            in_flight: gauge!("convene_database_calls_in_flight", "work" => work),
            waiting: gauge!("convene_database_calls_waiting", "work" => work),
            wait: histogram!("convene_database_wait_seconds", "work" => work),
        }
    }

    /// Records the numbers of calls in flight and of waiting calls.
    pub(crate) fn set(&self, in_flight: usize, waiting: usize) {
        self.in_flight.set(as_u32(in_flight));
        self.waiting.set(as_u32(waiting));
    }

    /// Records the time that a call waited for its permit.
    pub(crate) fn waited(&self, time: Duration) {
        self.wait.record(time);
    }

    /// Counts a call that was refused because of this limit.
    pub(crate) fn refused(&self, limit: &'static str) {
        refused(self.work, limit).increment(1);
    }

    /// Counts a call that was abandoned while it waited.
    pub(crate) fn abandoned(&self) {
        counter!("convene_database_calls_abandoned_total", "work" => self.work).increment(1);
    }
}

fn refused(work: &'static str, limit: &'static str) -> Counter {
    counter!("convene_database_calls_refused_total", "work" => work, "limit" => limit)
}

/// Records the time of a command, with the time that the driver takes for its connection.
pub(crate) fn command(name: &'static str, time: Duration) {
    histogram!("convene_database_command_seconds", "command" => name).record(time);
}

/// Counts a call of the registration book: its operation, its result or the kind of its failure, and the code of that.
pub(crate) fn registration(operation: &'static str, outcome: &'static str, code: &'static str) {
    let labels = [("operation", operation), ("outcome", outcome), ("code", code)];
    counter!("convene_registrations_total", &labels).increment(1);
}

/// Counts a command that is run to its end although its caller does not wait any more.
pub(crate) fn command_outlived_caller() {
    counter!("convene_database_commands_outliving_caller_total").increment(1);
}

/// Starts the counter of sessions that are set aside with zero, for the reason given for [`GateMetrics::new`].
pub(crate) fn start_sessions() {
    sessions_set_aside().absolute(0);
}

/// Counts a session whose last command did not end in time, so that it is not used again for now.
pub(crate) fn session_set_aside() {
    sessions_set_aside().increment(1);
}

fn sessions_set_aside() -> Counter {
    counter!("convene_database_sessions_set_aside_total")
}

/// Records the number of requests that wait in the registration queue.
pub(crate) fn queue_depth(requests: usize) {
    gauge!("convene_registration_queue_depth").set(as_u32(requests));
}

/// Records the start of a batch: its size, and the time that each of its requests waited.
pub(crate) fn batch_started(waits: impl ExactSizeIterator<Item = Duration>) {
    histogram!("convene_registration_batch_size").record(as_u32(waits.len()));
    let seconds = histogram!("convene_registration_queue_wait_seconds");
    waits.for_each(|wait| seconds.record(wait));
}

/// Counts a batch that is split after repeated conflicts.
pub(crate) fn batch_split() {
    counter!("convene_registration_batches_split_total").increment(1);
}

/// Counts a transaction that is run again.
pub(crate) fn transaction_retried() {
    counter!("convene_transaction_retries_total").increment(1);
}

/// Counts waitlisted registrations that were confirmed by a committed transaction.
pub(crate) fn promoted(registrations: usize) {
    counter!("convene_registrations_promoted_total").increment(u64::from(as_u32(registrations)));
}

/// The result of looking an occurrence up in the cache.
#[derive(Debug, Clone, Copy)]
pub(crate) enum CacheResult {
    /// The cached occurrence had seats for all, so it was not read.
    Hit,
    /// The occurrence was not cached or had too few seats, so it was read.
    Miss,
    /// A transaction that used cached occurrences found one of them stale.
    Stale,
}

/// Counts look-ups in the occurrence cache.
pub(crate) fn occurrence_cache(result: CacheResult, count: usize) {
    let result = match result {
        CacheResult::Hit => "hit",
        CacheResult::Miss => "miss",
        CacheResult::Stale => "stale",
    };
    counter!("convene_occurrence_cache_total", "result" => result).increment(u64::from(as_u32(count)));
}

/// The way in which a read of a catalogue was answered.
#[derive(Debug, Clone, Copy)]
pub(crate) enum CatalogueRead {
    /// By the replica as it was.
    Hit,
    /// By the replica, after changes were applied.
    Updated,
    /// By the database.
    Fallback,
}

/// Counts a read of a catalogue.
pub(crate) fn catalogue_read(read: CatalogueRead) {
    let result = match read {
        CatalogueRead::Hit => "hit",
        CatalogueRead::Updated => "updated",
        CatalogueRead::Fallback => "fallback",
    };
    counter!("convene_catalogue_reads_total", "result" => result).increment(1);
}

/// Records the number of revisions by which a replica was behind when a request needed it.
pub(crate) fn catalogue_lag(revisions: i64) {
    histogram!("convene_catalogue_lag_revisions").record(u32::try_from(revisions).unwrap_or(u32::MAX));
}

/// Counts an attempt to load a catalogue.
pub(crate) fn catalogue_loaded(is_loaded: bool) {
    let result = if is_loaded { "loaded" } else { "failed" };
    counter!("convene_catalogue_loads_total", "result" => result).increment(1);
}

/// Records the size of all replicas.
#[expect(clippy::cast_precision_loss, reason = "the memory of a machine is far below 2^53 bytes")]
pub(crate) fn catalogue_bytes(bytes: u64) {
    gauge!("convene_catalogue_bytes").set(bytes as f64);
}

fn as_u32(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
