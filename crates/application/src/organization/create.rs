use std::sync::Arc;

use convene_domain::{
    id::{MemberId, OrganizationId},
    member::{Member, Role},
    organization::{Organization, OrganizationStatus},
    text::{DisplayName, OrganizationName, Slug, UserId},
    time::zone::Zone,
};

use crate::{
    caller::Operator, change::RequestMetadata, failure::Outcome, member::VisibleMember,
    mutation_context::ContextFactory, ports::Organizations,
};

/// The input of [`CreateOrganization`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateOrganizationCommand {
    /// The name in credentials and addresses.
    pub slug: Slug,
    pub name: OrganizationName,
    /// The default zone of events.
    pub time_zone: Zone,
    /// The subject of the first admin's credentials.
    pub admin_user_id: UserId,
    pub admin_display_name: DisplayName,
}

/// Creates an organization together with its first admin.
pub struct CreateOrganization {
    pub(crate) contexts: ContextFactory,
    pub(crate) organizations: Arc<dyn Organizations>,
}

impl CreateOrganization {
    /// # Errors
    /// Refused with `AlreadyExists` on `slug`.
    #[tracing::instrument(name = "organization.create", skip_all)]
    pub async fn execute(
        &self,
        operator: &Operator,
        command: CreateOrganizationCommand,
        request: RequestMetadata,
    ) -> Outcome<(Organization, VisibleMember)> {
        let change = self.contexts.for_operator(operator, request);
        let organization = Organization {
            id: self.contexts.new_id(OrganizationId::from_uuid),
            slug: command.slug,
            name: command.name,
            time_zone: command.time_zone,
            status: OrganizationStatus::Active,
            version: 1,
            created_at: change.at,
            updated_at: change.at,
        };
        let admin = Member {
            id: self.contexts.new_id(MemberId::from_uuid),
            user_id: command.admin_user_id,
            display_name: command.admin_display_name,
            email: None,
            role: Role::Admin,
            version: 1,
            created_at: change.at,
            updated_at: change.at,
        };
        let scope = operator.scope_of(organization.id);
        let (organization, admin) = self.organizations.create(&scope, organization, admin, &change).await?;
        Ok((organization, VisibleMember::to_operator(operator, admin)))
    }
}

#[cfg(test)]
mod tests {
    use convene_domain::activity::Actor;

    use super::*;
    use crate::{fixtures, ports::MockOrganizations};

    #[tokio::test]
    async fn the_operator_creates_it_within_its_own_scope() {
        let mut organizations = MockOrganizations::new();
        organizations
            .expect_create()
            .withf(|scope, organization, _, change| {
                scope.organization() == organization.id
                    && change.actor == Actor::User(fixtures::user("root"))
                    && change.at == fixtures::NOW
            })
            .returning(|_, organization, admin, _| Ok((organization, admin)));
        let create =
            CreateOrganization { contexts: fixtures::contexts(), organizations: Arc::new(organizations) };
        let command = CreateOrganizationCommand {
            slug: Slug::parse("choir").unwrap(),
            name: OrganizationName::parse("The Choir").unwrap(),
            time_zone: Zone::UTC,
            admin_user_id: fixtures::user(fixtures::ADA),
            admin_display_name: DisplayName::parse("Ada").unwrap(),
        };
        let operator = Operator::for_tests(fixtures::user("root"));
        let (organization, admin) =
            create.execute(&operator, command, RequestMetadata::default()).await.unwrap();
        assert_eq!(organization.slug.as_str(), "choir");
        assert_eq!((admin.role, &admin.user_id), (Role::Admin, &fixtures::user(fixtures::ADA)));
        assert_ne!(organization.id.uuid(), admin.id.uuid());
    }
}
