use async_trait::async_trait;
use convene_domain::{
    id::OrganizationId,
    member::Member,
    text::{Slug, UserId},
};

use crate::failure::Fault;

/// The organization that credentials name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum OrganizationReference {
    Id(OrganizationId),
    Slug(Slug),
}

impl OrganizationReference {
    /// Parses an id or a slug.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        OrganizationId::parse(text).map(Self::Id).or_else(|_| Slug::parse(text).map(Self::Slug)).ok()
    }
}

/// Finds organizations and memberships for authentication. No other port is used before there is a tenant scope, so this
/// port belongs to authentication: the others depend on it through the scope.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Directory: Send + Sync {
    /// Finds the active member with this user id, and the id of the organization.
    async fn find_membership(
        &self,
        organization: &OrganizationReference,
        user: &UserId,
    ) -> Result<Option<(OrganizationId, Member)>, Fault>;

    async fn find_organization(
        &self,
        organization: &OrganizationReference,
    ) -> Result<Option<OrganizationId>, Fault>;
}
