use async_trait::async_trait;
use convene_domain::{id::OrganizationId, member::Member, text::UserId};

use super::InMemory;
use crate::{
    failure::Fault,
    ports::{Directory, OrganizationReference},
};

#[async_trait]
impl Directory for InMemory {
    async fn find_membership(
        &self,
        organization: &OrganizationReference,
        user: &UserId,
    ) -> Result<Option<(OrganizationId, Member)>, Fault> {
        let world = self.lock();
        let tenant = match organization {
            OrganizationReference::Id(id) => world.organizations.get(id),
            OrganizationReference::Slug(slug) => {
                world.organizations.values().find(|tenant| tenant.organization.slug == *slug)
            }
        };
        let found = tenant.and_then(|tenant| {
            let member = tenant.present_members().find(|member| member.user_id == *user)?;
            Some((tenant.organization.id, member.clone()))
        });
        Ok(found)
    }
}
