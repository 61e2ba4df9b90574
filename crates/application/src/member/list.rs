use std::sync::Arc;

use convene_domain::id::MemberId;

use super::VisibleMember;
use crate::{
    caller::Caller,
    failure::Outcome,
    page::{BoundedPage, PageRequest},
    ports::{MemberFilter, Members},
};

/// Lists the members of the caller's organization.
pub struct ListMembers {
    pub(crate) members: Arc<dyn Members>,
}

impl ListMembers {
    /// The members that match the filter, in the order in which they were added.
    ///
    /// # Errors
    /// Faults only.
    #[tracing::instrument(name = "member.list", skip_all)]
    pub async fn execute(
        &self,
        caller: &Caller,
        filter: MemberFilter,
        page: PageRequest<MemberId>,
    ) -> Outcome<BoundedPage<VisibleMember, MemberId>> {
        let found = self.members.list(caller.scope(), filter, page).await?;
        Ok(found.map(|member| VisibleMember::to_caller(caller, member)))
    }

    /// The number of members that match the filter; `None` if there are too many to count.
    ///
    /// # Errors
    /// Faults only.
    pub async fn count(&self, caller: &Caller, filter: MemberFilter) -> Outcome<Option<u32>> {
        Ok(self.members.count(caller.scope(), filter).await?)
    }
}
