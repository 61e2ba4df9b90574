//! The span of a request.

use actix_web::http::header::HeaderMap;
use opentelemetry::{
    Context,
    trace::{SpanContext, TraceContextExt, TraceId},
};
use tracing::{Span, field::Empty};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::{completion::Completion, trace_context::caller_span};
use crate::errors::Outcome;

/// The span of a request with these headers, and the trace that the request belongs to. Without an export of traces, the
/// span is disabled, and the trace is that of the caller, if there is one.
pub(crate) fn request_span(headers: &HeaderMap) -> (Span, Option<TraceId>) {
    let caller = caller_span(headers);
    let trace = caller.as_ref().map(SpanContext::trace_id);
    let span = tracing::info_span!(
        "request",
        otel.kind = "server",
        otel.status_code = Empty,
        request_id = Empty,
        http.request.method = Empty,
        http.route = Empty,
        http.response.status_code = Empty,
        graphql.operation.name = Empty,
        graphql.operation.type = Empty,
        operation = Empty,
        outcome = Empty,
        code = Empty,
        organization = Empty,
        member = Empty,
    );
    if span.is_disabled() {
        return (span, trace);
    }
    if let Some(caller) = caller {
        // The layer exists, and the span has not begun: otherwise the request gets a trace of its own.
        drop(span.set_parent(Context::new().with_remote_span_context(caller)));
    }
    let trace = span.context().span().span_context().trace_id();
    (span, (trace != TraceId::INVALID).then_some(trace))
}

/// Records the end of a request in its span.
pub(super) fn record_end(completion: &Completion, status: u16, outcome: Outcome, code: Option<&'static str>) {
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
