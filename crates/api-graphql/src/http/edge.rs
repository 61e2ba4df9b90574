//! The steps that all requests share: request id, span, log line, metrics, the limit of the headers, and the headers
//! of every response.

use std::time::{Duration, Instant};

use actix_web::{
    Error, HttpMessage, HttpResponse,
    body::{BoxBody, EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        ConnectionType, Method,
        header::{self, HeaderName, HeaderValue},
    },
    middleware::Next,
    web,
};
use tracing::Span;
use tracing_actix_web::RootSpanBuilder;

use super::{
    error::HttpError,
    graphql::OperationSummary,
    health::{self, Health},
    limits::HttpLimits,
};
use crate::{
    errors::RequestError,
    longest_poll::LongestPoll,
    request_id::{self, NewRequestId, RequestId},
    telemetry::{self, SecurityEvent, record_security_event},
};

pub(crate) struct EdgeSettings {
    pub(crate) new_request_id: NewRequestId,
    pub(crate) limits: HttpLimits,
    pub(crate) health: Health,
}

/// Opens the span of a request and sets the request id. Only data that is safe to log is recorded: neither the query
/// string nor any header except the id.
pub(crate) struct RequestSpan;

impl RootSpanBuilder for RequestSpan {
    fn on_request_start(request: &ServiceRequest) -> Span {
        let Some(settings) = request.app_data::<web::Data<EdgeSettings>>() else { return Span::none() };
        let id = RequestId::of(request.headers(), &settings.new_request_id);
        let span = tracing::info_span!("request", request_id = %id);
        request.extensions_mut().insert(id);
        span
    }

    fn on_request_end<B: MessageBody>(_span: Span, _outcome: &Result<ServiceResponse<B>, Error>) {}
}

/// The middleware: calls the next service and completes its response.
pub(crate) async fn finish<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, Error> {
    let started = Instant::now();
    let method = known_method(request.method());
    let id = request.extensions().get::<RequestId>().cloned();
    let id = id.unwrap_or_else(|| RequestId::current(request.request()));
    let settings = request.app_data::<web::Data<EdgeSettings>>().cloned();

    let longest_poll = LongestPoll::default();
    let mut response = match headers_within_limit(&request) {
        true => match longest_poll.measure(next.call(request)).await {
            Ok(response) => unify_error(response, &id),
            // No service of this server fails this way. If an extension does, its text goes to the log only.
            Err(error) => {
                tracing::error!(request_id = %id, fault = ?error.to_string(), "a request failed");
                return Err(error);
            }
        },
        false => {
            record_security_event(SecurityEvent::OversizedRequest);
            let refusal = HttpError::new(RequestError::HeadersTooLarge);
            request.into_response(refusal.response_with_id(&id).map_into_right_body())
        }
    };
    set_common_headers(&mut response, &id);
    if settings.is_some_and(|settings| settings.health.is_shutting_down()) {
        // The client sends its next request over another connection, and so to another server.
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }

    let route = response.request().match_pattern().unwrap_or_else(|| "unmatched".to_owned());
    let status = response.status().as_u16();
    let latency = started.elapsed();
    telemetry::record_request(method, &route, status, latency);
    let longest_poll_us = longest_poll.as_micros();
    telemetry::record_longest_poll(&route, Duration::from_micros(longest_poll_us));
    let operation = response.response().extensions().get::<OperationSummary>().cloned();
    let operation = operation.unwrap_or_default();
    let latency_ms = u64::try_from(latency.as_millis()).unwrap_or(u64::MAX);
    if health::ROUTES.contains(&route.as_str()) {
        // They come every few seconds for as long as the process runs.
        tracing::debug!(method, route, status, latency_ms, "request");
        return Ok(response);
    }
    tracing::info!(
        method,
        route,
        status,
        latency_ms,
        longest_poll_us,
        operation = operation.name.as_deref(),
        operation_type = operation.kind,
        outcome = operation.outcome,
        "request"
    );
    Ok(response)
}

/// Replaces the body of an error that the framework created by the common form.
fn unify_error<B: MessageBody>(
    response: ServiceResponse<B>,
    id: &RequestId,
) -> ServiceResponse<EitherBody<B, BoxBody>> {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let has_shape = response.headers().get(header::CONTENT_TYPE).is_some_and(is_json);
    if !is_error || has_shape {
        return response.map_into_left_body();
    }
    let replacement: HttpResponse = HttpError::from_status(status).response_with_id(id);
    let headers = response.headers().clone();
    let mut unified = response.into_response(replacement.map_into_right_body());
    for (name, value) in headers {
        // The body is new. Other headers, such as those for CORS, stay.
        if !unified.headers().contains_key(&name) && !name.as_str().starts_with("content-") {
            unified.headers_mut().append(name, value);
        }
    }
    unified
}

fn is_json(content_type: &HeaderValue) -> bool {
    content_type.to_str().is_ok_and(|value| {
        value.starts_with("application/json") || value.starts_with("application/graphql-response+json")
    })
}

fn headers_within_limit(request: &ServiceRequest) -> bool {
    let Some(settings) = request.app_data::<web::Data<EdgeSettings>>() else { return true };
    let line = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    // The four bytes are `: ` and the line break.
    let headers: usize =
        request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    line + headers <= settings.limits.header_bytes
}

fn set_common_headers<B>(response: &mut ServiceResponse<B>, id: &RequestId) {
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        headers.insert(HeaderName::from_static(request_id::HEADER), value);
    }
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    ] {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
}

/// Returns the method as a metric label. An unknown method must not create a time series.
fn known_method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}
