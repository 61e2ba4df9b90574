//! The table of errors: the HTTP status, the outcome, the code and the message of each error that a caller may receive,
//! and whether a repeat may succeed.
//!
//! Codes and messages of refusals and faults come from the application crate; this file adds their status and outcome, and
//! the errors of requests that reach no use case. GraphQL and REST render both.

pub mod limits;
mod outcome;

use actix_web::http::StatusCode;
use convene_application::failure::{FaultKind, RefusalCode};

pub use self::outcome::Outcome;

/// The message of a fault below the payload of a mutation that may have changed something.
pub const INCOMPLETE: &str =
    "The mutation was executed, but its answer is incomplete. Repeat it with the same idempotency key.";

/// The values of an error.
#[derive(Clone, Copy)]
struct Row {
    status: StatusCode,
    outcome: Outcome,
    is_retryable: bool,
    code: &'static str,
    message: &'static str,
}

macro_rules! request_errors {
    ($($error:ident($status:ident, $outcome:ident, $retryable:literal, $code:literal, $message:literal);)*) => {
        /// An error of a request that reaches no use case.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum RequestError {
            $($error,)*
        }

        impl RequestError {
            #[cfg(test)]
            const ALL: &[Self] = &[$(Self::$error,)*];

            const fn row(self) -> Row {
                match self {
                    $(Self::$error => Row {
                        status: StatusCode::$status,
                        outcome: Outcome::$outcome,
                        is_retryable: $retryable,
                        code: $code,
                        message: $message,
                    },)*
                }
            }
        }
    };
}

// Status, outcome, "is retryable", code, and the message unless a more specific one is known.
request_errors!(
    BadRequest(BAD_REQUEST, Invalid, false, "BAD_REQUEST", "The request is not valid.");
    Unauthenticated(UNAUTHORIZED, Denied, false, "UNAUTHENTICATED", "The credentials are missing or not valid.");
    OrganizationSuspended(FORBIDDEN, Denied, false, "ORGANIZATION_SUSPENDED",
        "The organization is suspended. Only the platform's operator has access.");
    NotFound(NOT_FOUND, Refused, false, "NOT_FOUND", "There is nothing at this address.");
    MethodNotAllowed(METHOD_NOT_ALLOWED, Invalid, false, "METHOD_NOT_ALLOWED",
        "This address does not have the method of the request.");
    NotAcceptable(NOT_ACCEPTABLE, Invalid, false, "NOT_ACCEPTABLE",
        "Accept has to allow application/json or application/graphql-response+json.");
    RequestTimeout(REQUEST_TIMEOUT, Invalid, false, "REQUEST_TIMEOUT", "The body did not arrive in time.");
    Gone(GONE, Refused, false, "GONE", "The issue that was created with this idempotency key has been deleted since.");
    PreconditionFailed(PRECONDITION_FAILED, Refused, false, "PRECONDITION_FAILED",
        "A condition in the headers of the request does not hold.");
    PayloadTooLarge(PAYLOAD_TOO_LARGE, Invalid, false, "PAYLOAD_TOO_LARGE", "The body is too large.");
    UnsupportedMediaType(UNSUPPORTED_MEDIA_TYPE, Invalid, false, "UNSUPPORTED_MEDIA_TYPE",
        "The media type of the body is not supported.");
    RateLimited(TOO_MANY_REQUESTS, Denied, true, "RATE_LIMITED",
        "There were too many requests. Wait for the time in Retry-After.");
    HeadersTooLarge(REQUEST_HEADER_FIELDS_TOO_LARGE, Invalid, false, "HEADERS_TOO_LARGE", "The headers are too large.");
    NotReady(SERVICE_UNAVAILABLE, Failed, true, "NOT_READY", "The server is not ready.");
    ParseFailed(BAD_REQUEST, Invalid, false, "GRAPHQL_PARSE_FAILED", "The document has a syntax error.");
    ValidationFailed(BAD_REQUEST, Invalid, false, "GRAPHQL_VALIDATION_FAILED",
        "The document does not match the schema.");
    OperationNotFound(BAD_REQUEST, Invalid, false, "OPERATION_NOT_FOUND",
        "The document has no operation of that name.");
    QueryLimitExceeded(BAD_REQUEST, Invalid, false, "QUERY_LIMIT_EXCEEDED", "The document exceeds a limit.");
    IntrospectionDisabled(BAD_REQUEST, Refused, false, "INTROSPECTION_DISABLED",
        "Introspection of the schema is disabled on this server.");
    // The client sends the text next, so this is no error. Clients compare the message.
    PersistedQueryNotFound(OK, Refused, false, "PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound");
    PersistedQueryMismatch(BAD_REQUEST, Invalid, false, "PERSISTED_QUERY_MISMATCH",
        "The hash in `extensions.persistedQuery` is not that of `query`.");
    DocumentNotTrusted(BAD_REQUEST, Refused, false, "DOCUMENT_NOT_TRUSTED",
        "This server runs trusted documents only, and this is none of them.");
);

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
        self.row().code
    }

    /// The message, unless a more specific one is known.
    #[must_use]
    pub const fn message(self) -> &'static str {
        self.row().message
    }

    #[must_use]
    pub const fn status(self) -> StatusCode {
        self.row().status
    }

    /// Returns true if the same request may succeed later without a change.
    #[must_use]
    pub const fn is_retryable(self) -> bool {
        self.row().is_retryable
    }

    /// The outcome of an operation with this error.
    #[must_use]
    pub const fn outcome(self) -> Outcome {
        self.row().outcome
    }

    /// The refusal or the fault with this code.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        let refusals = RefusalCode::ALL.iter().copied().map(Self::from);
        refusals.chain(FaultKind::ALL.map(Self::from)).find(|kind| kind.code() == code)
    }

    const fn row(self) -> Row {
        match self {
            Self::Refusal(code) => refusal_row(code),
            Self::Fault(kind) => fault_row(kind),
            Self::Request(error) => error.row(),
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

const fn refusal_row(code: RefusalCode) -> Row {
    let (status, outcome) = match code {
        RefusalCode::InvalidInput => (StatusCode::BAD_REQUEST, Outcome::Invalid),
        RefusalCode::Forbidden | RefusalCode::OrganizationSuspended => {
            (StatusCode::FORBIDDEN, Outcome::Denied)
        }
        RefusalCode::NotFound => (StatusCode::NOT_FOUND, Outcome::Refused),
        RefusalCode::IdempotencyKeyReused => (StatusCode::UNPROCESSABLE_ENTITY, Outcome::Refused),
        RefusalCode::VersionConflict => (StatusCode::PRECONDITION_FAILED, Outcome::Refused),
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
        | RefusalCode::NotCancelled => (StatusCode::CONFLICT, Outcome::Refused),
    };
    // Each refusal has a message of its own; this one is the summary of a list of refusals.
    let message = RequestError::BadRequest.row().message;
    Row { status, outcome, is_retryable: false, code: code.as_str(), message }
}

const fn fault_row(kind: FaultKind) -> Row {
    let status = match kind {
        FaultKind::Unavailable | FaultKind::OutcomeUnknown | FaultKind::Overloaded => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        FaultKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let (code, message, is_retryable) = (kind.code(), kind.message(), kind.is_retryable());
    Row { status, outcome: Outcome::Failed, is_retryable, code, message }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_table_of_codes_and_statuses_is_the_one_in_the_documents() {
        let (_, errors) = include_str!("../../../../docs/api.md").split_once("\n## Errors\n").unwrap();
        let (errors, _) = errors.split_once("\n## ").unwrap();
        let documented: BTreeSet<(&str, u16)> = errors
            .lines()
            .filter_map(|line| {
                let (code, rest) = line.strip_prefix("| `")?.split_once("` | ")?;
                Some((code, rest.split(' ').next()?.parse().ok()?))
            })
            .collect();
        let refusals = RefusalCode::ALL.iter().copied().map(ErrorKind::from);
        let faults = FaultKind::ALL.into_iter().map(ErrorKind::from);
        let requests = RequestError::ALL.iter().copied().map(ErrorKind::from);
        let in_code = refusals.chain(faults).chain(requests);
        assert_eq!(documented, in_code.map(|kind| (kind.code(), kind.status().as_u16())).collect());
    }

    #[test]
    fn every_fault_is_failed_and_no_refusal_is() {
        assert!(FaultKind::ALL.into_iter().all(|kind| ErrorKind::from(kind).outcome() == Outcome::Failed));
        let refusals = RefusalCode::ALL.iter().map(|code| ErrorKind::from(*code));
        assert!(refusals.clone().all(|kind| kind.outcome() < Outcome::Failed));
        for kind in refusals.chain(FaultKind::ALL.into_iter().map(ErrorKind::from)) {
            assert_eq!(ErrorKind::of_code(kind.code()), Some(kind));
        }
    }

    #[test]
    fn denied_operations_have_the_statuses_401_403_and_429() {
        let requests = [RequestError::Unauthenticated, RequestError::RateLimited].map(ErrorKind::from);
        let denied = requests.into_iter().chain([RefusalCode::Forbidden.into()]);
        let statuses =
            denied.filter(|kind| kind.outcome() == Outcome::Denied).map(|kind| kind.status().as_u16());
        assert_eq!(statuses.collect::<Vec<_>>(), [401, 429, 403]);
    }
}
