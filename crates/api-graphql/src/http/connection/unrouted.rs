//! Responses to requests that no service receives: those of connections beyond the limits or during a shutdown, and those
//! whose headers are malformed, too large or too slow.
//!
//! The HTTP library answers the last ones with a status only. The connection sends these responses instead, which have an id, a
//! log line and metrics like all others. The headers are not read, so the id is always a new one, and the origin of a page is
//! not known.

use std::time::{Duration, Instant};

use actix_web::{
    HttpResponse,
    body::MessageBody,
    http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, HeaderMap, HeaderValue},
};
use bytes::Bytes;
use convene_application::failure::FaultKind;
use tracing::Span;

use crate::{
    errors::RequestError,
    http::{cors::AllowedOrigins, edge, error::HttpError, limits::HEADERS},
    request_id::{self, NewRequestId, RequestId},
    telemetry::{Completion, RequestRecord, ResponseRecord, SecurityEvent, record_security_event},
};

/// The route of these requests in logs and metrics.
const ROUTE: &str = "unread";

/// The end of the headers.
const END: &[u8] = b"\r\n\r\n";

/// The responses of a server to requests that no service receives.
#[derive(Clone)]
pub(crate) struct UnroutedResponses {
    new_request_id: NewRequestId,
    header_time: Duration,
    /// The origin that may read the responses, if it does not depend on the request.
    origin: Option<HeaderValue>,
}

impl UnroutedResponses {
    pub(crate) fn new(new_request_id: NewRequestId, header_time: Duration, origins: &AllowedOrigins) -> Self {
        let origin = origins.of_any_request().and_then(|origin| HeaderValue::from_str(origin).ok());
        Self { new_request_id, header_time, origin }
    }

    /// The response to a connection beyond the limits.
    pub(crate) fn too_many_connections(&self) -> Bytes {
        record_security_event(SecurityEvent::ConnectionRefused);
        let message = "There are too many connections. Try again later.";
        self.respond(&HttpError::with_message(FaultKind::Overloaded, message), Instant::now())
    }

    /// The response to a connection that arrives during a shutdown.
    pub(crate) fn shutting_down(&self) -> Bytes {
        let message = "The server is shutting down. Try again.";
        self.respond(&HttpError::with_message(FaultKind::Unavailable, message), Instant::now())
    }

    /// The response to send instead of these bytes, if they are a response of the HTTP library to a request that began to
    /// arrive at this time. The library calls headers malformed that are too large.
    pub(crate) fn instead_of(&self, bytes: &[u8], since: Instant, is_too_large: bool) -> Option<Bytes> {
        let (event, error) = match bytes.strip_prefix(b"HTTP/1.")?.get(2..5)? {
            b"400" if is_too_large => {
                (SecurityEvent::OversizedRequest, HttpError::new(RequestError::HeadersTooLarge))
            }
            // The headers are within the limit of their bytes, so the library refuses their number.
            b"431" => {
                let message = format!("There are more than {HEADERS} headers.");
                let error = HttpError::with_message(RequestError::HeadersTooLarge, message);
                (SecurityEvent::OversizedRequest, error)
            }
            b"400" => {
                let message = "The request is not valid HTTP/1.1.";
                let error = HttpError::with_message(RequestError::BadRequest, message);
                (SecurityEvent::MalformedRequest, error)
            }
            b"408" => {
                let message =
                    format!("The headers did not arrive within {} seconds.", self.header_time.as_secs());
                (SecurityEvent::SlowRequest, HttpError::with_message(RequestError::RequestTimeout, message))
            }
            _ => return None,
        };
        let (head, _) = bytes.split_at_checked(bytes.len().checked_sub(END.len())?)?;
        let is_one_head = bytes.ends_with(END) && !contains(head, END);
        // Responses of services have an id.
        if !is_one_head || contains(head, request_id::HEADER.as_bytes()) {
            return None;
        }
        record_security_event(event);
        Some(self.respond(&error, since))
    }

    /// Serializes the response, which ends its connection, and logs and counts it.
    fn respond(&self, error: &HttpError, started: Instant) -> Bytes {
        let id = RequestId::of(&HeaderMap::new(), &self.new_request_id);
        let record = RequestRecord::new(id.clone(), None);
        record.clone().enter_sync(|| {
            let mut response = error.response_with_id(&id);
            edge::set_common_headers(response.headers_mut(), &id);
            if let Some(origin) = &self.origin {
                let headers = response.headers_mut();
                headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
                headers.insert(
                    ACCESS_CONTROL_EXPOSE_HEADERS,
                    HeaderValue::from_static("x-request-id, retry-after"),
                );
            }
            let status = response.status().as_u16();
            let bytes = serialize(response);
            drop(Completion {
                record,
                span: Span::none(),
                started,
                method: "OTHER",
                route: ROUTE.to_owned(),
                is_probe: false,
                response: Some(ResponseRecord { status, bytes: u64::try_from(bytes.len()).ok() }),
            });
            bytes
        })
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// The bytes of a response whose connection is closed after it.
fn serialize(response: HttpResponse) -> Bytes {
    let mut bytes = format!("HTTP/1.1 {}\r\nconnection: close\r\n", response.status()).into_bytes();
    for (name, value) in response.headers() {
        bytes.extend_from_slice(name.as_str().as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    // A body of JSON is in memory.
    let body = response.into_body().try_into_bytes().unwrap_or_default();
    bytes.extend_from_slice(format!("content-length: {}\r\n\r\n", body.len()).as_bytes());
    bytes.extend_from_slice(&body);
    bytes.into()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rstest::rstest;

    use super::*;

    fn responses(origins: &str) -> UnroutedResponses {
        let new_request_id: NewRequestId = Arc::new(|| "id-1".to_owned());
        UnroutedResponses::new(new_request_id, Duration::from_secs(5), &origins.parse().unwrap())
    }

    #[rstest]
    #[case("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n", true)]
    #[case("HTTP/1.0 400 Bad Request\r\ncontent-length: 0\r\n\r\n", true)]
    #[case("HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n", true)]
    #[case("HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\n\r\n", true)]
    #[case::of_a_service("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nx-request-id: a\r\n\r\n", false)]
    #[case::with_a_body("HTTP/1.1 400 Bad Request\r\ncontent-length: 1\r\n\r\nx", false)]
    #[case::two("HTTP/1.1 400 Bad Request\r\n\r\nHTTP/1.1 400 Bad Request\r\n\r\n", false)]
    #[case::another_status("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", false)]
    #[case::part_of_a_body("HTTP/1.1 400", false)]
    #[case::nothing("", false)]
    fn responses_of_the_library_only_are_replaced(#[case] bytes: &str, #[case] is_replaced: bool) {
        let replacement = responses("*").instead_of(bytes.as_bytes(), Instant::now(), false);
        assert_eq!(replacement.is_some(), is_replaced);
    }

    #[rstest]
    #[case("*", Some("*"))]
    #[case("https://a.example", Some("https://a.example"))]
    #[case::depends_on_the_request("https://a.example,https://b.example", None)]
    fn pages_read_the_response_if_its_origin_is_known(#[case] origins: &str, #[case] origin: Option<&str>) {
        let response = String::from_utf8(responses(origins).too_many_connections().to_vec()).unwrap();
        let expected = origin.map(|origin| format!("access-control-allow-origin: {origin}\r\n"));
        assert_eq!(response.contains("access-control-allow-origin"), expected.is_some());
        assert!(expected.is_none_or(|expected| response.contains(&expected)), "{response}");
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("x-request-id: id-1") && body.contains(r#""requestId":"id-1""#), "{response}");
        assert!(head.contains(&format!("content-length: {}", body.len())), "{response}");
    }
}
