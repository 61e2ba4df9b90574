//! Activity log entries of issues.

use convene_domain::{
    activity::{Action, ActivityDraft, FieldChange, FieldChanges, Subject},
    issue::Issue,
};

/// The entry of a new issue.
#[must_use]
pub fn created(issue: &Issue) -> ActivityDraft {
    draft(Action::IssueCreated, issue, changes(None, Some(issue)))
}

/// The entry of a changed issue.
#[must_use]
pub fn updated(before: &Issue, after: &Issue) -> ActivityDraft {
    draft(Action::IssueUpdated, after, changes(Some(before), Some(after)))
}

/// The entry of a deleted issue.
#[must_use]
pub fn deleted(issue: &Issue) -> ActivityDraft {
    draft(Action::IssueDeleted, issue, changes(Some(issue), None))
}

const fn draft(action: Action, issue: &Issue, changes: Vec<FieldChange>) -> ActivityDraft {
    ActivityDraft { action, subject: Subject::Issue(issue.id), changes }
}

fn changes(before: Option<&Issue>, after: Option<&Issue>) -> Vec<FieldChange> {
    FieldChanges::default()
        .compare("title", before.map(|it| &it.title), after.map(|it| &it.title))
        .compare("description", before.map(|it| &it.description), after.map(|it| &it.description))
        .compare("status", before.map(|it| it.status.as_str()), after.map(|it| it.status.as_str()))
        .compare("priority", before.map(|it| it.priority.as_str()), after.map(|it| it.priority.as_str()))
        .compare("assigneeId", before.and_then(|it| it.assignee), after.and_then(|it| it.assignee))
        .compare("eventId", before.and_then(|it| it.event), after.and_then(|it| it.event))
        .into_vec()
}
