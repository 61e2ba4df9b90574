//! Issues as these routes show them.

use std::collections::HashMap;

use convene_application::{
    caller::{Caller, Identity},
    member::IncludeRemoved,
};
use convene_domain::{id::MemberId, issue::Issue, time::Instant};
use serde::Serialize;
use time::macros::format_description;
use utoipa::ToSchema;

use super::fields::Assignee;
use crate::{auth::CallerResolver, http::error::HttpError, rest::call::Call};

/// An issue of an organization.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Issue)]
pub(in crate::rest) struct IssueAnswer {
    /// 1, 2, 3 ... within the organization.
    #[schema(minimum = 1)]
    id: u32,
    /// What it is about.
    #[schema(min_length = 1, max_length = 200)]
    title: String,
    /// The details; possibly empty.
    #[schema(max_length = 10_000)]
    description: String,
    /// How far it is.
    #[schema(value_type = crate::rest::schemas::Status)]
    status: &'static str,
    /// How pressing it is.
    #[schema(value_type = crate::rest::schemas::Priority)]
    priority: &'static str,
    /// The user id of the member who takes care of it.
    #[schema(required)]
    assignee_id: Option<String>,
    /// The organization.
    organization_id: String,
    /// When it was reported.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it last changed.
    #[schema(format = DateTime)]
    updated_at: String,
}

impl IssueAnswer {
    /// The issue's number.
    pub(super) const fn number(&self) -> u32 {
        self.id
    }
}

/// Issues as they are shown. `known` is an assignee who need not be looked up.
pub(super) async fn represent<R: CallerResolver<Caller = Identity>>(
    call: &Call<'_, R>,
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
        // Who was removed is shown too, where an issue is still theirs.
        let members = call.use_cases().get_members.execute(caller, &missing, IncludeRemoved::Yes).await;
        let members = members.map_err(|failure| call.failed(failure))?;
        users.extend(members.into_iter().map(|member| (member.id, member.user_id.as_str().to_owned())));
    }
    let organization = caller.scope().organization().to_string();
    let show = |issue: Issue| IssueAnswer {
        id: issue.number,
        title: issue.title.into_string(),
        description: issue.description.into_string(),
        status: issue.status.as_str(),
        priority: issue.priority.as_str(),
        assignee_id: issue.assignee.and_then(|member| users.get(&member).cloned()),
        organization_id: organization.clone(),
        created_at: rfc3339(issue.created_at),
        updated_at: rfc3339(issue.updated_at),
    };
    Ok(issues.into_iter().map(show).collect())
}

/// One issue as it is shown.
pub(super) async fn represent_one<R: CallerResolver<Caller = Identity>>(
    call: &Call<'_, R>,
    caller: &Caller,
    issue: Issue,
    known: Option<&Assignee>,
) -> Result<IssueAnswer, HttpError> {
    let shown = represent(call, caller, vec![issue], known).await?;
    shown.into_iter().next().ok_or_else(HttpError::internal)
}

/// In UTC and to the second, like all answers.
fn rfc3339(instant: Instant) -> String {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
    // Formatting fails only where a component is missing, and an instant has them all.
    instant.format(format).unwrap_or_default()
}
