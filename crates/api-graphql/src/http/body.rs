//! Reads the body of a request: uncompressed JSON in UTF-8, within the limits of size and time.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::{Context, Poll},
    time::Duration,
};

use actix_web::{
    HttpMessage, HttpRequest,
    error::PayloadError,
    http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap},
    web,
};
use bytes::{Bytes, BytesMut};
use convene_application::failure::FaultKind;
use futures::StreamExt;

use crate::{
    auth::Owner,
    errors::RequestError,
    http::{
        error::HttpError,
        limits::{HttpLimits, MEMORY_OF_BODY, SMALL_BODY_BYTES},
        memory::{SharedMemory, Taken},
        read_ahead::ReadAhead,
    },
    telemetry::{SecurityEvent, record_security_event},
};

/// Refuses every kind of body except plain JSON. A page of another site can send forms and text with a visitor's
/// credentials without a preflight request, but not JSON; so the rule also prevents cross-site request forgery.
///
/// # Errors
///
/// 415: another type or character set, several types, or a compressed body.
pub fn check_kind(headers: &HeaderMap) -> Result<(), HttpError> {
    let mut types = headers.get_all(CONTENT_TYPE);
    let single = types.next().filter(|_| types.next().is_none());
    if !single.and_then(|value| value.to_str().ok()).is_some_and(is_json_in_utf8) {
        return Err(unsupported("Send the request as application/json in UTF-8."));
    }
    let compressed = headers
        .get_all(CONTENT_ENCODING)
        .any(|value| !value.to_str().is_ok_and(|encoding| encoding.trim().eq_ignore_ascii_case("identity")));
    if compressed {
        return Err(unsupported("Send the request without a Content-Encoding."));
    }
    Ok(())
}

fn unsupported(message: &str) -> HttpError {
    HttpError::with_message(RequestError::UnsupportedMediaType, message)
}

fn is_json_in_utf8(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    essence.eq_ignore_ascii_case("application/json")
        && parts.filter(|part| !part.is_empty()).all(|parameter| {
            let Some((name, value)) = parameter.split_once('=') else { return false };
            let value = value.trim().trim_matches('"');
            !name.trim().eq_ignore_ascii_case("charset") || value.eq_ignore_ascii_case("utf-8")
        })
}

/// The memory that large bodies may take in this process.
pub(crate) struct BodyMemory(pub(crate) SharedMemory);

/// A body whose first bytes are received while the caller is looked up.
///
/// The HTTP library closes a connection right after it has read a broken chunk. Only a response that is ready at that time is
/// still sent, so a broken body must not wait for the lookup.
pub struct IncomingBody {
    payload: web::Payload,
    first: BytesMut,
    read_ahead: ReadAhead,
}

impl IncomingBody {
    #[must_use]
    pub fn new(request: &HttpRequest, payload: web::Payload) -> Self {
        let read_ahead = request.conn_data::<ReadAhead>().cloned().unwrap_or_default();
        Self { payload, first: BytesMut::new(), read_ahead }
    }

    /// Waits for the lookup.
    ///
    /// # Errors
    ///
    /// 400: the body turned out to be broken first, or to have too many small chunks.
    pub async fn beside<T>(&mut self, lookup: impl Future<Output = T>) -> Result<T, HttpError> {
        let mut lookup = pin!(lookup);
        poll_fn(|context| {
            if let Poll::Ready(found) = lookup.as_mut().poll(context) {
                return Poll::Ready(Ok(found));
            }
            while self.first.len() < SMALL_BODY_BYTES {
                match self.poll_chunk(context) {
                    Poll::Ready(Some(Ok(chunk))) => self.first.extend_from_slice(&chunk),
                    Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(unreadable(&error))),
                    Poll::Ready(None) | Poll::Pending => break,
                }
            }
            Poll::Pending
        })
        .await
    }

    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, PayloadError>>> {
        let chunk = self.payload.poll_next_unpin(context);
        self.read_ahead.want_body(chunk.is_pending());
        if let Poll::Ready(None) = chunk {
            self.read_ahead.end_body();
        }
        chunk
    }
}

/// Reads the complete body, and takes memory for it and for the values in it.
///
/// # Errors
///
/// 503: the large bodies of the caller, of the organization or of all take too much memory. 413: the body is larger than the
/// limit, with or without a `Content-Length`. 408: the body is not complete in time. 400: the body ends too early, or has too many
/// small chunks.
pub async fn read(
    request: &HttpRequest,
    incoming: IncomingBody,
    limits: &HttpLimits,
) -> Result<(BytesMut, Taken), HttpError> {
    let announced =
        request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > u64::try_from(limits.body_bytes).unwrap_or(u64::MAX)) {
        return Err(too_large(limits.body_bytes));
    }
    let length = announced.and_then(|length| usize::try_from(length).ok()).unwrap_or(limits.body_bytes);
    let memory = take_memory(request, length)?;
    let whole = tokio::time::timeout(limits.body_time, collect(incoming, limits.body_bytes)).await;
    let body = whole.unwrap_or_else(|_| Err(too_slow(limits.body_time)))?;
    Ok((body, memory))
}

fn take_memory(request: &HttpRequest, length: usize) -> Result<Taken, HttpError> {
    if length <= SMALL_BODY_BYTES {
        return Ok(Taken::default());
    }
    let owner = request.extensions().get::<Owner>().cloned();
    let memory = request.app_data::<web::Data<BodyMemory>>().zip(owner);
    let bytes = length.saturating_mul(MEMORY_OF_BODY);
    memory.and_then(|(memory, owner)| memory.0.try_take(&owner, bytes)).ok_or_else(|| {
        record_security_event(SecurityEvent::TooManyInFlight);
        HttpError::new(FaultKind::Overloaded)
    })
}

async fn collect(mut incoming: IncomingBody, limit: usize) -> Result<BytesMut, HttpError> {
    let mut body = std::mem::take(&mut incoming.first);
    if body.len() > limit {
        return Err(too_large(limit));
    }
    while let Some(chunk) = poll_fn(|context| incoming.poll_chunk(context)).await {
        let chunk = chunk.map_err(|error| unreadable(&error))?;
        if body.len() + chunk.len() > limit {
            return Err(too_large(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn unreadable(error: &PayloadError) -> HttpError {
    if matches!(error, PayloadError::Overflow) {
        record_security_event(SecurityEvent::OversizedRequest);
        return HttpError::with_message(RequestError::BadRequest, "The body has too many small chunks.");
    }
    HttpError::with_message(RequestError::BadRequest, "The body did not arrive completely.")
}

fn too_large(limit: usize) -> HttpError {
    record_security_event(SecurityEvent::OversizedRequest);
    let message = format!("The body is larger than {limit} bytes.");
    HttpError::with_message(RequestError::PayloadTooLarge, message)
}

fn too_slow(limit: Duration) -> HttpError {
    record_security_event(SecurityEvent::SlowRequest);
    let message = format!("The body did not arrive within {} seconds.", limit.as_secs());
    HttpError::with_message(RequestError::RequestTimeout, message)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("application/json", true)]
    #[case("application/json; charset=utf-8", true)]
    #[case("Application/JSON;Charset=\"UTF-8\"", true)]
    #[case("application/json;", true)]
    #[case("application/json; charset=utf-16", false)]
    #[case("application/json; charset", false)]
    #[case("application/jsonp", false)]
    #[case("application/graphql", false)]
    #[case("text/plain", false)]
    #[case("application/x-www-form-urlencoded", false)]
    #[case("multipart/form-data; boundary=x", false)]
    #[case("", false)]
    fn only_json_in_utf8_is_accepted(#[case] content_type: &str, #[case] accepted: bool) {
        assert_eq!(is_json_in_utf8(content_type), accepted);
    }
}
