//! Errors outside GraphQL. All routes have the same form: `{"error": {"code", "message", "requestId", "fields"?}}`.

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    http::{
        StatusCode,
        header::{ALLOW, CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE},
    },
};
use convene_application::failure::FaultKind;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    auth::Denial,
    errors::{ErrorKind, RequestError},
    request_id::RequestId,
    telemetry::{self, RequestRecord},
};

/// The seconds after which a retry may succeed, if nothing more specific is known.
pub(crate) const RETRY_AFTER_SECONDS: u64 = 1;

/// A refused or failed request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpError {
    pub kind: ErrorKind,
    pub status: StatusCode,
    pub message: String,
    /// The invalid parts of the input.
    pub fields: Vec<FieldProblem>,
    /// The methods of the route, for 405.
    pub allow: Option<&'static str>,
    /// Seconds until a retry may succeed, for 429 and 503.
    pub retry_after: Option<u64>,
}

/// A problem of the input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Field)]
pub struct FieldProblem {
    /// The name of the field.
    pub field: String,
    /// The reason, to be read after the name.
    pub message: String,
}

/// The format of every error.
#[derive(Serialize, ToSchema)]
#[schema(as = Error)]
pub(crate) struct ErrorAnswer {
    error: ErrorBody,
}

/// The reason why a request was refused or failed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ErrorBody {
    /// The code, for programs.
    #[schema(example = "INVALID_INPUT")]
    code: &'static str,
    /// The message, for people.
    message: String,
    /// The id of the request, as in the server's log.
    request_id: String,
    /// The problems of the input.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    fields: Vec<FieldProblem>,
}

impl HttpError {
    /// An error with the message of its kind.
    #[must_use]
    pub fn new(kind: impl Into<ErrorKind>) -> Self {
        let kind = kind.into();
        Self::with_message(kind, kind.message())
    }

    /// An error with a message that is more specific than the one of its kind.
    #[must_use]
    pub fn with_message(kind: impl Into<ErrorKind>, message: impl Into<String>) -> Self {
        let kind = kind.into();
        let retry_after = kind.is_retryable().then_some(RETRY_AFTER_SECONDS);
        let (status, message) = (kind.status(), message.into());
        Self { kind, status, message, fields: Vec::new(), allow: None, retry_after }
    }

    /// The error for an unknown path.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(RequestError::NotFound)
    }

    /// A fault. The log has its cause under the request id.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(FaultKind::Internal)
    }

    /// The error for a method that the route does not have.
    #[must_use]
    pub fn method_not_allowed(allow: &'static str) -> Self {
        let message = format!("This address has no other methods than {allow}.");
        Self { allow: Some(allow), ..Self::with_message(RequestError::MethodNotAllowed, message) }
    }

    /// The error for a request that authentication denied. A fault is logged here, once.
    #[must_use]
    pub fn from_denial(denial: &Denial) -> Self {
        match denial {
            Denial::Unauthenticated => Self::new(RequestError::Unauthenticated),
            Denial::Suspended => Self::new(RequestError::OrganizationSuspended),
            Denial::Throttled { retry_after } => {
                let retry_after = Some(retry_after.as_secs() + 1);
                Self { retry_after, ..Self::new(RequestError::RateLimited) }
            }
            Denial::Overloaded => Self::new(FaultKind::Overloaded),
            Denial::KeysUnknown { retry_after } => {
                let message =
                    "The token cannot be verified now, because the keys of its issuer are not known.";
                let retry_after = Some(retry_after.as_secs() + 1);
                Self { retry_after, ..Self::with_message(FaultKind::Unavailable, message) }
            }
            Denial::Unavailable(fault) => {
                telemetry::log_fault(fault);
                Self::new(fault.kind())
            }
        }
    }

    /// The error for a status that the web framework chose. A client error keeps its status, also one without a kind.
    #[must_use]
    pub fn from_status(status: StatusCode) -> Self {
        let known = [
            RequestError::NotFound,
            RequestError::MethodNotAllowed,
            RequestError::NotAcceptable,
            RequestError::RequestTimeout,
            RequestError::PayloadTooLarge,
            RequestError::UnsupportedMediaType,
            RequestError::HeadersTooLarge,
        ];
        let kind = known.into_iter().map(ErrorKind::from).find(|kind| kind.status() == status);
        match kind {
            Some(kind) => Self::new(kind),
            None if status.is_client_error() => Self { status, ..Self::new(RequestError::BadRequest) },
            None => Self::internal(),
        }
    }

    #[must_use]
    pub fn response(&self, request: &HttpRequest) -> HttpResponse {
        self.response_with_id(&RequestId::current(request))
    }

    #[must_use]
    pub fn response_with_id(&self, request_id: &RequestId) -> HttpResponse {
        RequestRecord::note_error(self.kind);
        self.head().json(ErrorAnswer {
            error: ErrorBody {
                code: self.kind.code(),
                message: self.message.clone(),
                request_id: request_id.as_str().to_owned(),
                fields: self.fields.clone(),
            },
        })
    }

    /// The response without a body.
    pub(super) fn head(&self) -> HttpResponseBuilder {
        let mut response = HttpResponse::build(self.status);
        response.insert_header((CACHE_CONTROL, "no-store"));
        if let Some(allow) = self.allow {
            response.insert_header((ALLOW, allow));
        }
        if let Some(seconds) = self.retry_after {
            response.insert_header((RETRY_AFTER, seconds));
        }
        if self.kind == RequestError::Unauthenticated.into() {
            response.insert_header((WWW_AUTHENTICATE, "Bearer"));
        }
        if let ErrorKind::Request(RequestError::PayloadTooLarge | RequestError::RequestTimeout) = self.kind {
            // The rest of the body is not read, so the connection cannot carry another request.
            response.force_close();
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::known(404, 404, "NOT_FOUND")]
    #[case::client_error(417, 417, "BAD_REQUEST")]
    #[case::server_error(502, 500, FaultKind::Internal.code())]
    fn a_client_error_of_the_framework_keeps_its_status(
        #[case] chosen: u16,
        #[case] status: u16,
        #[case] code: &str,
    ) {
        let error = HttpError::from_status(StatusCode::from_u16(chosen).unwrap());
        assert_eq!((error.head().finish().status().as_u16(), error.kind.code()), (status, code));
    }
}
