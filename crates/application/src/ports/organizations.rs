use async_trait::async_trait;
use convene_domain::{member::Member, organization::Organization, text::OrganizationName, time::zone::Zone};

use crate::{
    caller::TenantScope,
    change::Change,
    failure::{Fault, Outcome},
};

/// A change of an organization. `None` keeps the value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OrganizationPatch {
    /// The expected version; `None` accepts any version.
    pub expected_version: Option<u32>,
    pub name: Option<OrganizationName>,
    /// The default zone of new events. Existing events keep theirs.
    pub time_zone: Option<Zone>,
}

/// Stores organizations.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Organizations: Send + Sync {
    /// Stores a new organization with its first admin, both or neither. A repeat with the same idempotency key
    /// returns the organization and the admin that the first call created.
    ///
    /// Refusals: `AlreadyExists` on `slug`.
    async fn create(
        &self,
        scope: &TenantScope,
        organization: Organization,
        admin: Member,
        change: &Change,
    ) -> Outcome<(Organization, Member)>;

    /// The organization of the scope. A missing one is a fault, because its callers can't be authenticated.
    async fn get(&self, scope: &TenantScope) -> Result<Organization, Fault>;

    /// Changes the organization. A patch that changes nothing is not logged.
    ///
    /// Refusals: `VersionConflict`.
    async fn update(
        &self,
        scope: &TenantScope,
        patch: OrganizationPatch,
        change: &Change,
    ) -> Outcome<Organization>;
}
