use std::fmt;

use async_trait::async_trait;
use convene_domain::{
    id::OrganizationId,
    member::Member,
    organization::OrganizationStatus,
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

impl fmt::Display for OrganizationReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(formatter),
            Self::Slug(slug) => slug.fmt(formatter),
        }
    }
}

/// An active membership.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActiveMembership {
    pub organization: OrganizationId,
    pub member: Member,
    /// The revision of the organization's catalogue, which is read together with the membership; `None` if the adapter has none.
    pub catalogue_revision: Option<i64>,
    /// The status of the organization, which is read together with the membership.
    pub status: OrganizationStatus,
}

/// Finds organizations and memberships for authentication. No other port is used before there is a tenant scope, so this
/// port belongs to authentication: the others depend on it through the scope.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Directory: Send + Sync {
    /// Finds the active member with this user id.
    async fn find_membership(
        &self,
        organization: &OrganizationReference,
        user: &UserId,
    ) -> Result<Option<ActiveMembership>, Fault>;

    async fn find_organization(
        &self,
        organization: &OrganizationReference,
    ) -> Result<Option<OrganizationId>, Fault>;
}
