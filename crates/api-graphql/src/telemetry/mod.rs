//! Logs, metrics and traces.
//!
//! Logs are lines of JSON in production and readable lines in development. A caller cannot forge lines: text
//! from outside is either escaped (JSON) or restricted to safe characters (request ids, operation names, routes).
//! Arguments, documents and variables are never logged.

mod completion;
mod filter;
mod line;
mod logging;
mod metrics;
mod names;
mod process;
mod record;
mod security;
mod span;
mod trace_context;
mod traces;
mod writer;

use std::error::Error;

use convene_application::failure::Fault;
use metrics_exporter_prometheus::BuildError;
use tracing_subscriber::filter::ParseError;

pub(crate) use self::{
    completion::{Completion, ResponseRecord},
    metrics::{record_in_flight, record_key_refresh, record_keys_time, record_rate_limited, render_metrics},
    record::{OperationRecord, RequestRecord, of_request},
    security::report_forbidden,
    span::request_span,
};
pub use self::{
    logging::{LogFormat, start_logging},
    metrics::start_metrics,
    names::{METRICS, Metric},
    security::{SecurityEvent, record_security_event},
    traces::{MAX_QUEUED_SPANS, TraceSettings, Traces},
    writer::log_writer,
};

/// The reasons why logs, metrics or traces cannot start.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter is not a list of levels and `target=level`.
    #[error("CONVENE_LOG is not a log filter such as `info` or `convene=debug,warn`")]
    Filter(#[source] ParseError),
    #[error("logging is already set up")]
    AlreadySet(#[source] tracing_subscriber::util::TryInitError),
    #[error("metrics cannot be collected")]
    Metrics(#[source] BuildError),
    #[error("CONVENE_OTLP_ENDPOINT is not the address of a collector")]
    Exporter(#[source] Box<dyn Error + Send + Sync>),
}

/// The text of a fault with those of all of its sources.
pub(crate) fn with_sources(fault: &(dyn Error + 'static)) -> String {
    let mut chain = fault.to_string();
    let mut source = fault.source();
    while let Some(cause) = source {
        chain.push_str(": ");
        chain.push_str(&cause.to_string());
        source = cause.source();
    }
    chain
}

/// Logs a fault with all of its sources. It is called for each fault, where the response is made; faults of one request with the same
/// text are one line. An overload is no defect: the line of the request and the metrics have its code.
pub fn log_fault(fault: &Fault) {
    if matches!(fault, Fault::Overloaded) {
        tracing::debug!("a request was refused because of an overload");
        return;
    }
    let fault = with_sources(fault);
    if is_new(&fault) {
        tracing::error!(fault, "a request failed");
    }
}

/// Logs the message of a field that failed without a code, which is a defect.
pub(crate) fn log_field(message: &str) {
    if is_new(message) {
        tracing::error!(fault = message, "a field failed without a code");
    }
}

/// Tests whether the current request has no line about this fault.
fn is_new(fault: &str) -> bool {
    RequestRecord::with_current(|record| record.is_new_fault(fault)).unwrap_or(true)
}
