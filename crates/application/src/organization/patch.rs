use convene_domain::{
    organization::{Organization, OrganizationStatus},
    time::Instant,
};

use crate::{failure::Refusal, ports::OrganizationPatch, version::check_version};

impl OrganizationPatch {
    /// The organization after the patch, or `None` if the patch changes nothing.
    ///
    /// # Errors
    /// [`Refusal::VersionConflict`].
    pub fn apply(&self, organization: &Organization, at: Instant) -> Result<Option<Organization>, Refusal> {
        let Self { expected_version, name, time_zone } = self;
        check_version(*expected_version, organization.version)?;
        let patched = Organization {
            name: name.clone().unwrap_or_else(|| organization.name.clone()),
            time_zone: time_zone.unwrap_or(organization.time_zone),
            ..organization.clone()
        };
        let version = patched.version.saturating_add(1);
        Ok((patched != *organization).then_some(Organization { version, updated_at: at, ..patched }))
    }
}

/// The organization with this status, or `None` if it has it already.
#[must_use]
pub fn with_status(
    organization: &Organization,
    status: OrganizationStatus,
    at: Instant,
) -> Option<Organization> {
    let version = organization.version.saturating_add(1);
    let changed = Organization { status, version, updated_at: at, ..organization.clone() };
    (organization.status != status).then_some(changed)
}
