//! What the activity log says of changed members.

use convene_domain::{
    activity::{Action, ActivityDraft, FieldChange, FieldChanges, Subject},
    member::Member,
};

/// The entry of a member that was added.
pub(super) fn added(member: &Member) -> ActivityDraft {
    draft(Action::MemberAdded, member, changes(None, Some(member)))
}

/// The entry of a member that was changed.
pub(super) fn updated(before: &Member, after: &Member) -> ActivityDraft {
    draft(Action::MemberUpdated, after, changes(Some(before), Some(after)))
}

/// The entry of a member that was removed.
pub(super) fn removed(member: &Member) -> ActivityDraft {
    draft(Action::MemberRemoved, member, changes(Some(member), None))
}

const fn draft(action: Action, member: &Member, changes: Vec<FieldChange>) -> ActivityDraft {
    ActivityDraft { action, subject: Subject::Member(member.id), changes }
}

/// The fields that differ; `None` for a member that is not there yet, or not any more.
fn changes(before: Option<&Member>, after: Option<&Member>) -> Vec<FieldChange> {
    fn email(member: Option<&Member>) -> Option<&convene_domain::text::Email> {
        member.and_then(|member| member.email.as_ref())
    }
    FieldChanges::default()
        .compare("userId", before.map(|member| &member.user_id), after.map(|member| &member.user_id))
        .compare(
            "displayName",
            before.map(|member| &member.display_name),
            after.map(|member| &member.display_name),
        )
        .compare_email("email", email(before), email(after))
        .compare("role", before.map(|member| member.role), after.map(|member| member.role))
        .into_vec()
}
