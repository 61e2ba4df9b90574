use std::sync::Arc;

use convene_domain::id::MemberId;

use crate::{
    caller::Admin,
    change::RequestMetadata,
    failure::Outcome,
    mutation_context::ContextFactory,
    ports::{MemberRemoved, Members},
};

/// Removes a member from the admin's organization and cancels the member's registrations.
pub struct RemoveMember {
    pub(crate) contexts: ContextFactory,
    pub(crate) members: Arc<dyn Members>,
}

impl RemoveMember {
    /// # Errors
    /// Refused with `NotFound` on `memberId`, or `LastAdmin`.
    #[tracing::instrument(name = "member.remove", skip_all, fields(organization = %admin.scope().organization(), member = %member))]
    pub async fn execute(
        &self,
        admin: Admin<'_>,
        member: MemberId,
        request: RequestMetadata,
    ) -> Outcome<MemberRemoved> {
        let change = self.contexts.for_member(&admin, request);
        self.members.remove(admin.scope(), member, &change).await
    }
}
