//! Activity log entries of organizations.

use convene_domain::{
    activity::{Action, ActivityDraft, FieldChanges, Subject},
    organization::{Organization, OrganizationStatus},
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

/// The entry of a suspended or resumed organization.
#[must_use]
pub fn status_changed(before: &Organization, after: &Organization) -> ActivityDraft {
    let action = match after.status {
        OrganizationStatus::Active => Action::OrganizationResumed,
        OrganizationStatus::Suspended => Action::OrganizationSuspended,
    };
    draft(action, Some(before), after)
}

/// The entry of a deleted organization, which is deleted with it: until then it tells the steps who deleted it.
#[must_use]
pub fn deleted(organization: &Organization) -> ActivityDraft {
    draft(Action::OrganizationDeleted, Some(organization), organization)
}

fn draft(action: Action, before: Option<&Organization>, after: &Organization) -> ActivityDraft {
    let changes = FieldChanges::default()
        .compare("slug", before.map(|it| &it.slug), Some(&after.slug))
        .compare("name", before.map(|it| &it.name), Some(&after.name))
        .compare("timeZone", before.map(|it| it.time_zone.name()), Some(after.time_zone.name()))
        .compare(
            "status",
            before.map(|it| it.status.as_str()),
            before.is_some().then_some(after.status.as_str()),
        )
        .into_vec();
    ActivityDraft { action, subject: Subject::Organization(after.id), changes }
}
