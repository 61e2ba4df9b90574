//! The fields of issues that several routes use.

use convene_application::{caller::Caller, failure::Field};
use convene_domain::{
    id::MemberId,
    issue::{IssuePriority, IssueStatus},
    text::UserId,
};

use crate::{
    http::error::HttpError,
    rest::{call::Call, failure::http_error, input::Problems},
};

pub(super) fn status(text: &str) -> Result<IssueStatus, &'static str> {
    IssueStatus::parse(text).ok_or("must be OPEN, IN_PROGRESS or DONE")
}

pub(super) fn priority(text: &str) -> Result<IssuePriority, &'static str> {
    IssuePriority::parse(text).ok_or("must be LOW, MEDIUM or HIGH")
}

/// An assigned member.
#[derive(Clone, Debug)]
pub(super) struct Assignee {
    pub(super) member: MemberId,
    pub(super) user: UserId,
}

/// The member of the caller's organization with this user id; `None` if there is none.
pub(super) async fn find_assignee(
    call: &Call<'_>,
    caller: &Caller,
    user: UserId,
) -> Result<Option<Assignee>, HttpError> {
    let found = call.use_cases().find_member_by_user_id.execute(caller, &user).await;
    let member = found.map_err(http_error)?;
    Ok(member.map(|member| Assignee { member: member.id, user }))
}

/// The member with this user id, or `None` if a problem was noted.
pub(super) async fn check_assignee(
    call: &Call<'_>,
    caller: &Caller,
    user: UserId,
    problems: &mut Problems,
) -> Result<Option<Assignee>, HttpError> {
    let found = find_assignee(call, caller, user).await?;
    Ok(problems.check(Field::AssigneeId, found.ok_or("is the user id of no member of the organization")))
}
