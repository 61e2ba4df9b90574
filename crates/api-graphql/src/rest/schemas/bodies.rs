//! Bodies of requests and answers.

use convene_domain::issue::{IssuePriority, IssueStatus};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::rest::input::Given;

/// The status of an issue.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(in crate::rest) enum Status {
    /// The issue was reported.
    Open,
    /// A member works on the issue.
    InProgress,
    /// The issue is resolved.
    Done,
}

impl From<IssueStatus> for Status {
    fn from(status: IssueStatus) -> Self {
        match status {
            IssueStatus::Open => Self::Open,
            IssueStatus::InProgress => Self::InProgress,
            IssueStatus::Done => Self::Done,
        }
    }
}

/// The priority of an issue.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(in crate::rest) enum Priority {
    /// Low priority.
    Low,
    /// Normal priority.
    Medium,
    /// High priority.
    High,
}

impl From<IssuePriority> for Priority {
    fn from(priority: IssuePriority) -> Self {
        match priority {
            IssuePriority::Low => Self::Low,
            IssuePriority::Medium => Self::Medium,
            IssuePriority::High => Self::High,
        }
    }
}

/// The status of an issue that is new.
#[derive(ToSchema)]
#[schema(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(dead_code, reason = "only the document uses it")]
enum NewStatus {
    /// The issue was reported.
    Open,
}

// The fields are read as `Given`, because serde stops at the first value of another type, and all problems are reported.

/// An issue to report. Fields that are not listed are refused.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::rest) struct NewIssue {
    /// The title: one line, trimmed.
    #[serde(default)]
    #[schema(value_type = String, required, min_length = 1, max_length = 200, example = "Fix login bug")]
    pub(in crate::rest) title: Given,
    /// The description.
    #[serde(default)]
    #[schema(value_type = String, max_length = 10_000, example = "Users cannot log in")]
    pub(in crate::rest) description: Given,
    /// The priority; MEDIUM if left out.
    #[serde(default)]
    #[schema(value_type = Priority)]
    pub(in crate::rest) priority: Given,
    /// The user id of the assigned member.
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
    /// The title: one line, trimmed.
    #[serde(default)]
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    pub(in crate::rest) title: Given,
    /// The description.
    #[serde(default)]
    #[schema(value_type = String, max_length = 10_000)]
    pub(in crate::rest) description: Given,
    /// The status.
    #[serde(default)]
    #[schema(value_type = Status, example = "IN_PROGRESS")]
    pub(in crate::rest) status: Given,
    /// The priority.
    #[serde(default)]
    #[schema(value_type = Priority)]
    pub(in crate::rest) priority: Given,
    /// The user id of the assigned member; null removes the assignee.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 255)]
    pub(in crate::rest) assignee_id: Given,
}
