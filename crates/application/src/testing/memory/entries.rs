//! Activity log entries of organizations and members.

use convene_domain::{
    activity::{Action, ActivityDraft, FieldChanges, Subject},
    id::MemberId,
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
