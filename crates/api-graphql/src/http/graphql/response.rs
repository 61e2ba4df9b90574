//! The body of a response: `{"data", "errors", "extensions": {"cost": {"requested", "limit"}, "errorsLeftOut"}}`.

use convene_application::failure::{FaultKind, RefusalCode};
use juniper::{
    DefaultScalarValue, ExecutionError, FieldError, GraphQLError, RuleError, Spanning,
    parser::{ParseError, SourcePosition},
};
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::{Map, Value};

use crate::{
    change_state::ChangeState,
    errors::{
        ErrorKind, INCOMPLETE, RequestError,
        limits::{MAX_ERRORS, MAX_LOCATIONS, shortened},
    },
    graphql::limits::Excess,
    http::operation_type::operation_type_name,
    request_id::RequestId,
    telemetry::{self, RequestRecord},
};

/// An error in a response. It always has an `extensions.code`.
#[derive(Clone, Debug, Serialize)]
pub struct ErrorEntry {
    message: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locations: Vec<Location>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    path: Vec<String>,
    extensions: Map<String, Value>,
    #[serde(skip)]
    kind: ErrorKind,
    #[serde(skip)]
    is_below_payload: bool,
}

/// A position in the document, counted from one.
#[derive(Clone, Copy, Debug, Serialize)]
struct Location {
    line: usize,
    column: usize,
}

impl From<SourcePosition> for Location {
    fn from(position: SourcePosition) -> Self {
        Self { line: position.line() + 1, column: position.column() + 1 }
    }
}

impl ErrorEntry {
    /// An error with the message of its kind, without a location in the document.
    #[must_use]
    pub fn new(kind: impl Into<ErrorKind>) -> Self {
        let kind = kind.into();
        Self::with_message(kind, kind.message())
    }

    /// An error with a message that is more specific than the one of its kind.
    #[must_use]
    pub fn with_message(kind: impl Into<ErrorKind>, message: &str) -> Self {
        let kind = kind.into();
        let extensions = Map::from_iter([(String::from("code"), Value::from(kind.code()))]);
        Self::from_extensions(kind, message, extensions)
    }

    fn from_extensions(kind: ErrorKind, message: &str, extensions: Map<String, Value>) -> Self {
        let message = shortened(message.to_owned());
        Self { message, locations: Vec::new(), path: Vec::new(), extensions, kind, is_below_payload: false }
    }

    /// Adds an extension.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.extensions.insert(name.to_owned(), value.into());
        self
    }

    fn at(mut self, positions: &[SourcePosition]) -> Self {
        self.locations = positions.iter().copied().take(MAX_LOCATIONS).map(Location::from).collect();
        self
    }

    /// The error for a document that exceeds a limit.
    #[must_use]
    pub fn from_excess(excess: &Excess) -> Self {
        let Excess { limit, allowed, actual } = excess;
        let message = match actual {
            Some(actual) => {
                format!("The document exceeds the limit on {limit}: {actual}, of {allowed} allowed.")
            }
            None => format!("The document exceeds the limit on {limit}, which is {allowed}."),
        };
        Self::with_message(RequestError::QueryLimitExceeded, &message)
            .with("limit", *limit)
            .with("allowed", *allowed)
    }

    /// The error for a document that cannot be parsed.
    #[must_use]
    pub fn from_parse_error(error: &Spanning<ParseError>) -> Self {
        let excess = |limit, allowed: usize| Excess {
            limit,
            allowed: u64::try_from(allowed).unwrap_or(u64::MAX),
            actual: None,
        };
        let entry = match &error.item {
            ParseError::TokenLimitExceeded(allowed) => Self::from_excess(&excess("tokens", *allowed)),
            ParseError::DepthLimitExceeded(allowed) => Self::from_excess(&excess("nesting", *allowed)),
            ParseError::FieldLimitExceeded(allowed) => Self::from_excess(&excess("cost", *allowed)),
            syntax => Self::with_message(RequestError::ParseFailed, &syntax.to_string()),
        };
        entry.at(&[error.start()])
    }

    fn from_rule_error(error: &RuleError) -> Self {
        // Suggestions would reveal names of the schema even if introspection is disabled.
        let message = error.message().split(" Did you mean").next().unwrap_or_default();
        Self::with_message(RequestError::ValidationFailed, message).at(error.locations())
    }

    /// Adds the positions of an error with the same message.
    fn also_at(&mut self, positions: &[SourcePosition]) {
        let free = MAX_LOCATIONS.saturating_sub(self.locations.len());
        self.locations.extend(positions.iter().copied().take(free).map(Location::from));
    }

    /// The error for an error of a resolver. `change` is the change of the request if it is a mutation.
    #[must_use]
    pub fn from_execution_error(
        error: &ExecutionError<DefaultScalarValue>,
        request_id: &RequestId,
        change: Option<&ChangeState>,
    ) -> Self {
        let mut entry = Self::from_field_error(error.error(), request_id);
        entry.path = error.path().to_vec();
        // Mutations are the fields at the root.
        if let Some(change) = change
            && entry.path.len() > 1
        {
            // The resolver knows what its fault means for the change.
            if code(error.error()).is_none() && change.has_begun() {
                let incomplete = Self::of_request(FaultKind::OutcomeUnknown, INCOMPLETE, request_id);
                entry = Self { path: entry.path, ..incomplete };
            }
            entry.is_below_payload = true;
        }
        entry.at(&[*error.location()])
    }

    /// The error for the arguments of a field that did not run.
    #[must_use]
    pub fn from_argument_error(
        error: &FieldError<DefaultScalarValue>,
        position: SourcePosition,
        request_id: &RequestId,
    ) -> Self {
        Self::from_field_error(error, request_id).at(&[position])
    }

    /// An error with a code is written for the caller. Without a code, an error about an argument comes from the schema library and
    /// describes the input; all others are internal and go to the log only.
    fn from_field_error(error: &FieldError<DefaultScalarValue>, request_id: &RequestId) -> Self {
        let message = error.message();
        let extensions = serde_json::to_value(error.extensions()).unwrap_or_default();
        match (code(error), extensions) {
            (Some(kind), Value::Object(extensions)) => Self::from_extensions(kind, message, extensions),
            // The library has no other mark for an argument that does not match its type.
            _ if message.starts_with("Failed to convert argument") => {
                Self::with_message(RefusalCode::InvalidInput, message)
            }
            _ => {
                telemetry::log_field(message);
                Self::fault(FaultKind::Internal, request_id)
            }
        }
    }

    /// The error for a fault. The log has its cause under the request id.
    #[must_use]
    pub fn fault(kind: FaultKind, request_id: &RequestId) -> Self {
        Self::of_request(kind, kind.message(), request_id)
    }

    /// The error of a request that was not executed, with the advice on repeats, and with the request id if it is a fault.
    #[must_use]
    pub fn of_request(kind: impl Into<ErrorKind>, message: &str, request_id: &RequestId) -> Self {
        let kind = kind.into();
        let entry = Self::with_message(kind, message);
        match kind {
            ErrorKind::Fault(_) => {
                entry.with("requestId", request_id.as_str()).with("retryable", kind.is_retryable())
            }
            ErrorKind::Request(_) | ErrorKind::Refusal(_) if kind.is_retryable() => {
                entry.with("retryable", true)
            }
            ErrorKind::Request(_) | ErrorKind::Refusal(_) => entry,
        }
    }
}

/// The errors of a response, of which at most [`MAX_ERRORS`] are sent. The first ones explain the others.
#[derive(Clone, Debug, Default)]
pub struct Errors {
    listed: Vec<ErrorEntry>,
    left_out: usize,
}

/// The kind of the error of a resolver, if it has a code. An error of the schema library has data of JSON only, so that the kind has to
/// be found by its code.
fn code(error: &FieldError<DefaultScalarValue>) -> Option<ErrorKind> {
    let extensions = serde_json::to_value(error.extensions()).ok()?;
    ErrorKind::of_code(extensions.get("code")?.as_str()?)
}

impl Errors {
    /// The entries of the first errors.
    #[must_use]
    pub fn of<E>(all: &[E], entry: impl FnMut(&E) -> ErrorEntry) -> Self {
        let listed: Vec<_> = all.iter().take(MAX_ERRORS).map(entry).collect();
        Self { left_out: all.len() - listed.len(), listed }
    }

    /// The errors of validation. Those with the same message become one, because a document can repeat a mistake often.
    fn from_rule_errors(all: &[RuleError]) -> Self {
        let mut errors = Self::default();
        for error in all {
            let entry = ErrorEntry::from_rule_error(error);
            if let Some(known) = errors.listed.iter_mut().find(|known| known.message == entry.message) {
                known.also_at(error.locations());
            } else if errors.listed.len() < MAX_ERRORS {
                errors.listed.push(entry);
            } else {
                errors.left_out += 1;
            }
        }
        errors
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.listed.is_empty()
    }

    /// The kinds of the entries.
    pub fn kinds(&self) -> impl Iterator<Item = ErrorKind> {
        self.listed.iter().map(|entry| entry.kind)
    }

    /// Notes the errors for the log line and the metrics of the request. A mutation was executed, also if the role does not allow a
    /// field below its payload.
    pub(super) fn note(&self) {
        for entry in &self.listed {
            match entry.kind {
                ErrorKind::Refusal(_) if entry.is_below_payload => {
                    RequestRecord::note_refused_below_payload(entry.kind);
                }
                kind => RequestRecord::note_error(kind),
            }
        }
    }

    /// The messages with their positions, for a person.
    #[must_use]
    pub fn summary(&self) -> String {
        let one = |entry: &ErrorEntry| match entry.locations.first() {
            Some(Location { line, column }) => format!("line {line}, column {column}: {}", entry.message),
            None => entry.message.clone(),
        };
        self.listed.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    /// The errors for a request that was not executed.
    #[must_use]
    pub fn from_graphql_error(error: &GraphQLError) -> Self {
        let one = |kind: RequestError, message| ErrorEntry::with_message(kind, message).into();
        match error {
            GraphQLError::ParseError(error) => ErrorEntry::from_parse_error(error).into(),
            GraphQLError::ValidationError(errors) => Self::from_rule_errors(errors),
            GraphQLError::NoOperationProvided => {
                one(RequestError::OperationNotFound, "The document has no operation.")
            }
            GraphQLError::MultipleOperationsProvided => one(
                RequestError::OperationNotFound,
                "The document has several operations; name one in `operationName`.",
            ),
            GraphQLError::UnknownOperationName => ErrorEntry::new(RequestError::OperationNotFound).into(),
            GraphQLError::IsSubscription | GraphQLError::NotSubscription => {
                one(RequestError::BadRequest, "The API has no subscriptions.")
            }
            GraphQLError::NotSupported(kind) => {
                let kind = operation_type_name(*kind);
                one(RequestError::BadRequest, &format!("There is no {kind} in this schema."))
            }
        }
    }
}

impl From<ErrorEntry> for Errors {
    fn from(error: ErrorEntry) -> Self {
        Self { listed: vec![error], left_out: 0 }
    }
}

/// The cost of a document, and the maximum cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Cost {
    /// 0 if the document could not be parsed.
    pub requested: u64,
    pub limit: u64,
}

/// The body of a response.
#[derive(Debug)]
pub struct ResponseBody {
    /// The result; `None` if the operation did not run.
    pub data: Option<juniper::Value<DefaultScalarValue>>,
    pub errors: Errors,
    pub cost: Cost,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Extensions {
    cost: Cost,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors_left_out: Option<usize>,
}

/// The approximate length of a value as JSON.
pub(super) fn approximate_bytes(value: &juniper::Value<DefaultScalarValue>) -> usize {
    const SHORT: usize = 16;
    match value {
        juniper::Value::Scalar(DefaultScalarValue::String(text)) => SHORT + text.len(),
        juniper::Value::Null | juniper::Value::Scalar(_) => SHORT,
        juniper::Value::List(items) => items.iter().map(approximate_bytes).sum(),
        juniper::Value::Object(fields) => {
            fields.iter().map(|(name, value)| name.len() + approximate_bytes(value)).sum()
        }
    }
}

impl ResponseBody {
    /// Returns true if the same request may succeed later without a change.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.errors.kinds().any(ErrorKind::is_retryable)
    }
}

impl Serialize for ResponseBody {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut body = serializer.serialize_map(None)?;
        if !self.errors.is_empty() {
            body.serialize_entry("errors", &self.errors.listed)?;
        }
        if let Some(data) = &self.data {
            body.serialize_entry("data", data)?;
        }
        let left_out = (self.errors.left_out > 0).then_some(self.errors.left_out);
        body.serialize_entry("extensions", &Extensions { cost: self.cost, errors_left_out: left_out })?;
        body.end()
    }
}
