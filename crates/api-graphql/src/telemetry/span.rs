//! The span of a request.

use actix_web::http::header::HeaderMap;
use opentelemetry::{
    Context,
    trace::{SpanContext, TraceContextExt, TraceId},
};
use tracing::{Span, field::Empty};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::trace_context::caller_span;

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
