use std::sync::Arc;

use convene_domain::{id::MemberId, member::Role};

use super::VisibleMember;
use crate::{
    caller::Caller,
    failure::Outcome,
    page::{Page, PageRequest},
    ports::Members,
};

/// Lists the members of the caller's organization.
pub struct ListMembers {
    pub(crate) members: Arc<dyn Members>,
}

impl ListMembers {
    /// The members, optionally of one role, in the order in which they were added.
    ///
    /// # Errors
    /// Faults only.
    pub async fn execute(
        &self,
        caller: &Caller,
        role: Option<Role>,
        page: PageRequest<MemberId>,
    ) -> Outcome<Page<VisibleMember>> {
        let Page { items, has_more } = self.members.list(caller.scope(), role, page).await?;
        Ok(Page { items: VisibleMember::all_to_caller(caller, items), has_more })
    }
}
