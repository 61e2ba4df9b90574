//! Bodies of requests and answers.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::rest::input::Given;

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
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::rest) struct NewIssue {
    /// The subject: one line, trimmed.
    #[serde(default)]
    #[schema(value_type = String, required, min_length = 1, max_length = 200, example = "Fix login bug")]
    pub(in crate::rest) title: Given,
    /// The details.
    #[serde(default)]
    #[schema(value_type = String, max_length = 10_000, example = "Users cannot log in")]
    pub(in crate::rest) description: Given,
    /// The priority; MEDIUM if left out.
    #[serde(default)]
    #[schema(value_type = Priority)]
    pub(in crate::rest) priority: Given,
    /// The user id of the member who takes care of it.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 255)]
    pub(in crate::rest) assignee_id: Given,
    /// The status: OPEN, as of every new issue.
    #[serde(default)]
    #[schema(value_type = NewStatus)]
    pub(in crate::rest) status: Given,
}

/// Changes of an issue. Fields that are left out stay as they are; fields that are not listed are refused.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::rest) struct IssueChanges {
    /// The subject: one line, trimmed.
    #[serde(default)]
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    pub(in crate::rest) title: Given,
    /// The details.
    #[serde(default)]
    #[schema(value_type = String, max_length = 10_000)]
    pub(in crate::rest) description: Given,
    /// The progress.
    #[serde(default)]
    #[schema(value_type = Status, example = "IN_PROGRESS")]
    pub(in crate::rest) status: Given,
    /// The priority.
    #[serde(default)]
    #[schema(value_type = Priority)]
    pub(in crate::rest) priority: Given,
    /// The user id of the member who takes care of it; null for nobody.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 255)]
    pub(in crate::rest) assignee_id: Given,
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
