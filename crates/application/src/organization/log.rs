//! Activity log entries of organizations.

use convene_domain::{
    activity::{Action, ActivityDraft, FieldChanges, Subject},
    organization::Organization,
};

/// The entry of a new organization.
#[must_use]
pub fn created(organization: &Organization) -> ActivityDraft {
    draft(Action::OrganizationCreated, None, organization)
}

/// The entry of a changed organization.
#[must_use]
pub fn updated(before: &Organization, after: &Organization) -> ActivityDraft {
    draft(Action::OrganizationUpdated, Some(before), after)
}

fn draft(action: Action, before: Option<&Organization>, after: &Organization) -> ActivityDraft {
    let changes = FieldChanges::default()
        .compare("slug", before.map(|it| &it.slug), Some(&after.slug))
        .compare("name", before.map(|it| &it.name), Some(&after.name))
        .compare("timeZone", before.map(|it| it.time_zone.name()), Some(after.time_zone.name()))
        .into_vec();
    ActivityDraft { action, subject: Subject::Organization(after.id), changes }
}
