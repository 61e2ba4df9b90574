use convene_application::failure::Refusal;
use juniper::{FieldError, IntoFieldError, Object, ScalarValue, Value};

use super::reporter::ReportedFault;

/// The reason why a field has no value. It becomes a top-level error.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum FieldProblem {
    /// The arguments are invalid, or the caller's role does not allow the field.
    Refused(ListedRefusals),
    Fault(ReportedFault),
}

/// The refusals of a field that the response lists, and the number of those that it leaves out.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ListedRefusals {
    pub(crate) refusals: Vec<Refusal>,
    pub(crate) left_out: usize,
}

impl ListedRefusals {
    /// The sentence about the refusals that are left out, if there are any.
    pub(super) fn remark(&self) -> Option<String> {
        (self.left_out > 0).then(|| format!("another {} problems are not listed", self.left_out))
    }
}

impl From<Refusal> for FieldProblem {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(ListedRefusals { refusals: vec![refusal], left_out: 0 })
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
            Self::Refused(listed) => refused(&listed),
            Self::Fault(fault) => FieldError::new(
                fault.message,
                object([
                    ("code", text(fault.kind.code())),
                    ("retryable", Value::scalar(fault.kind.is_retryable())),
                    ("requestId", text(fault.request_id.as_str())),
                ]),
            ),
        }
    }
}

/// One error for all refusals, because a field can have only one. The code is that of the first; several are listed in
/// `problems`.
fn refused<S: ScalarValue>(listed: &ListedRefusals) -> FieldError<S> {
    let refusals = &listed.refusals;
    let messages: Vec<String> = refusals.iter().map(ToString::to_string).chain(listed.remark()).collect();
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
    let (code, field) = refusal.code_and_field();
    let field =
        field.map(|path| ("field", Value::list(path.segments().map(|segment| text(&segment)).collect())));
    [("code", text(code.as_str()))].into_iter().chain(field)
}

fn text<S: ScalarValue>(text: &str) -> Value<S> {
    Value::scalar(text.to_owned())
}

fn object<S: ScalarValue>(entries: impl IntoIterator<Item = (&'static str, Value<S>)>) -> Value<S> {
    Value::object(entries.into_iter().collect::<Object<S>>())
}
