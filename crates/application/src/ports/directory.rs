use async_trait::async_trait;
use convene_domain::{
    id::OrganizationId,
    member::Member,
    text::{Slug, UserId},
};

use crate::failure::Fault;

/// How credentials name an organization.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum OrganizationReference {
    /// By its id.
    Id(OrganizationId),
    /// By its slug.
    Slug(Slug),
}

impl OrganizationReference {
    /// Reads an id or a slug; `None` if it can be neither.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        OrganizationId::parse(text).map(Self::Id).or_else(|_| Slug::parse(text).map(Self::Slug)).ok()
    }
}

/// Finds out who calls. The only port that is asked before there is a scope.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Directory: Send + Sync {
    /// The organization and its member with this user id; `None` if there is no such organization, or the user
    /// is no member of it (any more).
    async fn find_membership(
        &self,
        organization: &OrganizationReference,
        user: &UserId,
    ) -> Result<Option<(OrganizationId, Member)>, Fault>;

    /// The organization that is meant, if there is one.
    async fn find_organization(
        &self,
        organization: &OrganizationReference,
    ) -> Result<Option<OrganizationId>, Fault>;
}
