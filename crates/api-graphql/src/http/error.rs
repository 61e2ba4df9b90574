//! Errors outside GraphQL: one shape for every route, `{"error": {"code", "message", "requestId", "fields"?}}`.

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    http::{
        StatusCode,
        header::{ALLOW, CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE},
    },
};
use serde::Serialize;

use crate::{auth::Denial, request_id::RequestId, telemetry};

/// A refused or failed request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpError {
    /// The status of the answer.
    pub status: StatusCode,
    /// What went wrong, for programs: a fixed word in capitals.
    pub code: &'static str,
    /// What went wrong, for people.
    pub message: String,
    /// The parts of the input that are wrong, each with the reason.
    pub fields: Vec<FieldProblem>,
    /// The methods that the route does have, for 405.
    pub allow: Option<&'static str>,
    /// Seconds until it is worth to try again, for 429 and 503.
    pub retry_after: Option<u64>,
}

/// One wrong part of an input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldProblem {
    /// The name of the part, in the caller's terms: `title`, `filter.status`.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

#[derive(Serialize)]
struct Envelope<'a> {
    error: Body<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    code: &'a str,
    message: &'a str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    fields: &'a [FieldProblem],
}

impl HttpError {
    /// An error with a status, a code and a message.
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), fields: Vec::new(), allow: None, retry_after: None }
    }

    /// There is nothing at this path.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", "There is nothing at this address.")
    }

    /// The path has other methods than this one.
    #[must_use]
    pub fn method_not_allowed(allow: &'static str) -> Self {
        let message = format!("This address answers to {allow} only.");
        let error = Self::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", message);
        Self { allow: Some(allow), ..error }
    }

    /// Something inside has failed; what, is in the log under the request's id.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", "Something went wrong on the server.")
    }

    /// What a request that was not let in is answered with. A fault is logged here, once.
    #[must_use]
    pub fn from_denial(denial: &Denial, request_id: &RequestId) -> Self {
        match denial {
            Denial::Unauthenticated => Self::new(
                StatusCode::UNAUTHORIZED,
                "UNAUTHENTICATED",
                "The credentials are missing or not valid.",
            ),
            Denial::Throttled { retry_after } => {
                let error = Self::new(
                    StatusCode::TOO_MANY_REQUESTS,
                    "RATE_LIMITED",
                    "Too many requests; wait as long as Retry-After says.",
                );
                Self { retry_after: Some(retry_after.as_secs() + 1), ..error }
            }
            Denial::Unavailable(fault) => {
                telemetry::log_fault(fault.as_ref(), request_id);
                let error = Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "UNAVAILABLE",
                    "The service cannot answer right now; try again.",
                );
                Self { retry_after: Some(1), ..error }
            }
        }
    }

    /// An error for a status that the framework has chosen by itself.
    #[must_use]
    pub fn from_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::not_found(),
            StatusCode::METHOD_NOT_ALLOWED => {
                Self::new(status, "METHOD_NOT_ALLOWED", "This address has other methods.")
            }
            StatusCode::PAYLOAD_TOO_LARGE => Self::new(status, "PAYLOAD_TOO_LARGE", "The body is too large."),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                Self::new(status, "UNSUPPORTED_MEDIA_TYPE", "The body is of a kind that is not read here.")
            }
            status if status.is_client_error() => {
                Self::new(status, "BAD_REQUEST", "The request is not valid.")
            }
            _ => Self::internal(),
        }
    }

    /// The answer for this request.
    #[must_use]
    pub fn response(&self, request: &HttpRequest) -> HttpResponse {
        self.response_with_id(&RequestId::current(request))
    }

    /// The answer for the request with this id.
    #[must_use]
    pub fn response_with_id(&self, request_id: &RequestId) -> HttpResponse {
        self.head().json(Envelope {
            error: Body {
                code: self.code,
                message: &self.message,
                request_id: request_id.as_str(),
                fields: &self.fields,
            },
        })
    }

    /// Status and headers of the answer, without a body.
    pub(super) fn head(&self) -> HttpResponseBuilder {
        let mut response = HttpResponse::build(self.status);
        response.insert_header((CACHE_CONTROL, "no-store"));
        if let Some(allow) = self.allow {
            response.insert_header((ALLOW, allow));
        }
        if let Some(seconds) = self.retry_after {
            response.insert_header((RETRY_AFTER, seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response.insert_header((WWW_AUTHENTICATE, "Bearer"));
        }
        if matches!(self.status, StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT) {
            // The rest of the body will not be read, so the connection cannot carry another request.
            response.force_close();
        }
        response
    }
}
