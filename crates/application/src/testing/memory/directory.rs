use std::sync::Arc;

use async_trait::async_trait;
use convene_domain::{id::OrganizationId, text::UserId};

use super::{InMemory, World, tenant::Tenant};
use crate::{
    failure::Fault,
    ports::{ActiveMembership, Directory, OrganizationReference},
};

impl World {
    fn find_tenant(&self, organization: &OrganizationReference) -> Option<&Arc<Tenant>> {
        match organization {
            OrganizationReference::Id(id) => self.organizations.get(id),
            OrganizationReference::Slug(slug) => {
                self.organizations.values().find(|tenant| tenant.organization.slug == *slug)
            }
        }
    }
}

#[async_trait]
impl Directory for InMemory {
    async fn find_membership(
        &self,
        organization: &OrganizationReference,
        user: &UserId,
    ) -> Result<Option<ActiveMembership>, Fault> {
        let world = self.lock();
        let found = world.find_tenant(organization).and_then(|tenant| {
            let member = tenant.present_members().find(|member| member.user_id == *user)?;
            let organization = tenant.organization.id;
            Some(ActiveMembership {
                organization,
                member: member.clone(),
                catalogue_revision: None,
                status: tenant.organization.status,
            })
        });
        Ok(found)
    }

    async fn find_organization(
        &self,
        organization: &OrganizationReference,
    ) -> Result<Option<OrganizationId>, Fault> {
        Ok(self.lock().find_tenant(organization).map(|tenant| tenant.organization.id))
    }
}
