//! The fields of issues that several routes use.

use convene_application::{caller::Caller, change::RequestMetadata, failure::Field, member::IncludeRemoved};
use convene_domain::{
    id::MemberId,
    issue::{Issue, IssuePriority, IssueStatus},
    text::UserId,
};
use uuid::Uuid;

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

pub(super) const NO_MEMBER: &str = "is the user id of no member of the organization";

/// The member with this user id, or one that does not exist if there is none, with the problem noted.
pub(super) async fn check_assignee(
    call: &Call<'_>,
    caller: &Caller,
    user: UserId,
    problems: &mut Problems,
) -> Result<Assignee, HttpError> {
    let found = find_assignee(call, caller, user.clone()).await?;
    let found = problems.check(Field::AssigneeId, found.ok_or(NO_MEMBER));
    Ok(found.unwrap_or(Assignee { member: nobody(), user }))
}

/// The assignee of a change of an issue. The user id that the issue shows stands for the same member, also if the member was removed: a
/// client may send all fields of the issue.
pub(super) async fn check_changed_assignee(
    call: &Call<'_>,
    caller: &Caller,
    issue: Option<&Issue>,
    user: UserId,
    problems: &mut Problems,
) -> Result<Assignee, HttpError> {
    if let Some(found) = find_assignee(call, caller, user.clone()).await? {
        return Ok(found);
    }
    if let Some(member) = issue.and_then(|issue| issue.assignee) {
        let members = call.use_cases().get_members.execute(caller, &[member], IncludeRemoved::Yes).await;
        if members.map_err(http_error)?.iter().any(|shown| shown.user_id == user) {
            return Ok(Assignee { member, user });
        }
    }
    check_assignee(call, caller, user, problems).await
}

/// Leaves the refusal of an unknown assignee to storage if the change has a key and no other problem: the change may be a repeat, and
/// the member may have been removed since. Storage looks the key up first; see [`explained`].
pub(super) fn look_key_up_first(request: Option<&RequestMetadata>, problems: &mut Problems) {
    if request.is_some_and(|request| request.idempotency.is_some()) {
        problems.forgive(Field::AssigneeId, NO_MEMBER);
    }
}

/// The id that no member has.
const fn nobody() -> MemberId {
    MemberId::from_uuid(Uuid::nil())
}

/// The error of a change, with the reason that an assignee was refused for.
pub(super) fn explained(mut error: HttpError) -> HttpError {
    for problem in error.fields.iter_mut().filter(|problem| problem.field == Field::AssigneeId.as_str()) {
        NO_MEMBER.clone_into(&mut problem.message);
    }
    error
}
