use std::sync::Arc;

use convene_domain::{id::MemberId, text::UserId};

use super::VisibleMember;
use crate::{caller::Caller, failure::Outcome, ports::Members};

/// Finds a member by user id.
pub struct FindMemberByUserId {
    pub(crate) members: Arc<dyn Members>,
}

impl FindMemberByUserId {
    /// The member of the caller's organization with this user id. A removed member is not found.
    ///
    /// # Errors
    /// Faults only.
    #[tracing::instrument(name = "member.find_by_user_id", skip_all)]
    pub async fn execute(&self, caller: &Caller, user: &UserId) -> Outcome<Option<VisibleMember>> {
        let found = self.members.find_by_user_id(caller.scope(), user).await?;
        Ok(found.map(|member| VisibleMember::to_caller(caller, member)))
    }

    /// The memberships of the user in the caller's organization, including removed ones: what is assigned to them shows the user id.
    ///
    /// # Errors
    /// Faults only.
    #[tracing::instrument(name = "member.memberships", skip_all)]
    pub async fn memberships(&self, caller: &Caller, user: &UserId) -> Outcome<Vec<MemberId>> {
        Ok(self.members.memberships(caller.scope(), user).await?)
    }
}
