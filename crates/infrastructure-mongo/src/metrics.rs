//! The metrics of registrations and transactions. The API crate describes them to whoever collects them.

use std::time::Duration;

use metrics::{counter, gauge, histogram};

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

fn as_u32(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
