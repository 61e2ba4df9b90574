use std::sync::Arc;

use convene_domain::id::MemberId;

use super::VisibleMember;
use crate::{
    caller::Admin,
    change::RequestMetadata,
    failure::Outcome,
    mutation_context::ContextFactory,
    ports::{MemberPatch, Members},
};

/// The input of [`UpdateMember`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateMemberCommand {
    pub member: MemberId,
    pub patch: MemberPatch,
}

/// Changes a member of the admin's organization.
pub struct UpdateMember {
    pub(crate) contexts: ContextFactory,
    pub(crate) members: Arc<dyn Members>,
}

impl UpdateMember {
    /// Changes the fields that the patch sets.
    ///
    /// # Errors
    /// Refused with `NotFound` on `memberId`, `VersionConflict` or `LastAdmin`.
    #[tracing::instrument(name = "member.update", skip_all, fields(organization = %admin.scope().organization(), member = %command.member))]
    pub async fn execute(
        &self,
        admin: Admin<'_>,
        command: UpdateMemberCommand,
        request: RequestMetadata,
    ) -> Outcome<VisibleMember> {
        let change = self.contexts.for_member(&admin, request);
        let updated = self.members.update(admin.scope(), command.member, command.patch, &change).await?;
        Ok(VisibleMember::to_caller(&admin, updated))
    }
}
