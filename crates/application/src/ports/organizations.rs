use async_trait::async_trait;
use convene_domain::{
    id::OrganizationId,
    member::Member,
    organization::{Organization, OrganizationStatus},
    text::{FoldedText, OrganizationName, SearchText, Slug},
    time::{Instant, zone::Zone},
};

use crate::{
    caller::{Operator, TenantScope},
    change::Change,
    failure::{Fault, Outcome},
    page::{BoundedPage, PageRequest},
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

/// The conditions of a list of organizations.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OrganizationFilter {
    /// A text in the name or in the slug, regardless of case and accents.
    pub search: Option<SearchText>,
}

impl OrganizationFilter {
    /// Tests whether an organization matches the filter.
    #[must_use]
    pub fn matches(&self, organization: &Organization) -> bool {
        self.search.as_ref().is_none_or(|text| {
            let text = text.folded();
            [organization.name.as_str(), organization.slug.as_str()]
                .into_iter()
                .any(|it| FoldedText::of(it).contains(&text))
        })
    }
}

/// The result of deleting an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrganizationDeleted {
    pub id: OrganizationId,
}

/// Stores organizations.
///
/// The idempotency keys of the operator are known in all organizations: [`create`](Self::create),
/// [`set_status`](Self::set_status) and [`delete`](Self::delete) refuse a key that the same actor used for another one of
/// these changes, of any organization.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Organizations: Send + Sync {
    /// Stores a new organization with its first admin, both or neither. A repeat with the same idempotency key
    /// returns the organization and the admin that the first call created.
    ///
    /// Refusals: `AlreadyExists` on `slug`, also if a deleted organization had it.
    async fn create(
        &self,
        scope: &TenantScope,
        organization: Organization,
        admin: Member,
        change: &Change,
    ) -> Outcome<(Organization, Member)>;

    /// The organization of the scope.
    ///
    /// Refusals: `OrganizationSuspended` if it does not exist. Like every change of such an organization, the call was let in before
    /// the organization was suspended and deleted.
    async fn get(&self, scope: &TenantScope) -> Outcome<Organization>;

    /// Changes the organization. A patch that changes nothing is not logged.
    ///
    /// Refusals: `VersionConflict`.
    async fn update(
        &self,
        scope: &TenantScope,
        patch: OrganizationPatch,
        change: &Change,
    ) -> Outcome<Organization>;

    /// Gives the organization this status. Once it is suspended, each lookup of a membership says so. A change to the status that
    /// it has is not logged.
    ///
    /// Refusals: `NotFound` on `organizationId`.
    async fn set_status(
        &self,
        scope: &TenantScope,
        status: OrganizationStatus,
        change: &Change,
    ) -> Outcome<Organization>;

    /// Deletes a suspended organization with all its data. It does not exist from then on, for any method of any port; its slug
    /// stays reserved. The data are deleted in [steps](crate::ports::Jobs). Of uses of idempotency keys, only that of this
    /// change is kept, until it expires.
    ///
    /// Refusals: `NotFound` on `organizationId`; `InvalidInput` on `organizationId` if it is not suspended, and on `slug` if it has
    /// another one.
    async fn delete(&self, scope: &TenantScope, slug: &Slug, change: &Change)
    -> Outcome<OrganizationDeleted>;

    /// The organizations that were deleted at this time or later.
    async fn deleted_since(&self, since: Instant) -> Result<Vec<OrganizationId>, Fault>;

    /// The organizations of the platform that match the filter, by id (the order of their creation).
    ///
    /// A search may end before the page is full, as the limits of searches say.
    async fn list(
        &self,
        operator: &Operator,
        filter: OrganizationFilter,
        page: PageRequest<OrganizationId>,
    ) -> Result<BoundedPage<Organization, OrganizationId>, Fault>;
}
