//! What the activity log says of changed issues.

use convene_domain::{
    activity::{Action, ActivityDraft, FieldChange, FieldChanges, Subject},
    issue::Issue,
};

/// The entry of an issue that was reported.
pub(super) fn created(issue: &Issue) -> ActivityDraft {
    draft(Action::IssueCreated, issue, changes(None, Some(issue)))
}

/// The entry of an issue that was changed.
pub(super) fn updated(before: &Issue, after: &Issue) -> ActivityDraft {
    draft(Action::IssueUpdated, after, changes(Some(before), Some(after)))
}

/// The entry of an issue that was deleted.
pub(super) fn deleted(issue: &Issue) -> ActivityDraft {
    draft(Action::IssueDeleted, issue, changes(Some(issue), None))
}

const fn draft(action: Action, issue: &Issue, changes: Vec<FieldChange>) -> ActivityDraft {
    ActivityDraft { action, subject: Subject::Issue(issue.id), changes }
}

/// The fields that differ; `None` for an issue that is not there yet, or not any more.
fn changes(before: Option<&Issue>, after: Option<&Issue>) -> Vec<FieldChange> {
    FieldChanges::default()
        .compare("title", before.map(|issue| &issue.title), after.map(|issue| &issue.title))
        .compare("description", before.map(|issue| &issue.description), after.map(|issue| &issue.description))
        .compare(
            "status",
            before.map(|issue| issue.status.as_str()),
            after.map(|issue| issue.status.as_str()),
        )
        .compare(
            "priority",
            before.map(|issue| issue.priority.as_str()),
            after.map(|issue| issue.priority.as_str()),
        )
        .compare(
            "assigneeId",
            before.and_then(|issue| issue.assignee),
            after.and_then(|issue| issue.assignee),
        )
        .compare("eventId", before.and_then(|issue| issue.event), after.and_then(|issue| issue.event))
        .into_vec()
}
