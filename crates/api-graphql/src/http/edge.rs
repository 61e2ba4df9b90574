//! The steps that all requests share: request id, record, log line, metrics, the limit of the headers, and the headers
//! of every response.

use std::time::Instant;

use actix_web::{
    Error, HttpMessage, HttpResponse,
    body::{BodySize, BoxBody, EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        ConnectionType, Method,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
    middleware::Next,
    web,
};
use convene_application::failure::FaultKind;
use tracing::{Instrument, Span};

use super::{
    error::HttpError,
    health::{self, Health, LocalCallers},
    kept_body::{EarlyResponse, KeptBody},
    limits::HttpLimits,
    preflight,
    read_ahead::ReadAhead,
};
use crate::{
    allowance::Allowance,
    errors::RequestError,
    request_id::{self, NewRequestId, RequestId},
    telemetry::{
        Completion, RequestRecord, ResponseRecord, SecurityEvent, record_security_event, request_span,
    },
};

/// The rest of the rate limit.
pub(crate) const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
/// The rate limit.
pub(crate) const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

pub(crate) struct EdgeSettings {
    pub(crate) new_request_id: NewRequestId,
    pub(crate) limits: HttpLimits,
    pub(crate) health: Health,
    /// The only callers whose requests are probes; all of them if `None`.
    pub(crate) local_callers: Option<LocalCallers>,
}

/// The middleware around all others: counts the request and its body in the [`ReadAhead`], and [records](record) it.
pub(crate) async fn finish<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<EitherBody<B, BoxBody>, EarlyResponse>>, Error> {
    let started = Instant::now();
    let has_body = [header::CONTENT_LENGTH, header::TRANSFER_ENCODING]
        .iter()
        .any(|name| request.headers().get(name).is_some_and(|value| value != "0"));
    let read_ahead = request.conn_data::<ReadAhead>().cloned().unwrap_or_default();
    let _begun = read_ahead.begin(has_body);
    let body = has_body.then(|| KeptBody::of(&mut request));
    let response = record(request, next, started).await?;
    let Some(mut body) = body else { return Ok(response.map_into_left_body()) };
    if body.discard_arrived().await {
        read_ahead.end_body();
        return Ok(response.map_into_left_body());
    }
    Ok(response.map_body(|_, response| EitherBody::right(EarlyResponse::new(response, body))))
}

/// Opens the record of a request and completes its response.
async fn record<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
    started: Instant,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, Error> {
    let Some(settings) = request.app_data::<web::Data<EdgeSettings>>().cloned() else {
        return next.call(request).await.map(ServiceResponse::map_into_left_body);
    };
    let id = RequestId::of(request.headers(), &settings.new_request_id);
    request.extensions_mut().insert(id.clone());
    let pattern = request.match_pattern();
    let is_probe = pattern.as_ref().is_some_and(|pattern| health::ROUTES.contains(&pattern.as_str()));
    let is_answered =
        !is_probe || settings.local_callers.is_none_or(|callers| callers.include(request.head()));
    let (is_probe, pattern) = (is_probe && is_answered, pattern.filter(|_| is_answered));
    let route = pattern.unwrap_or_else(|| "unmatched".to_owned());
    let (span, trace) = if is_probe { (Span::none(), None) } else { request_span(request.headers()) };
    let record = RequestRecord::new(id, trace);
    let completion = Completion {
        record: record.clone(),
        span: span.clone(),
        started,
        method: known_method(request.method()),
        is_probe,
        route,
        response: None,
    };
    record.enter(respond(request, next, settings, completion)).instrument(span).await
}

async fn respond<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
    settings: web::Data<EdgeSettings>,
    mut completion: Completion,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, Error> {
    let id = completion.record.id().clone();
    let mut response = match completion.record.time_polls(next.call(request)).await {
        Ok(response) => unify_error(response, &id),
        // No service of this server fails this way. If an extension does, its text goes to the log only.
        Err(error) => {
            tracing::error!(fault = error.to_string(), "a request failed");
            RequestRecord::note_error(FaultKind::Internal.into());
            let status = error.as_response_error().status_code().as_u16();
            completion.response = Some(ResponseRecord { status, bytes: None });
            return Err(error);
        }
    };
    set_common_headers(response.headers_mut(), &id);
    if let Some(allowance) = completion.record.allowance() {
        set_rate_limit(response.headers_mut(), allowance);
    }
    if settings.health.is_shutting_down() {
        // The client sends its next request over another connection, and so to another server.
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    let bytes = match response.response().body().size() {
        BodySize::None => Some(0),
        BodySize::Sized(bytes) => Some(bytes),
        BodySize::Stream => None,
    };
    completion.response = Some(ResponseRecord { status: response.status().as_u16(), bytes });
    Ok(response)
}

/// The middleware that refuses a request with large headers. It is behind the CORS protocol, so that a page can read the refusal.
pub(crate) async fn limit_headers<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, Error> {
    let settings = request.app_data::<web::Data<EdgeSettings>>();
    if settings.is_none_or(|settings| headers_within_limit(&request, &settings.limits)) {
        return next.call(request).await.map(ServiceResponse::map_into_left_body);
    }
    record_security_event(SecurityEvent::OversizedRequest);
    let refusal = HttpError::new(RequestError::HeadersTooLarge).response(request.request());
    Ok(request.into_response(refusal.map_into_right_body()))
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
    let preflight = response.response().error().and_then(preflight::refusal);
    let is_preflight = preflight.is_some();
    let error = preflight.unwrap_or_else(|| HttpError::from_status(status));
    let mut replacement: HttpResponse = error.response_with_id(id);
    if is_preflight {
        replacement.headers_mut().insert(header::VARY, preflight::VARY);
    }
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

fn headers_within_limit(request: &ServiceRequest, limits: &HttpLimits) -> bool {
    let line = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    // The four bytes are `: ` and the line break.
    let headers: usize =
        request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    line + headers <= limits.header_bytes
}

/// Adds the headers that every response has.
pub(super) fn set_common_headers(headers: &mut HeaderMap, id: &RequestId) {
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

/// Tells a caller what is left of its rate limit, by draft-ietf-httpapi-ratelimit-headers-10.
fn set_rate_limit(headers: &mut HeaderMap, allowance: Allowance) {
    let Allowance { limit, quota, window, remaining } = allowance;
    let reset = allowance.reset();
    let policy = format!("\"{limit}\";q={quota};w={window}");
    let left = format!("\"{limit}\";r={remaining};t={reset}");
    for (name, value) in [(RATE_LIMIT_POLICY, policy), (RATE_LIMIT, left)] {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
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
