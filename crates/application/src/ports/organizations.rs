use async_trait::async_trait;
use convene_domain::{member::Member, organization::Organization, text::OrganizationName, time::zone::Zone};

use crate::{
    caller::TenantScope,
    change::Change,
    failure::{Fault, Outcome},
};

/// What to change of an organization; `None` stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OrganizationPatch {
    /// A new name.
    pub name: Option<OrganizationName>,
    /// A new zone for events to come; events that exist keep theirs.
    pub time_zone: Option<Zone>,
}

/// Keeps organizations.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Organizations: Send + Sync {
    /// Stores a new organization with its first admin, both or neither. A repeat with the same idempotency key
    /// answers with the organization and the admin that the first one made.
    ///
    /// Refusals: `AlreadyExists` on `slug`.
    async fn create(
        &self,
        scope: &TenantScope,
        organization: Organization,
        admin: Member,
        change: &Change,
    ) -> Outcome<(Organization, Member)>;

    /// The organization of the scope. One that is gone is a fault: its callers can't be authenticated.
    async fn get(&self, scope: &TenantScope) -> Result<Organization, Fault>;

    /// Changes the organization. A patch that changes nothing is not logged.
    async fn update(
        &self,
        scope: &TenantScope,
        patch: OrganizationPatch,
        change: &Change,
    ) -> Outcome<Organization>;
}
