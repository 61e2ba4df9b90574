//! The table of errors: the HTTP status, the code and the message of each error that a caller may receive.
//!
//! Codes and messages of refusals and faults come from the application crate; this file adds their HTTP status, and
//! the errors of requests that reach no use case. GraphQL and REST render both.

pub mod limits;
mod outcome;

use actix_web::http::StatusCode;
use convene_application::failure::{FaultKind, RefusalCode};

pub use self::outcome::Outcome;

/// An error of a request that reaches no use case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestError {
    BadRequest,
    Unauthenticated,
    OrganizationSuspended,
    NotFound,
    MethodNotAllowed,
    NotAcceptable,
    RequestTimeout,
    Gone,
    PreconditionFailed,
    PayloadTooLarge,
    UnsupportedMediaType,
    RateLimited,
    HeadersTooLarge,
    NotReady,
    ParseFailed,
    ValidationFailed,
    OperationNotFound,
    QueryLimitExceeded,
    IntrospectionDisabled,
    PersistedQueryNotFound,
    PersistedQueryMismatch,
    DocumentNotTrusted,
}

impl RequestError {
    const fn row(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::BadRequest => (StatusCode::BAD_REQUEST, "BAD_REQUEST", "The request is not valid."),
            Self::Unauthenticated => {
                (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", "The credentials are missing or not valid.")
            }
            Self::OrganizationSuspended => (
                StatusCode::FORBIDDEN,
                "ORGANIZATION_SUSPENDED",
                "The organization is suspended. Only the platform's operator has access.",
            ),
            Self::NotFound => (StatusCode::NOT_FOUND, "NOT_FOUND", "There is nothing at this address."),
            Self::MethodNotAllowed => (
                StatusCode::METHOD_NOT_ALLOWED,
                "METHOD_NOT_ALLOWED",
                "This address does not have the method of the request.",
            ),
            Self::NotAcceptable => (
                StatusCode::NOT_ACCEPTABLE,
                "NOT_ACCEPTABLE",
                "Accept has to allow application/json or application/graphql-response+json.",
            ),
            Self::RequestTimeout => {
                (StatusCode::REQUEST_TIMEOUT, "REQUEST_TIMEOUT", "The body did not arrive in time.")
            }
            Self::Gone => (
                StatusCode::GONE,
                "GONE",
                "The issue that was created with this idempotency key has been deleted since.",
            ),
            Self::PreconditionFailed => (
                StatusCode::PRECONDITION_FAILED,
                "PRECONDITION_FAILED",
                "A condition in the headers of the request does not hold.",
            ),
            Self::PayloadTooLarge => {
                (StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE", "The body is too large.")
            }
            Self::UnsupportedMediaType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "UNSUPPORTED_MEDIA_TYPE",
                "The media type of the body is not supported.",
            ),
            Self::RateLimited => (
                StatusCode::TOO_MANY_REQUESTS,
                "RATE_LIMITED",
                "There were too many requests. Wait for the time in Retry-After.",
            ),
            Self::HeadersTooLarge => (
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "HEADERS_TOO_LARGE",
                "The headers are too large.",
            ),
            Self::NotReady => (StatusCode::SERVICE_UNAVAILABLE, "NOT_READY", "The server is not ready."),
            Self::ParseFailed => {
                (StatusCode::BAD_REQUEST, "GRAPHQL_PARSE_FAILED", "The document has a syntax error.")
            }
            Self::ValidationFailed => (
                StatusCode::BAD_REQUEST,
                "GRAPHQL_VALIDATION_FAILED",
                "The document does not match the schema.",
            ),
            Self::OperationNotFound => (
                StatusCode::BAD_REQUEST,
                "OPERATION_NOT_FOUND",
                "The document has no operation of that name.",
            ),
            Self::QueryLimitExceeded => {
                (StatusCode::BAD_REQUEST, "QUERY_LIMIT_EXCEEDED", "The document exceeds a limit.")
            }
            Self::IntrospectionDisabled => (
                StatusCode::BAD_REQUEST,
                "INTROSPECTION_DISABLED",
                "Introspection of the schema is disabled on this server.",
            ),
            // The client sends the text next, so this is no error. Clients compare the message.
            Self::PersistedQueryNotFound => {
                (StatusCode::OK, "PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")
            }
            Self::PersistedQueryMismatch => (
                StatusCode::BAD_REQUEST,
                "PERSISTED_QUERY_MISMATCH",
                "The hash in `extensions.persistedQuery` is not that of `query`.",
            ),
            Self::DocumentNotTrusted => (
                StatusCode::BAD_REQUEST,
                "DOCUMENT_NOT_TRUSTED",
                "This server runs trusted documents only, and this is none of them.",
            ),
        }
    }
}

/// A row of the table of errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    Refusal(RefusalCode),
    Fault(FaultKind),
    Request(RequestError),
}

impl ErrorKind {
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Refusal(code) => code.as_str(),
            Self::Fault(kind) => kind.code(),
            Self::Request(error) => error.row().1,
        }
    }

    /// The message, unless a more specific one is known.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            // Each refusal has a message of its own; this one is the summary of a list of refusals.
            Self::Refusal(_) => RequestError::BadRequest.row().2,
            Self::Fault(kind) => kind.message(),
            Self::Request(error) => error.row().2,
        }
    }

    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::Refusal(code) => refusal_status(code),
            Self::Fault(FaultKind::Unavailable | FaultKind::OutcomeUnknown | FaultKind::Overloaded) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Fault(FaultKind::Internal) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Request(error) => error.row().0,
        }
    }

    /// Returns true if the same request may succeed later without a change.
    #[must_use]
    pub const fn is_retryable(self) -> bool {
        match self {
            Self::Refusal(_) => false,
            Self::Fault(kind) => kind.is_retryable(),
            Self::Request(error) => matches!(error, RequestError::RateLimited | RequestError::NotReady),
        }
    }
}

impl From<RefusalCode> for ErrorKind {
    fn from(code: RefusalCode) -> Self {
        Self::Refusal(code)
    }
}

impl From<FaultKind> for ErrorKind {
    fn from(kind: FaultKind) -> Self {
        Self::Fault(kind)
    }
}

impl From<RequestError> for ErrorKind {
    fn from(error: RequestError) -> Self {
        Self::Request(error)
    }
}

const fn refusal_status(code: RefusalCode) -> StatusCode {
    match code {
        RefusalCode::InvalidInput => StatusCode::BAD_REQUEST,
        RefusalCode::Forbidden => StatusCode::FORBIDDEN,
        RefusalCode::NotFound => StatusCode::NOT_FOUND,
        RefusalCode::IdempotencyKeyReused => StatusCode::UNPROCESSABLE_ENTITY,
        RefusalCode::VersionConflict => StatusCode::PRECONDITION_FAILED,
        RefusalCode::AlreadyExists
        | RefusalCode::OccurrenceFull
        | RefusalCode::ScheduleConflict
        | RefusalCode::AlreadyRegistered
        | RefusalCode::RegistrationNotOpen
        | RefusalCode::RegistrationClosed
        | RefusalCode::OccurrenceCancelled
        | RefusalCode::EventCancelled
        | RefusalCode::CancellationClosed
        | RefusalCode::AlreadyCancelled
        | RefusalCode::EventIsRecurring
        | RefusalCode::CapacityBelowRegistrations
        | RefusalCode::RegistrationsAffected
        | RefusalCode::LimitExceeded
        | RefusalCode::LastAdmin
        | RefusalCode::NotCancelled => StatusCode::CONFLICT,
    }
}
