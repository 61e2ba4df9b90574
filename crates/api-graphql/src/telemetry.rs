//! Logs and metrics.
//!
//! Logs are lines of JSON in production and readable lines in development. A caller cannot forge lines: text
//! from outside is either escaped (JSON) or restricted to safe characters (request ids, operation names, routes).
//! Arguments, documents and variables are never logged.

use std::{error::Error, io::IsTerminal, time::Duration};

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::{
    Layer,
    filter::{FilterExt, LevelFilter, ParseError, Targets, filter_fn},
    fmt::{self, MakeWriter},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use convene_application::caller::Caller;

use crate::{
    log_filter::{CONNECTION_ERRORS, ConnectionErrors, is_connection_error, is_permitted},
    request_id::RequestId,
};

/// The bounds of the latency histograms, in seconds: from a cached read to the deadline of a request.
const LATENCY_BUCKETS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// The bounds of the histogram of the longest polls, in seconds: from the step of a paced computation to the time after
/// which the process counts as stuck.
const POLL_BUCKETS: [f64; 8] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 1.0, 30.0];

/// The bounds of the histogram of queue waits, in seconds: from an idle queue to the deadline of a registration.
const WAIT_BUCKETS: [f64; 10] = [0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0];

/// The bounds of the histogram of batch sizes, up to the largest batch of the default settings.
const BATCH_SIZE_BUCKETS: [f64; 9] = [1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0];

const REQUESTS: &str = "convene_http_requests_total";
const REQUEST_SECONDS: &str = "convene_http_request_duration_seconds";
const LONGEST_POLL: &str = "convene_request_longest_poll_seconds";
const OPERATIONS: &str = "convene_graphql_operations_total";
const SECURITY_EVENTS: &str = "convene_security_events_total";

// The storage adapters record these.
const CALLS_IN_FLIGHT: &str = "convene_database_calls_in_flight";
const CALLS_WAITING: &str = "convene_database_calls_waiting";
const CALL_WAIT: &str = "convene_database_wait_seconds";
const CALLS_REFUSED: &str = "convene_database_calls_refused_total";
const CALLS_ABANDONED: &str = "convene_database_calls_abandoned_total";
const COMMANDS_OUTLIVING: &str = "convene_database_commands_outliving_caller_total";
const SESSIONS_SET_ASIDE: &str = "convene_database_sessions_set_aside_total";
const QUEUE_DEPTH: &str = "convene_registration_queue_depth";
const QUEUE_WAIT: &str = "convene_registration_queue_wait_seconds";
const BATCH_SIZE: &str = "convene_registration_batch_size";
const BATCHES_SPLIT: &str = "convene_registration_batches_split_total";
const TRANSACTION_RETRIES: &str = "convene_transaction_retries_total";
const CATALOGUE_BYTES: &str = "convene_catalogue_bytes";
const CATALOGUE_LOADS: &str = "convene_catalogue_loads_total";
const CATALOGUE_READS: &str = "convene_catalogue_reads_total";
const OCCURRENCE_CACHE: &str = "convene_occurrence_cache_total";
const PROMOTIONS: &str = "convene_registrations_promoted_total";

/// The format of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line, for machines.
    Json,
    /// Text for people.
    Readable,
}

/// The reasons why logging or metrics cannot start.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter is not a list of levels and `target=level`.
    #[error("CONVENE_LOG is not a log filter such as `info` or `convene=debug,warn`")]
    Filter(#[source] ParseError),
    #[error("logging is already set up")]
    AlreadySet(#[source] tracing_subscriber::util::TryInitError),
    #[error("metrics cannot be collected")]
    Metrics(#[source] BuildError),
}

/// Starts logging for this process, to `writer`. From then on panics are logged
/// as well, instead of being printed between the lines.
///
/// # Errors
///
/// An invalid filter, or a second call.
pub fn start_logging<W>(format: LogFormat, filter: &str, writer: W) -> Result<(), TelemetryError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter: Targets = filter.parse().map_err(TelemetryError::Filter)?;
    // Without a hint, every event of every crate would be examined.
    let most = filter.iter().map(|(_, level)| level).chain(filter.default_level()).max();
    let permitted = filter_fn(is_permitted).with_max_level_hint(most.unwrap_or(LevelFilter::OFF));
    let filter = filter.and(permitted);
    let counted = filter_fn(is_connection_error).with_max_level_hint(LevelFilter::ERROR);
    let registry = tracing_subscriber::registry().with(ConnectionErrors.with_filter(counted));
    // Colours are for people at a terminal, not for files and pipes.
    let is_terminal = std::io::stderr().is_terminal();
    let lines = fmt::layer().with_writer(writer).with_target(true).with_ansi(is_terminal);
    match format {
        LogFormat::Json => {
            let lines = lines.json().flatten_event(true).with_span_list(false);
            registry.with(lines.with_filter(filter)).try_init()
        }
        LogFormat::Readable => registry.with(lines.compact().with_filter(filter)).try_init(),
    }
    .map_err(TelemetryError::AlreadySet)?;
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, panic = ?panic.payload_as_str(), "a panic");
    }));
    Ok(())
}

/// Starts collecting metrics for this process. The handle renders them.
///
/// # Errors
///
/// A second call.
pub fn start_metrics() -> Result<PrometheusHandle, TelemetryError> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Full(REQUEST_SECONDS.to_owned()), &LATENCY_BUCKETS)
        .and_then(|builder| {
            builder.set_buckets_for_metric(Matcher::Full(LONGEST_POLL.to_owned()), &POLL_BUCKETS)
        })
        .and_then(|builder| {
            builder.set_buckets_for_metric(Matcher::Full(QUEUE_WAIT.to_owned()), &WAIT_BUCKETS)
        })
        .and_then(|builder| {
            builder.set_buckets_for_metric(Matcher::Full(CALL_WAIT.to_owned()), &WAIT_BUCKETS)
        })
        .and_then(|builder| {
            builder.set_buckets_for_metric(Matcher::Full(BATCH_SIZE.to_owned()), &BATCH_SIZE_BUCKETS)
        })
        .and_then(PrometheusBuilder::install_recorder)
        .map_err(TelemetryError::Metrics)?;
    metrics::describe_counter!(REQUESTS, "HTTP requests by route, method and class of status");
    metrics::describe_histogram!(REQUEST_SECONDS, metrics::Unit::Seconds, "Time to answer, by route");
    metrics::describe_histogram!(
        LONGEST_POLL,
        metrics::Unit::Seconds,
        "Longest time for which a request kept its thread, by route"
    );
    metrics::describe_counter!(OPERATIONS, "GraphQL operations by type and outcome");
    metrics::describe_counter!(SECURITY_EVENTS, "Requests refused for a reason of security, by kind");
    metrics::describe_counter!(CONNECTION_ERRORS, "Connections that broke or whose bytes are not HTTP");
    metrics::describe_gauge!(CALLS_IN_FLIGHT, "Calls to the database that hold a permit, by kind of work");
    metrics::describe_gauge!(CALLS_WAITING, "Calls to the database that wait for a permit");
    metrics::describe_histogram!(CALL_WAIT, metrics::Unit::Seconds, "Time of a call until its permit");
    metrics::describe_counter!(CALLS_REFUSED, "Calls to the database that were refused, by limit");
    metrics::describe_counter!(CALLS_ABANDONED, "Waiting calls whose caller went away");
    metrics::describe_counter!(COMMANDS_OUTLIVING, "Database commands that ended after their caller");
    metrics::describe_counter!(SESSIONS_SET_ASIDE, "Sessions not used for now, without an answer in time");
    metrics::describe_gauge!(QUEUE_DEPTH, "Requests that wait in the registration queue");
    metrics::describe_histogram!(
        QUEUE_WAIT,
        metrics::Unit::Seconds,
        "Time of a request in the registration queue"
    );
    metrics::describe_histogram!(BATCH_SIZE, "Requests in a registration batch");
    metrics::describe_counter!(BATCHES_SPLIT, "Registration batches split after repeated conflicts");
    metrics::describe_counter!(TRANSACTION_RETRIES, "Transactions run again after a conflict or a failure");
    metrics::describe_gauge!(CATALOGUE_BYTES, metrics::Unit::Bytes, "Bytes of the catalogues in memory");
    metrics::describe_counter!(CATALOGUE_LOADS, "Catalogues that were loaded into memory, by result");
    metrics::describe_counter!(CATALOGUE_READS, "Reads of catalogues, by result");
    metrics::describe_counter!(OCCURRENCE_CACHE, "Look-ups in the occurrence cache, by result");
    metrics::describe_counter!(PROMOTIONS, "Waitlisted registrations that were confirmed");
    Ok(handle)
}

/// Logs a fault with all of its sources and the id of its request. It is called once for
/// each fault, where the response is made.
pub fn log_fault(fault: &(dyn Error + 'static), request_id: &RequestId) {
    let mut chain = fault.to_string();
    let mut source = fault.source();
    while let Some(cause) = source {
        chain.push_str(": ");
        chain.push_str(&cause.to_string());
        source = cause.source();
    }
    tracing::error!(request_id = %request_id, fault = ?chain, "a request failed");
}

/// An event that is counted as a possible attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecurityEvent {
    /// The credentials are missing or wrong.
    AuthenticationFailed,
    /// A caller or an organization exceeds its rate limit.
    Throttled,
    /// A body or headers exceed the limit.
    OversizedRequest,
    /// A request arrives too slowly.
    SlowRequest,
    /// Too many requests of a caller, of an organization or of all are in flight.
    TooManyInFlight,
    /// A client does not read its response.
    SlowReader,
    /// There are too many connections.
    ConnectionRefused,
    /// A document exceeds a limit.
    DocumentLimit,
    /// A document asks for the schema although introspection is disabled.
    IntrospectionRefused,
    /// A request contains several operations.
    BatchRefused,
    /// The caller's role does not allow the request.
    Forbidden,
}

impl SecurityEvent {
    const fn label(self) -> &'static str {
        match self {
            Self::AuthenticationFailed => "authentication_failed",
            Self::Throttled => "throttled",
            Self::OversizedRequest => "oversized_request",
            Self::SlowRequest => "slow_request",
            Self::TooManyInFlight => "too_many_in_flight",
            Self::SlowReader => "slow_reader",
            Self::ConnectionRefused => "connection_refused",
            Self::DocumentLimit => "document_limit",
            Self::IntrospectionRefused => "introspection_refused",
            Self::BatchRefused => "batch_refused",
            Self::Forbidden => "forbidden",
        }
    }
}

/// Counts and logs a caller's attempt at something that their role does not allow. Such attempts are not entries of
/// the activity log, which records changes. The target of the line is always `security`,
/// so that log filters and collectors can select it.
pub(crate) fn report_forbidden(operation: &'static str, caller: Option<&Caller>, request_id: &RequestId) {
    record_security_event(SecurityEvent::Forbidden);
    let organization = caller.map(|caller| caller.scope().organization().to_string());
    let member = caller.map(|caller| caller.member().to_string());
    tracing::warn!(
        target: "security",
        %request_id,
        operation,
        organization,
        member,
        "the caller's role does not allow this"
    );
}

pub fn record_security_event(event: SecurityEvent) {
    metrics::counter!(SECURITY_EVENTS, "kind" => event.label()).increment(1);
}

/// Counts a request and its latency. `route` is the pattern of the route, never the path, so that the number of series
/// stays small.
pub(crate) fn record_request(method: &'static str, route: &str, status: u16, latency: Duration) {
    let class = match status {
        100..=199 => "1xx",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    };
    let route = route.to_owned();
    metrics::counter!(REQUESTS, "route" => route.clone(), "method" => method, "status" => class).increment(1);
    metrics::histogram!(REQUEST_SECONDS, "route" => route).record(latency.as_secs_f64());
}

/// Records the longest time for which a request kept a thread from other requests.
pub(crate) fn record_longest_poll(route: &str, time: Duration) {
    metrics::histogram!(LONGEST_POLL, "route" => route.to_owned()).record(time.as_secs_f64());
}

pub(crate) fn record_operation(kind: &'static str, outcome: &'static str) {
    metrics::counter!(OPERATIONS, "type" => kind, "outcome" => outcome).increment(1);
}
