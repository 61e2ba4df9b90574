//! From failures of use cases to errors of HTTP.

use actix_web::http::StatusCode;
use convene_application::failure::{Failure, Fault, Field, Refusal};

use crate::{
    http::error::{FieldProblem, HttpError},
    request_id::RequestId,
    telemetry,
};

/// The error for a failure. A fault is logged here, once.
pub(super) fn http_error(failure: Failure, request_id: &RequestId) -> HttpError {
    match failure {
        Failure::Refused(refusals) => refused(&refusals),
        Failure::Fault(fault) => {
            telemetry::log_fault(&fault, request_id);
            match fault {
                Fault::Unavailable(_) => unavailable(),
                Fault::OutcomeUnknown(_) => outcome_unknown(),
                Fault::Overloaded => retry_later("OVERLOADED", "Too much is going on; try again."),
                Fault::Internal(_) => HttpError::internal(),
            }
        }
    }
}

/// Invalid input, with the reason for each field.
pub(super) fn invalid(fields: Vec<FieldProblem>) -> HttpError {
    let error = HttpError::new(StatusCode::BAD_REQUEST, "INVALID_INPUT", "The request is not valid.");
    HttpError { fields, ..error }
}

/// The service does not answer right now; nothing was changed.
pub(super) fn unavailable() -> HttpError {
    retry_later("UNAVAILABLE", "The service cannot answer right now; try again.")
}

/// What a repeated change had made has been deleted since, so it cannot be shown again.
pub(super) fn gone() -> HttpError {
    let message = "What was made under this Idempotency-Key has been deleted since.";
    HttpError::new(StatusCode::GONE, "GONE", message)
}

/// The change may or may not have happened.
pub(super) fn outcome_unknown() -> HttpError {
    let message = "The change may or may not have been made; repeat it with the same Idempotency-Key.";
    retry_later("OUTCOME_UNKNOWN", message)
}

/// The caller may not do this.
fn forbidden(message: &str) -> HttpError {
    HttpError::new(StatusCode::FORBIDDEN, "FORBIDDEN", message)
}

fn retry_later(code: &'static str, message: &str) -> HttpError {
    let error = HttpError::new(StatusCode::SERVICE_UNAVAILABLE, code, message);
    HttpError { retry_after: Some(1), ..error }
}

/// One error for all refusals. What is wrong with single fields is told together; anything else stands alone.
fn refused(refusals: &[Refusal]) -> HttpError {
    let whole = refusals.iter().find_map(about_the_whole);
    whole.unwrap_or_else(|| invalid(refusals.iter().filter_map(about_a_field).collect()))
}

fn about_the_whole(refusal: &Refusal) -> Option<HttpError> {
    match refusal {
        Refusal::NotFound { field } if field.is(Field::IssueId) => Some(HttpError::not_found()),
        Refusal::InvalidInput { .. } | Refusal::NotFound { .. } => None,
        Refusal::AdminOnly => Some(forbidden("Only an ADMIN of the organization may do this.")),
        Refusal::MembersOnly => Some(forbidden("Only a member of the organization may do this.")),
        Refusal::OperatorOnly => Some(forbidden("Only the platform's operator may do this.")),
        Refusal::IdempotencyKeyReused => Some(HttpError::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "IDEMPOTENCY_KEY_REUSED",
            "This Idempotency-Key was used with another request.",
        )),
        // Nothing else is about issues; should it come to be, it is a state that stands in the way.
        other => {
            let message = format!("This cannot be done: {other}.");
            Some(HttpError::new(StatusCode::CONFLICT, "CONFLICT", message))
        }
    }
}

fn about_a_field(refusal: &Refusal) -> Option<FieldProblem> {
    match refusal {
        Refusal::InvalidInput { field, message } => {
            Some(FieldProblem { field: field.to_string(), message: message.clone() })
        }
        Refusal::NotFound { field } => Some(FieldProblem {
            field: field.to_string(),
            message: String::from("refers to nothing that exists"),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use actix_web::{HttpMessage, test::TestRequest};
    use rstest::rstest;

    use super::*;

    fn error(failure: Failure) -> HttpError {
        let request = TestRequest::default().to_http_request();
        request.extensions_mut().clear();
        http_error(failure, &RequestId::current(&request))
    }

    #[rstest]
    #[case(Fault::Unavailable("lost".into()), 503, "UNAVAILABLE")]
    #[case(Fault::OutcomeUnknown("lost".into()), 503, "OUTCOME_UNKNOWN")]
    #[case(Fault::Overloaded, 503, "OVERLOADED")]
    #[case(Fault::internal("canary"), 500, "INTERNAL")]
    fn faults_tell_only_whether_to_try_again(#[case] fault: Fault, #[case] status: u16, #[case] code: &str) {
        let retryable = fault.is_retryable();
        let error = error(fault.into());
        assert_eq!((error.status.as_u16(), error.code), (status, code));
        assert_eq!(error.retry_after.is_some(), retryable);
        assert!(!error.message.contains("canary") && !error.message.contains("lost"));
    }

    #[test]
    fn what_is_wrong_with_fields_is_told_together() {
        let refusals =
            vec![Refusal::invalid(Field::Title, "must not be empty"), Refusal::not_found(Field::AssigneeId)];
        let error = error(Failure::Refused(refusals));
        assert_eq!((error.status, error.code), (StatusCode::BAD_REQUEST, "INVALID_INPUT"));
        let fields: Vec<_> = error.fields.iter().map(|problem| problem.field.as_str()).collect();
        assert_eq!(fields, ["title", "assigneeId"]);
    }

    #[rstest]
    #[case(Refusal::not_found(Field::IssueId), 404, "NOT_FOUND")]
    #[case(Refusal::AdminOnly, 403, "FORBIDDEN")]
    #[case(Refusal::MembersOnly, 403, "FORBIDDEN")]
    #[case(Refusal::OperatorOnly, 403, "FORBIDDEN")]
    #[case(Refusal::IdempotencyKeyReused, 422, "IDEMPOTENCY_KEY_REUSED")]
    #[case(Refusal::AlreadyCancelled, 409, "CONFLICT")]
    fn what_is_about_the_whole_stands_alone(
        #[case] refusal: Refusal,
        #[case] status: u16,
        #[case] code: &str,
    ) {
        let error =
            error(Failure::Refused(vec![Refusal::invalid(Field::Title, "must not be empty"), refusal]));
        assert_eq!((error.status.as_u16(), error.code), (status, code));
        assert!(error.fields.is_empty());
    }
}
