//! Activity log entries of organizations, members and issues.

use convene_domain::{
    activity::{Action, ActivityDraft, FieldChanges, Subject},
    id::{IssueId, MemberId},
    issue::Issue,
    member::Member,
    organization::Organization,
};

pub(super) fn organization(
    action: Action,
    before: Option<&Organization>,
    after: &Organization,
) -> ActivityDraft {
    let changes = FieldChanges::default()
        .compare("slug", before.map(|it| &it.slug), Some(&after.slug))
        .compare("name", before.map(|it| &it.name), Some(&after.name))
        .compare("timeZone", before.map(|it| it.time_zone.name()), Some(after.time_zone.name()));
    ActivityDraft { action, subject: Subject::Organization(after.id), changes: changes.into_vec() }
}

/// `None` for a member who is not there yet, or not any more.
pub(super) fn member(
    action: Action,
    id: MemberId,
    before: Option<&Member>,
    after: Option<&Member>,
) -> ActivityDraft {
    let email = |it: Option<&Member>| it.and_then(|it| it.email.clone());
    let changes = FieldChanges::default()
        .compare("userId", before.map(|it| &it.user_id), after.map(|it| &it.user_id))
        .compare("displayName", before.map(|it| &it.display_name), after.map(|it| &it.display_name))
        .compare_email("email", email(before).as_ref(), email(after).as_ref())
        .compare("role", before.map(|it| it.role), after.map(|it| it.role));
    ActivityDraft { action, subject: Subject::Member(id), changes: changes.into_vec() }
}

/// `None` for an issue that is not there yet, or not any more.
pub(super) fn issue(
    action: Action,
    id: IssueId,
    before: Option<&Issue>,
    after: Option<&Issue>,
) -> ActivityDraft {
    let changes = FieldChanges::default()
        .compare("title", before.map(|it| &it.title), after.map(|it| &it.title))
        .compare("description", before.map(|it| &it.description), after.map(|it| &it.description))
        .compare("status", before.map(|it| it.status.as_str()), after.map(|it| it.status.as_str()))
        .compare("priority", before.map(|it| it.priority.as_str()), after.map(|it| it.priority.as_str()))
        .compare("assigneeId", before.and_then(|it| it.assignee), after.and_then(|it| it.assignee))
        .compare("eventId", before.and_then(|it| it.event), after.and_then(|it| it.event));
    ActivityDraft { action, subject: Subject::Issue(id), changes: changes.into_vec() }
}
