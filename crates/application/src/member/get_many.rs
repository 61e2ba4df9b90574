use std::sync::Arc;

use convene_domain::id::MemberId;

use super::VisibleMember;
use crate::{caller::Caller, failure::Outcome, ports::Members};

/// Chooses whether removed members are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IncludeRemoved {
    /// Removed members count as missing.
    No,
    /// Removed members are found, to show them with their registrations and issues.
    Yes,
}

/// Reads members by their ids.
pub struct GetMembers {
    pub(crate) members: Arc<dyn Members>,
}

impl GetMembers {
    /// The members that exist in the caller's organization, in any order.
    ///
    /// # Errors
    /// Faults only.
    #[tracing::instrument(name = "member.get_many", skip_all)]
    pub async fn execute(
        &self,
        caller: &Caller,
        ids: &[MemberId],
        include_removed: IncludeRemoved,
    ) -> Outcome<Vec<VisibleMember>> {
        let scope = caller.scope();
        let found = match include_removed {
            IncludeRemoved::No => self.members.get_many(scope, ids).await?,
            IncludeRemoved::Yes => self.members.get_many_with_removed(scope, ids).await?,
        };
        Ok(VisibleMember::all_to_caller(caller, found))
    }
}

#[cfg(test)]
mod tests {
    use convene_domain::member::Role;

    use super::*;
    use crate::{fixtures, ports::MockMembers};

    #[tokio::test]
    async fn removed_members_are_found_only_on_request() {
        let mut members = MockMembers::new();
        members.expect_get_many().returning(|_, _| Ok(vec![]));
        members
            .expect_get_many_with_removed()
            .returning(|_, _| Ok(vec![fixtures::member(fixtures::BOB, Role::Member)]));
        let get = GetMembers { members: Arc::new(members) };
        let caller = fixtures::caller(fixtures::ADA, Role::Member);
        let ids = [fixtures::member_id(fixtures::BOB)];
        assert_eq!(get.execute(&caller, &ids, IncludeRemoved::No).await.unwrap().len(), 0);
        assert_eq!(get.execute(&caller, &ids, IncludeRemoved::Yes).await.unwrap().len(), 1);
    }
}
