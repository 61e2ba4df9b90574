//! What the log says of changes to organizations, members, issues and registrations. What it says of events and
//! occurrences is planned with their edits.

use convene_domain::{
    activity::{Action, ActivityDraft, FieldChanges, Subject},
    issue::Issue,
    member::Member,
    organization::Organization,
    registration::Registration,
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

pub(super) fn member(action: Action, before: Option<&Member>, after: &Member) -> ActivityDraft {
    let changes = FieldChanges::default()
        .compare("userId", before.map(|it| &it.user_id), Some(&after.user_id))
        .compare("displayName", before.map(|it| &it.display_name), Some(&after.display_name))
        .compare_email("email", before.and_then(|it| it.email.as_ref()), after.email.as_ref())
        .compare("role", before.map(|it| it.role), Some(after.role));
    ActivityDraft { action, subject: Subject::Member(after.id), changes: changes.into_vec() }
}

pub(super) fn issue(action: Action, before: Option<&Issue>, after: &Issue) -> ActivityDraft {
    let changes = FieldChanges::default()
        .compare("title", before.map(|it| &it.title), Some(&after.title))
        .compare("description", before.map(|it| &it.description), Some(&after.description))
        .compare("status", before.map(|it| it.status.as_str()), Some(after.status.as_str()))
        .compare("priority", before.map(|it| it.priority.as_str()), Some(after.priority.as_str()))
        .compare("assigneeId", before.and_then(|it| it.assignee), after.assignee)
        .compare("eventId", before.and_then(|it| it.event), after.event);
    ActivityDraft { action, subject: Subject::Issue(after.id), changes: changes.into_vec() }
}

pub(super) fn registration(
    action: Action,
    before: Option<&Registration>,
    after: &Registration,
) -> ActivityDraft {
    let reason = |it: &Registration| it.cancellation.map(|cancellation| cancellation.reason.as_str());
    let changes = FieldChanges::default()
        .compare("occurrenceId", before.map(|it| it.occurrence), Some(after.occurrence))
        .compare("memberId", before.map(|it| it.member), Some(after.member))
        .compare("status", before.map(|it| it.status.as_str()), Some(after.status.as_str()))
        .compare("cancellationReason", before.and_then(reason), reason(after));
    ActivityDraft { action, subject: Subject::Registration(after.id), changes: changes.into_vec() }
}

/// An entry that says no more than what was done.
pub(super) const fn plain(action: Action, subject: Subject) -> ActivityDraft {
    ActivityDraft { action, subject, changes: Vec::new() }
}
