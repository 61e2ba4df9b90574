use std::sync::Arc;

use convene_domain::{id::OrganizationId, text::UserId};

use super::{
    Deadline,
    caller::{Caller, Operator, TenantScope},
    directory::{ActiveMembership, Directory, OrganizationReference},
};
use crate::failure::Fault;

/// The authority of a program on the operator's machine: of a command such as `convene seed` or `convene erase`, and of a
/// server that completes changes which were begun before.
///
/// It has no credentials of a user. Its authority is the access to the storage: only a program that opened the
/// storage has a [`Directory`].
pub struct LocalOperator {
    directory: Arc<dyn Directory>,
}

impl LocalOperator {
    /// The authority that access to this storage gives.
    #[must_use]
    pub const fn new(directory: Arc<dyn Directory>) -> Self {
        Self { directory }
    }

    /// The platform's operator. The actor in the activity log is the platform itself.
    #[must_use]
    pub const fn operator(&self) -> Operator {
        Operator::of_platform()
    }

    /// The scope of any organization, to complete changes that its members began.
    pub(crate) const fn scope_of(&self, organization: OrganizationId) -> TenantScope {
        TenantScope::of_platform(organization)
    }

    /// The member with this user id, with the role of the membership, to act in their name; `None` if the
    /// organization or the member does not exist.
    ///
    /// # Errors
    /// [`Fault`] if the directory could not be read.
    pub async fn act_as_member(
        &self,
        organization: &OrganizationReference,
        user: &UserId,
    ) -> Result<Option<Caller>, Fault> {
        let membership = self.directory.find_membership(organization, user).await?;
        // A command takes any time, so the revision of the catalogue at its beginning means nothing later on.
        Ok(membership.map(|ActiveMembership { organization, member, .. }| {
            Caller::new(organization, &member, member.role, Deadline::NONE)
        }))
    }
}
