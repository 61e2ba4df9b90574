//! Converts failures of use cases to HTTP errors.

use convene_application::failure::{Failure, FaultKind, Field, Refusal, RefusalCode};

use crate::{
    errors::{
        ErrorKind, INCOMPLETE,
        limits::{MAX_PROBLEMS, keep_first_of_each},
    },
    http::error::{FieldProblem, HttpError},
    telemetry,
};

/// The error for a failure. A fault is logged here, once.
pub(super) fn http_error(failure: Failure) -> HttpError {
    match failure {
        Failure::Refused(refusals) => refused(&refusals),
        Failure::Fault(fault) => {
            telemetry::log_fault(&fault);
            HttpError::new(fault.kind())
        }
    }
}

/// The error for a fault of the answer to a change that was made.
pub(super) fn incomplete(error: HttpError) -> HttpError {
    match error.kind {
        ErrorKind::Fault(_) => HttpError::with_message(FaultKind::OutcomeUnknown, INCOMPLETE),
        ErrorKind::Refusal(_) | ErrorKind::Request(_) => error,
    }
}

/// Invalid input, with the reason for each field. The message says how many reasons are left out.
pub(super) fn invalid(mut fields: Vec<FieldProblem>) -> HttpError {
    let error = HttpError::new(RefusalCode::InvalidInput);
    let left_out = keep_first_of_each(&mut fields, MAX_PROBLEMS, |problem| problem.field.clone());
    if left_out == 0 {
        return HttpError { fields, ..error };
    }
    let message = format!("{} Another {left_out} problems are not listed.", error.message);
    HttpError { fields, message, ..error }
}

/// One error for all refusals. Refusals of fields are listed together; any other refusal is an error of its own.
fn refused(refusals: &[Refusal]) -> HttpError {
    let parts: Result<Vec<FieldProblem>, HttpError> = refusals.iter().map(part).collect();
    parts.map_or_else(|whole| whole, invalid)
}

/// The problem of a field, or the error for a refusal of the whole request.
fn part(refusal: &Refusal) -> Result<FieldProblem, HttpError> {
    match refusal.field_problem() {
        // The path refers to the issue.
        Some((field, _)) if refusal.code() == RefusalCode::NotFound && field.is(Field::IssueId) => {
            Err(HttpError::not_found())
        }
        Some((field, message)) => Ok(FieldProblem { field: field.to_string(), message: message.to_owned() }),
        None => Err(HttpError::with_message(refusal.code(), refusal.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use convene_application::failure::{Fault, Refusals};
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(Fault::Unavailable("lost".into()), 503, "UNAVAILABLE")]
    #[case(Fault::OutcomeUnknown("lost".into()), 503, "OUTCOME_UNKNOWN")]
    #[case(Fault::Overloaded, 503, "OVERLOADED")]
    #[case(Fault::internal("canary"), 500, "INTERNAL")]
    fn a_fault_shows_only_whether_a_retry_may_succeed(
        #[case] fault: Fault,
        #[case] status: u16,
        #[case] code: &str,
    ) {
        let retryable = fault.kind().is_retryable();
        let error = http_error(fault.into());
        assert_eq!((error.kind.status().as_u16(), error.kind.code()), (status, code));
        assert_eq!(error.retry_after.is_some(), retryable);
        assert!(!error.message.contains("canary") && !error.message.contains("lost"));
    }

    #[test]
    fn refused_fields_are_listed_together() {
        let empty = Refusal::invalid(Field::Title, "must not be empty");
        let refusals = Refusals::from(Refusal::not_found(Field::AssigneeId)).after([empty]);
        let error = http_error(refusals.into());
        assert_eq!(error.kind, RefusalCode::InvalidInput.into());
        let fields: Vec<_> = error.fields.iter().map(|problem| problem.field.as_str()).collect();
        assert_eq!(fields, ["title", "assigneeId"]);
    }

    #[test]
    fn the_first_problem_of_each_field_is_listed() {
        let problem = |field: &str| FieldProblem { field: field.to_owned(), message: "is odd".to_owned() };
        let fields = (0..30).map(|_| problem("status")).chain([problem("first"), problem("after")]);
        let error = invalid(fields.collect());
        let listed: Vec<_> = error.fields.iter().map(|problem| problem.field.as_str()).collect();
        assert_eq!(listed[..18], ["status"; 18]);
        assert_eq!(listed[18..], ["first", "after"]);
        assert!(error.message.ends_with("Another 12 problems are not listed."), "{}", error.message);
    }

    #[rstest]
    #[case(Refusal::not_found(Field::IssueId), 404, "NOT_FOUND")]
    #[case(Refusal::AdminOnly, 403, "FORBIDDEN")]
    #[case(Refusal::MembersOnly, 403, "FORBIDDEN")]
    #[case(Refusal::OperatorOnly, 403, "FORBIDDEN")]
    #[case(Refusal::OrganizationSuspended, 403, "ORGANIZATION_SUSPENDED")]
    #[case(Refusal::IdempotencyKeyReused, 422, "IDEMPOTENCY_KEY_REUSED")]
    #[case(Refusal::AlreadyCancelled, 409, "ALREADY_CANCELLED")]
    fn a_refusal_of_the_whole_request_is_an_error_of_its_own(
        #[case] refusal: Refusal,
        #[case] status: u16,
        #[case] code: &str,
    ) {
        let empty = Refusal::invalid(Field::Title, "must not be empty");
        let error = http_error(Refusals::from(refusal).after([empty]).into());
        assert_eq!((error.kind.status().as_u16(), error.kind.code()), (status, code));
        assert!(error.fields.is_empty());
    }
}
