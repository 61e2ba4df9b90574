//! The metrics of the process.

use std::time::Duration;

use convene_domain::time::zone;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use super::{
    TelemetryError,
    names::{
        BUILD, IN_FLIGHT, KEY_REFRESHES, KEYS_TIME, Kind, LONGEST_POLL, LOST_LINES, METRICS, Metric,
        OPERATION_SECONDS, OPERATIONS, RATE_LIMITED, READY, REQUEST_SECONDS, REQUESTS, SPANS,
    },
    process::record_process,
    record::OperationRecord,
    security::start_security_events,
    writer::lost_lines,
};
use crate::errors::Outcome;

/// The revision of the sources, if the build names it.
const REVISION: Option<&str> = option_env!("CONVENE_REVISION");

/// Starts collecting metrics for this process. The handle renders them.
///
/// # Errors
///
/// A second call.
pub fn start_metrics() -> Result<PrometheusHandle, TelemetryError> {
    let builder = METRICS.iter().try_fold(PrometheusBuilder::new(), |builder, metric| match metric.kind {
        Kind::Histogram(bounds) => {
            builder.set_buckets_for_metric(Matcher::Full(metric.name.to_owned()), bounds)
        }
        Kind::Counter | Kind::Gauge => Ok(builder),
    });
    let handle = builder.and_then(PrometheusBuilder::install_recorder).map_err(TelemetryError::Metrics)?;
    METRICS.iter().for_each(describe);
    let labels = [
        ("version", env!("CARGO_PKG_VERSION")),
        ("revision", REVISION.unwrap_or("unknown")),
        ("time_zones", zone::database_version()),
    ];
    metrics::gauge!(BUILD, &labels).set(1);
    start_security_events();
    Ok(handle)
}

fn describe(Metric { name, kind, help }: &Metric) {
    match kind {
        Kind::Counter => metrics::describe_counter!(*name, *help),
        Kind::Gauge => metrics::describe_gauge!(*name, *help),
        Kind::Histogram(_) => metrics::describe_histogram!(*name, *help),
    }
}

/// Renders all metrics in the text format of Prometheus, with the current values of the process.
pub(crate) fn render_metrics(handle: &PrometheusHandle, is_ready: bool) -> String {
    record_process();
    metrics::counter!(LOST_LINES).absolute(lost_lines());
    metrics::gauge!(READY).set(if is_ready { 1 } else { 0 });
    handle.render()
}

/// Counts a request and its time. `route` is the pattern of the route, never the path, so that the number of series
/// stays small.
pub(super) fn record_request(method: &'static str, route: &str, status: u16, time: Duration) {
    let class = match status {
        100..=199 => "1xx",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    };
    let route = route.to_owned();
    metrics::counter!(REQUESTS, "route" => route.clone(), "method" => method, "status" => class).increment(1);
    metrics::histogram!(REQUEST_SECONDS, "route" => route).record(time.as_secs_f64());
}

/// Records the longest time for which a request kept a thread from other requests.
pub(super) fn record_longest_poll(route: &str, time: Duration) {
    metrics::histogram!(LONGEST_POLL, "route" => route.to_owned()).record(time.as_secs_f64());
}

/// Counts a request beyond a rate limit.
pub(crate) fn record_rate_limited(limit: &'static str) {
    metrics::counter!(RATE_LIMITED, "limit" => limit).increment(1);
}

/// Records the number of requests of callers in flight.
pub(crate) fn record_in_flight(requests: usize) {
    metrics::gauge!(IN_FLIGHT).set(u32::try_from(requests).unwrap_or(u32::MAX));
}

/// Counts spans that were exported, or could not be.
pub(super) fn record_exported_spans(is_exported: bool, spans: usize) {
    let result = if is_exported { "exported" } else { "failed" };
    metrics::counter!(SPANS, "result" => result).increment(u64::try_from(spans).unwrap_or(u64::MAX));
}

/// Counts an attempt to fetch the keys of an identity provider. The issuer is one of the settings.
pub(crate) fn record_key_refresh(issuer: &str, outcome: &'static str) {
    metrics::counter!(KEY_REFRESHES, "issuer" => issuer.to_owned(), "outcome" => outcome).increment(1);
}

/// Records the time (seconds since 1970) at which the keys of an identity provider were fetched.
pub(crate) fn record_keys_time(issuer: &str, time: i64) {
    #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 are far below 2^53")]
    metrics::gauge!(KEYS_TIME, "issuer" => issuer.to_owned()).set(time as f64);
}

/// Counts an operation, and its time if its document matches the schema: the names of other documents have no bounds.
pub(super) fn record_operation(
    operation: Option<&OperationRecord>,
    outcome: Outcome,
    code: Option<&'static str>,
    time: Duration,
) {
    let kind = operation.map_or("none", |operation| operation.kind);
    let (outcome, code) = (outcome.as_str(), code.unwrap_or_default());
    metrics::counter!(OPERATIONS, "type" => kind, "outcome" => outcome, "code" => code).increment(1);
    if let Some(field) = operation.and_then(|operation| operation.field.clone()) {
        metrics::histogram!(OPERATION_SECONDS, "operation" => field).record(time.as_secs_f64());
    }
}
