//! Activity log entries of members.

use convene_domain::{
    activity::{Action, ActivityDraft, FieldChange, FieldChanges, Subject},
    id::MemberId,
    member::Member,
};

/// The entry of a new member.
#[must_use]
pub fn added(member: &Member) -> ActivityDraft {
    draft(Action::MemberAdded, member, changes(None, Some(member)))
}

/// The entry of a changed member.
#[must_use]
pub fn updated(before: &Member, after: &Member) -> ActivityDraft {
    draft(Action::MemberUpdated, after, changes(Some(before), Some(after)))
}

/// The entry of a removed member.
#[must_use]
pub fn removed(member: &Member) -> ActivityDraft {
    draft(Action::MemberRemoved, member, changes(Some(member), None))
}

/// The entry of a removed member whose personal data were erased.
#[must_use]
pub const fn erased(member: MemberId) -> ActivityDraft {
    ActivityDraft { action: Action::MemberErased, subject: Subject::Member(member), changes: Vec::new() }
}

const fn draft(action: Action, member: &Member, changes: Vec<FieldChange>) -> ActivityDraft {
    ActivityDraft { action, subject: Subject::Member(member.id), changes }
}

fn changes(before: Option<&Member>, after: Option<&Member>) -> Vec<FieldChange> {
    FieldChanges::default()
        .compare("userId", before.map(|it| &it.user_id), after.map(|it| &it.user_id))
        .compare("displayName", before.map(|it| &it.display_name), after.map(|it| &it.display_name))
        .compare_email(
            "email",
            before.and_then(|it| it.email.as_ref()),
            after.and_then(|it| it.email.as_ref()),
        )
        .compare("role", before.map(|it| it.role), after.map(|it| it.role))
        .into_vec()
}
