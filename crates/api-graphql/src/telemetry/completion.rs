//! The end of a request: its log line and its metrics.

use std::time::{Duration, Instant};

use opentelemetry::trace::TraceContextExt;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::{
    metrics::{record_longest_poll, record_operation, record_request},
    record::RequestRecord,
};
use crate::errors::Outcome;

/// The status of a request whose client went away before the response, as proxies log it.
const ABANDONED: u16 = 499;

/// A request in progress. When it is dropped, its log line is written, and it is counted; so there is one line for each
/// request, also if its client goes away.
pub(crate) struct Completion {
    pub(crate) record: RequestRecord,
    pub(crate) span: Span,
    pub(crate) started: Instant,
    pub(crate) method: &'static str,
    /// The pattern of the route.
    pub(crate) route: String,
    /// Probes and scrapes come every few seconds for as long as the process runs, so their lines have the level `debug`.
    pub(crate) is_probe: bool,
    /// The response; `None` if there is none.
    pub(crate) response: Option<ResponseRecord>,
}

/// The parts of a response that are logged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ResponseRecord {
    pub(crate) status: u16,
    /// The size of the body; `None` if it is not known.
    pub(crate) bytes: Option<u64>,
}

impl Completion {
    /// The outcome, and the code of its error.
    fn outcome(&self) -> (Outcome, Option<&'static str>) {
        match (self.response, self.record.error()) {
            (None, _) => (Outcome::Abandoned, None),
            (Some(_), Some((outcome, error))) => (outcome, Some(error.code())),
            (Some(_), None) => (Outcome::Done, None),
        }
    }
}

impl Drop for Completion {
    fn drop(&mut self) {
        self.complete();
        self.record.end(self.response.is_some());
    }
}

impl Completion {
    fn complete(&self) {
        let Self { record, started, method, route, is_probe, response, .. } = self;
        let time = started.elapsed();
        let status = response.map_or(ABANDONED, |response| response.status);
        let longest_poll_us = record.longest_poll_us();
        record_request(method, route, status, time);
        record_longest_poll(route, Duration::from_micros(longest_poll_us));
        if *is_probe {
            tracing::debug!(method, route, status, duration_ms = milliseconds(time), "request");
            return;
        }
        let (outcome, code) = self.outcome();
        let operation = record.operation();
        record_operation(operation, outcome, code, time);
        record_span(self, status, outcome, code);
        let caller = record.caller();
        let database = record.database();
        tracing::info!(
            method,
            route,
            status,
            outcome = outcome.as_str(),
            code,
            rejection = record.rejection(),
            duration_ms = milliseconds(time),
            operation = operation.and_then(|operation| operation.field.as_deref()),
            operation_type = operation.map(|operation| operation.kind),
            operation_name = operation.and_then(|operation| operation.name.as_deref()),
            organization = caller.and_then(|caller| caller.organization.as_deref()),
            member = caller.and_then(|caller| caller.member).map(tracing::field::display),
            cost = record.cost(),
            bytes = response.and_then(|response| response.bytes),
            database_ms = milliseconds(database.time()),
            database_commands = database.commands(),
            longest_poll_us,
            "request"
        );
    }
}

/// Records the end of a request in its span.
fn record_span(completion: &Completion, status: u16, outcome: Outcome, code: Option<&'static str>) {
    let Completion { span, record, method, route, .. } = completion;
    if span.is_disabled() {
        return;
    }
    let operation = record.operation();
    let field = operation.and_then(|operation| operation.field.as_deref());
    // The names of spans must be few: no names that clients choose. A field does not change the name of a span that has begun.
    let name = match (operation, field) {
        (Some(operation), Some(field)) => format!("{} {field}", operation.kind),
        _ => format!("{method} {route}"),
    };
    span.context().span().update_name(name);
    if outcome == Outcome::Failed {
        span.record("otel.status_code", "ERROR");
    }
    let caller = record.caller();
    span.record("request_id", record.id().as_str())
        .record("http.request.method", *method)
        .record("http.route", route.as_str())
        .record("http.response.status_code", status)
        .record("graphql.operation.name", operation.and_then(|operation| operation.name.as_deref()))
        .record("graphql.operation.type", operation.map(|operation| operation.kind))
        .record("operation", field)
        .record("outcome", outcome.as_str())
        .record("code", code)
        .record("organization", caller.and_then(|caller| caller.organization.as_deref()))
        .record("member", caller.and_then(|caller| caller.member).map(tracing::field::display));
}

/// The time in milliseconds, with three decimals.
fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}
