//! Issues in responses.

use std::collections::HashMap;

use convene_application::{caller::Caller, member::IncludeRemoved};
use convene_domain::{id::MemberId, issue::Issue, time::Instant};
use serde::Serialize;
use time::macros::format_description;
use utoipa::ToSchema;

use super::fields::Assignee;
use crate::{
    http::error::HttpError,
    rest::{
        call::Call,
        failure::http_error,
        precondition,
        schemas::{Priority, Status},
    },
};

/// An issue of an organization.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Issue)]
pub(in crate::rest) struct IssueAnswer {
    /// The number within the organization: 1, 2, 3 and so on.
    #[schema(minimum = 1)]
    id: u32,
    /// The title.
    #[schema(min_length = 1, max_length = 200)]
    title: String,
    /// The description; possibly empty.
    #[schema(max_length = 10_000)]
    description: String,
    /// The status.
    status: Status,
    /// The priority.
    priority: Priority,
    /// The user id of the assigned member.
    #[schema(required)]
    assignee_id: Option<String>,
    /// The id of the organization.
    organization_id: String,
    /// The time of creation.
    #[schema(format = DateTime)]
    created_at: String,
    /// The time of the last change.
    #[schema(format = DateTime)]
    updated_at: String,
    #[serde(skip)]
    version: u32,
}

impl IssueAnswer {
    pub(super) const fn number(&self) -> u32 {
        self.id
    }

    /// The entity tag of this answer.
    pub(super) fn etag(&self) -> String {
        precondition::etag(self.version, self.assignee_id.as_deref())
    }
}

/// Converts issues for a response. `known` is an assignee who does not have to be looked up.
pub(super) async fn represent(
    call: &Call<'_>,
    caller: &Caller,
    issues: Vec<Issue>,
    known: Option<&Assignee>,
) -> Result<Vec<IssueAnswer>, HttpError> {
    let mut users: HashMap<MemberId, String> =
        known.map(|known| (known.member, known.user.as_str().to_owned())).into_iter().collect();
    let mut missing: Vec<MemberId> = issues.iter().filter_map(|issue| issue.assignee).collect();
    missing.retain(|member| !users.contains_key(member));
    missing.sort_unstable();
    missing.dedup();
    if !missing.is_empty() {
        // A removed member is shown as long as an issue is assigned to them.
        let members = call.use_cases().get_members.execute(caller, &missing, IncludeRemoved::Yes).await;
        let members = members.map_err(http_error)?;
        users.extend(members.into_iter().map(|member| (member.id, member.user_id.as_str().to_owned())));
    }
    let organization = caller.scope().organization().to_string();
    let show = |issue: Issue| IssueAnswer {
        id: issue.number,
        title: issue.title.into_string(),
        description: issue.description.into_string(),
        status: issue.status.into(),
        priority: issue.priority.into(),
        assignee_id: issue.assignee.and_then(|member| users.get(&member).cloned()),
        organization_id: organization.clone(),
        created_at: rfc3339(issue.created_at),
        updated_at: rfc3339(issue.updated_at),
        version: issue.version,
    };
    Ok(issues.into_iter().map(show).collect())
}

/// Converts one issue for a response.
pub(super) async fn represent_one(
    call: &Call<'_>,
    caller: &Caller,
    issue: Issue,
    known: Option<&Assignee>,
) -> Result<IssueAnswer, HttpError> {
    let shown = represent(call, caller, vec![issue], known).await?;
    shown.into_iter().next().ok_or_else(HttpError::internal)
}

/// The instant in UTC and to the second, as in all responses.
fn rfc3339(instant: Instant) -> String {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
    // Formatting fails only if a component is missing; an instant has all of them.
    instant.format(format).unwrap_or_default()
}
