use convene_domain::{organization::Organization, time::Instant};

use crate::ports::OrganizationPatch;

impl OrganizationPatch {
    /// The organization after the patch, or `None` if the patch changes nothing.
    #[must_use]
    pub fn apply(&self, organization: &Organization, at: Instant) -> Option<Organization> {
        let Self { name, time_zone } = self;
        let patched = Organization {
            name: name.clone().unwrap_or_else(|| organization.name.clone()),
            time_zone: time_zone.unwrap_or(organization.time_zone),
            ..organization.clone()
        };
        (patched != *organization).then_some(Organization { updated_at: at, ..patched })
    }
}
