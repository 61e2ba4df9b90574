use std::sync::Arc;

use convene_domain::{
    id::MemberId,
    member::{Member, Role},
    text::{DisplayName, Email, UserId},
};

use super::VisibleMember;
use crate::{
    caller::Admin, change::RequestMetadata, failure::Outcome, mutation_context::ContextFactory,
    ports::Members,
};

/// The input of [`AddMember`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddMemberCommand {
    /// The subject of the member's credentials.
    pub user_id: UserId,
    pub display_name: DisplayName,
    pub email: Option<Email>,
    pub role: Role,
}

/// Adds a member to the admin's organization.
pub struct AddMember {
    pub(crate) contexts: ContextFactory,
    pub(crate) members: Arc<dyn Members>,
}

impl AddMember {
    /// # Errors
    /// Refused with `AlreadyExists` on `userId`.
    #[tracing::instrument(name = "member.add", skip_all, fields(organization = %admin.scope().organization()))]
    pub async fn execute(
        &self,
        admin: Admin<'_>,
        command: AddMemberCommand,
        request: RequestMetadata,
    ) -> Outcome<VisibleMember> {
        let change = self.contexts.for_member(&admin, request);
        let member = Member {
            id: self.contexts.new_id(MemberId::from_uuid),
            user_id: command.user_id,
            display_name: command.display_name,
            email: command.email,
            role: command.role,
            version: 1,
            created_at: change.at,
            updated_at: change.at,
        };
        let added = self.members.add(admin.scope(), member, &change).await?;
        Ok(VisibleMember::to_caller(&admin, added))
    }
}

#[cfg(test)]
mod tests {
    use convene_domain::activity::Actor;

    use super::*;
    use crate::{fixtures, ports::MockMembers};

    #[tokio::test]
    async fn a_member_is_added_in_the_scope_and_the_name_of_the_admin() {
        let mut members = MockMembers::new();
        members
            .expect_add()
            .withf(|scope, member, change| {
                scope.organization() == fixtures::organization_id()
                    && member.created_at == change.at
                    && change.actor == Actor::User(fixtures::user(fixtures::ADA))
                    && change.request_id.as_deref() == Some("r-1")
            })
            .returning(|_, member, _| Ok(member));
        let add = AddMember { contexts: fixtures::contexts(), members: Arc::new(members) };
        let caller = fixtures::caller(fixtures::ADA, Role::Admin);
        let command = AddMemberCommand {
            user_id: fixtures::user(fixtures::BOB),
            display_name: DisplayName::parse("Bob").unwrap(),
            email: Email::parse("bob@example.org").ok(),
            role: Role::Member,
        };
        let request = RequestMetadata { request_id: Some(String::from("r-1")), ..RequestMetadata::default() };
        let member = add.execute(caller.admin().unwrap(), command, request).await.unwrap();
        assert_eq!(member.id, MemberId::from_uuid(fixtures::fresh_uuid(0)));
        assert_eq!(member.email.as_ref().unwrap().as_str(), "bob@example.org");
    }
}
