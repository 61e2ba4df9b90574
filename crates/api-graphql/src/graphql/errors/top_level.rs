use convene_application::failure::{Failure, Fault, Refusal};
use juniper::{FieldError, IntoFieldError, Object, ScalarValue, Value};

use super::user_error::code_and_field;
use crate::{request_id::RequestId, telemetry};

/// A fault that is in the log, with what a caller may know of it. It may spoil several fields; it is logged once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReportedFault {
    code: &'static str,
    message: &'static str,
    retryable: bool,
    request_id: RequestId,
}

impl ReportedFault {
    /// Writes a fault to the log. To be called once for each fault.
    pub(crate) fn report(fault: &Fault, request_id: &RequestId) -> Self {
        telemetry::log_fault(fault, request_id);
        let (code, message) = match fault {
            Fault::Unavailable(_) => ("UNAVAILABLE", "The service can't answer right now; try again."),
            Fault::OutcomeUnknown(_) => (
                "OUTCOME_UNKNOWN",
                "The change may or may not have been made; repeat it with the same idempotencyKey.",
            ),
            Fault::Overloaded => ("OVERLOADED", "Too much is going on; nothing was changed. Try again."),
            Fault::Internal(_) => ("INTERNAL", "Something went wrong on the server."),
        };
        Self { code, message, retryable: fault.is_retryable(), request_id: request_id.clone() }
    }
}

/// Why a field has no value. Becomes a top-level error.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum FieldProblem {
    /// The arguments are wrong, or the caller's role does not allow the field.
    Refused(Vec<Refusal>),
    /// The credentials name no organization, and the field belongs to one.
    NoOrganization,
    /// The machinery failed.
    Fault(ReportedFault),
}

impl FieldProblem {
    /// What a use case, or the check of the arguments, answered with.
    pub(crate) fn from_failure(failure: Failure, request_id: &RequestId) -> Self {
        match failure {
            Failure::Refused(refusals) => Self::Refused(refusals),
            Failure::Fault(fault) => Self::Fault(ReportedFault::report(&fault, request_id)),
        }
    }
}

impl From<Refusal> for FieldProblem {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(vec![refusal])
    }
}

impl From<ReportedFault> for FieldProblem {
    fn from(fault: ReportedFault) -> Self {
        Self::Fault(fault)
    }
}

impl<S: ScalarValue> IntoFieldError<S> for FieldProblem {
    fn into_field_error(self) -> FieldError<S> {
        match self {
            Self::Refused(refusals) => refused(&refusals),
            Self::NoOrganization => {
                let message = "The credentials name no organization.";
                FieldError::new(message, object([("code", text("FORBIDDEN"))]))
            }
            Self::Fault(fault) => FieldError::new(
                fault.message,
                object([
                    ("code", text(fault.code)),
                    ("retryable", Value::scalar(fault.retryable)),
                    ("requestId", text(fault.request_id.as_str())),
                ]),
            ),
        }
    }
}

/// One error for all refusals: a field can only have one. The first gives the code; where there are several, all of
/// them are in `problems`.
fn refused<S: ScalarValue>(refusals: &[Refusal]) -> FieldError<S> {
    let messages: Vec<String> = refusals.iter().map(ToString::to_string).collect();
    let mut entries: Vec<_> = refusals.first().map(code_and_path).into_iter().flatten().collect();
    if refusals.len() > 1 {
        let problem = |refusal: &Refusal| {
            object(code_and_path(refusal).chain([("message", text(&refusal.to_string()))]))
        };
        entries.push(("problems", Value::list(refusals.iter().map(problem).collect())));
    }
    FieldError::new(messages.join("; "), object(entries))
}

fn code_and_path<S: ScalarValue>(
    refusal: &Refusal,
) -> impl Iterator<Item = (&'static str, Value<S>)> + use<S> {
    let (code, field) = code_and_field(refusal);
    let field =
        field.map(|path| ("field", Value::list(path.segments().map(|segment| text(&segment)).collect())));
    [("code", text(&code.name()))].into_iter().chain(field)
}

fn text<S: ScalarValue>(text: &str) -> Value<S> {
    Value::scalar(text.to_owned())
}

fn object<S: ScalarValue>(entries: impl IntoIterator<Item = (&'static str, Value<S>)>) -> Value<S> {
    Value::object(entries.into_iter().collect::<Object<S>>())
}
