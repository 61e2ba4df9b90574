//! The table of metrics.

/// A metric.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    pub name: &'static str,
    pub(super) kind: Kind,
    /// The meaning, in a few words.
    pub help: &'static str,
}

/// The type of a metric.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Counter,
    Gauge,
    /// A histogram with these bounds. Without bounds, it would be rendered as a summary.
    Histogram(&'static [f64]),
}

/// The bounds of times of requests, in seconds: from a cached read to the deadline of a request.
const REQUEST_BOUNDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// The bounds of the longest polls, in seconds: from the step of a paced computation to the time after which the process
/// counts as stuck.
const POLL_BOUNDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 1.0, 30.0];

/// The bounds of waits and of database commands, in seconds: from an idle queue to the deadline of a registration.
const WAIT_BOUNDS: &[f64] = &[0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0];

/// The bounds of batch sizes, up to the largest batch of the default settings.
const BATCH_BOUNDS: &[f64] = &[1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0];

/// The bounds of revisions: from one change to more than a process that was cut off for a minute misses.
const REVISION_BOUNDS: &[f64] = &[1.0, 2.0, 5.0, 10.0, 100.0, 1_000.0];

const fn counter(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: Kind::Counter, help }
}

const fn gauge(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: Kind::Gauge, help }
}

const fn histogram(name: &'static str, bounds: &'static [f64], help: &'static str) -> Metric {
    Metric { name, kind: Kind::Histogram(bounds), help }
}

pub(super) const BUILD: &str = "convene_build_info";
pub(super) const READY: &str = "convene_ready";
pub(super) const REQUESTS: &str = "convene_http_requests_total";
pub(super) const REQUEST_SECONDS: &str = "convene_http_request_duration_seconds";
pub(super) const IN_FLIGHT: &str = "convene_requests_in_flight";
pub(super) const LONGEST_POLL: &str = "convene_request_longest_poll_seconds";
pub(super) const OPERATIONS: &str = "convene_operations_total";
pub(super) const OPERATION_SECONDS: &str = "convene_operation_duration_seconds";
pub(super) const RATE_LIMITED: &str = "convene_rate_limited_total";
pub(super) const SECURITY_EVENTS: &str = "convene_security_events_total";
pub(super) const CONNECTION_ERRORS: &str = "convene_http_connection_errors_total";
pub(super) const LOST_LINES: &str = "convene_log_lines_lost_total";
pub(super) const SPANS: &str = "convene_trace_spans_total";
pub(super) const KEY_REFRESHES: &str = "convene_identity_key_refreshes_total";
pub(super) const KEYS_TIME: &str = "convene_identity_keys_timestamp_seconds";
pub(super) const PROCESS_CPU: &str = "process_cpu_seconds_total";
pub(super) const PROCESS_MEMORY: &str = "process_resident_memory_bytes";
pub(super) const PROCESS_OPEN_FILES: &str = "process_open_fds";
pub(super) const PROCESS_MAX_FILES: &str = "process_max_fds";
pub(super) const PROCESS_THREADS: &str = "process_threads";
pub(super) const PROCESS_START: &str = "process_start_time_seconds";

/// All metrics of the server. The storage adapters record those of the database, of catalogues and of registrations.
pub const METRICS: &[Metric] = &[
    gauge(BUILD, "1, with the versions of the program and of its time-zone database"),
    gauge(READY, "1 if the process can serve requests, like /readyz, and otherwise 0"),
    // The system counts, so the value is set like that of a gauge.
    gauge(PROCESS_CPU, "Processor time in seconds"),
    gauge(PROCESS_MEMORY, "Resident memory in bytes"),
    gauge(PROCESS_OPEN_FILES, "Open files and connections"),
    gauge(PROCESS_MAX_FILES, "Limit of open files and connections"),
    gauge(PROCESS_THREADS, "Threads"),
    gauge(PROCESS_START, "Start of the process in seconds since 1970"),
    counter(REQUESTS, "HTTP requests by route, method and class of status"),
    histogram(REQUEST_SECONDS, REQUEST_BOUNDS, "Time to answer, by route"),
    gauge(IN_FLIGHT, "Requests of callers in flight"),
    histogram(LONGEST_POLL, POLL_BOUNDS, "Longest time for which a request kept its thread, by route"),
    counter(OPERATIONS, "Operations by type, outcome and code of the error"),
    histogram(OPERATION_SECONDS, REQUEST_BOUNDS, "Time to answer, by operation of the schema"),
    counter(RATE_LIMITED, "Requests beyond a rate limit, by limit"),
    counter(SECURITY_EVENTS, "Requests refused for a reason of security, by kind"),
    counter(CONNECTION_ERRORS, "Connections that broke or whose bytes are not HTTP"),
    counter(LOST_LINES, "Log lines that were lost because nobody read the standard error"),
    counter(SPANS, "Spans that were sent to the collector of traces, by result"),
    counter(KEY_REFRESHES, "Attempts to fetch keys, by identity provider and outcome"),
    gauge(KEYS_TIME, "Time of the last fetch of the keys of an identity provider, since 1970; 0 if never"),
    gauge("convene_database_connections", "Connections to the database, by state"),
    histogram(
        "convene_database_connection_wait_seconds",
        WAIT_BOUNDS,
        "Time until a connection was available",
    ),
    counter("convene_database_connection_failures_total", "Connections that were not available, by reason"),
    histogram("convene_database_command_seconds", WAIT_BOUNDS, "Time of database commands, by command"),
    gauge("convene_database_calls_in_flight", "Calls to the database that hold a permit, by kind of work"),
    gauge("convene_database_calls_waiting", "Calls to the database that wait for a permit"),
    histogram("convene_database_wait_seconds", WAIT_BOUNDS, "Time of a call until its permit"),
    counter("convene_database_calls_refused_total", "Calls to the database that were refused, by limit"),
    counter("convene_database_calls_abandoned_total", "Waiting calls whose caller went away"),
    counter(
        "convene_database_commands_outliving_caller_total",
        "Database commands that ended after their caller",
    ),
    counter(
        "convene_database_sessions_set_aside_total",
        "Sessions not used for now, without an answer in time",
    ),
    gauge("convene_registration_queue_depth", "Requests that wait in the registration queue"),
    histogram(
        "convene_registration_queue_wait_seconds",
        WAIT_BOUNDS,
        "Time of a request in the registration queue",
    ),
    histogram("convene_registration_batch_size", BATCH_BOUNDS, "Requests in a registration batch"),
    counter(
        "convene_registration_batches_split_total",
        "Registration batches split after repeated conflicts",
    ),
    counter("convene_registrations_total", "Calls of the registration queue by operation, outcome and code"),
    counter("convene_registrations_promoted_total", "Waitlisted registrations that were confirmed"),
    counter("convene_transaction_retries_total", "Transactions run again after a conflict or a failure"),
    counter("convene_occurrence_cache_total", "Look-ups in the occurrence cache, by result"),
    gauge("convene_catalogue_bytes", "Bytes of the catalogues in memory"),
    counter("convene_catalogue_loads_total", "Catalogues that were loaded into memory, by result"),
    counter("convene_catalogue_reads_total", "Reads of catalogues, by result"),
    histogram("convene_catalogue_lag_revisions", REVISION_BOUNDS, "Revisions by which a replica was behind"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The sources of the storage adapter that record metrics.
    const SOURCES: [&str; 2] = [
        include_str!("../../../infrastructure-mongo/src/metrics.rs"),
        include_str!("../../../infrastructure-mongo/src/pool.rs"),
    ];

    /// The metrics that these sources record as this type.
    fn recorded_as(kind: &'static str) -> Vec<(&'static str, &'static str)> {
        let call = format!("{kind}!(\"");
        let calls = SOURCES.into_iter().flat_map(|source| source.split(call.as_str()).skip(1));
        calls.map(|rest| (kind, rest.split('"').next().unwrap_or_default())).collect()
    }

    #[test]
    fn metrics_of_the_storage_adapter_are_described_with_their_type() {
        let described = METRICS.iter().map(|metric| match metric.kind {
            Kind::Counter => ("counter", metric.name),
            Kind::Gauge => ("gauge", metric.name),
            Kind::Histogram(_) => ("histogram", metric.name),
        });
        let described: BTreeSet<_> = described.collect();
        for kind in ["counter", "gauge", "histogram"] {
            let recorded = recorded_as(kind);
            assert!(!recorded.is_empty(), "no {kind} was found");
            for metric in recorded {
                assert!(described.contains(&metric), "{metric:?} is not in METRICS");
            }
        }
    }
}
