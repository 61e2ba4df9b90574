//! What goes over the wire. These types describe; the values are read and written elsewhere.

use serde::Deserialize;
use utoipa::ToSchema;

/// How far an issue is.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(in crate::rest) enum Status {
    /// Reported.
    Open,
    /// Somebody works on it.
    InProgress,
    /// Settled.
    Done,
}

/// How pressing an issue is.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(in crate::rest) enum Priority {
    /// It can wait.
    Low,
    /// The usual.
    Medium,
    /// Before all else.
    High,
}

/// The status of an issue that is new.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum NewStatus {
    /// Reported.
    Open,
}

/// An issue to be reported. Fields that are not listed are refused.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "it describes values that are made elsewhere")]
pub(in crate::rest) struct NewIssue {
    /// What it is about: one line, trimmed.
    #[schema(min_length = 1, max_length = 200, example = "Fix login bug")]
    title: String,
    /// The details.
    #[schema(required = false, max_length = 10_000, example = "Users cannot log in")]
    description: String,
    /// How pressing it is; MEDIUM if left out.
    #[schema(required = false)]
    priority: Priority,
    /// The user id of the member who takes care of it.
    #[schema(min_length = 1, max_length = 255)]
    assignee_id: Option<String>,
    /// OPEN, as every new issue is.
    #[schema(required = false)]
    status: NewStatus,
}

/// What to change of an issue. What is left out stays; fields that are not listed are refused.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "it describes values that are made elsewhere")]
pub(in crate::rest) struct IssueChanges {
    /// What it is about: one line, trimmed.
    #[schema(required = false, min_length = 1, max_length = 200)]
    title: String,
    /// The details.
    #[schema(required = false, max_length = 10_000)]
    description: String,
    /// How far it is.
    #[schema(required = false, example = "IN_PROGRESS")]
    status: Status,
    /// How pressing it is.
    #[schema(required = false)]
    priority: Priority,
    /// The user id of the member who takes care of it; null for nobody.
    #[schema(min_length = 1, max_length = 255)]
    assignee_id: Option<String>,
}

/// What every error looks like.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes values that are made elsewhere")]
pub(in crate::rest) struct Error {
    error: ErrorBody,
}

/// Why a request was refused or failed.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes values that are made elsewhere")]
struct ErrorBody {
    /// The reason, for programs.
    #[schema(example = "INVALID_INPUT")]
    code: String,
    /// The reason, for people.
    message: String,
    /// The request, as the server's log names it.
    request_id: String,
    /// What is wrong with the input, part by part; all of it at once.
    #[schema(required = false)]
    fields: Vec<Field>,
}

/// A part of the input that is wrong.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes values that are made elsewhere")]
struct Field {
    /// Which.
    field: String,
    /// Why, to be read after its name.
    message: String,
}
