use std::sync::Arc;

use async_trait::async_trait;
use convene_domain::{member::Member, organization::Organization};

use super::{
    InMemory,
    results::StoredResult,
    tenant::{MemberRecord, Tenant},
    transaction::Transaction,
};
use crate::{
    caller::TenantScope,
    change::Change,
    failure::{Fault, Outcome},
    member, organization,
    ports::{OrganizationPatch, Organizations},
};

#[async_trait]
impl Organizations for InMemory {
    async fn create(
        &self,
        scope: &TenantScope,
        organization: Organization,
        admin: Member,
        change: &Change,
    ) -> Outcome<(Organization, Member)> {
        let mut world = self.lock();
        if let Some(stored) = world.creation_keys.repeated_result::<(Organization, Member)>(change)? {
            let id = stored.0.id;
            let created = world.organizations.get(&id);
            return Ok(stored.current(created.ok_or_else(|| Fault::internal(format!("{id} is gone")))?)?);
        }
        if scope.organization() != organization.id {
            return Err(Fault::internal("an organization is created within its own scope").into());
        }
        if world.organizations.values().any(|tenant| tenant.organization.slug == organization.slug) {
            return Err(organization::refusals::slug_taken().into());
        }
        let mut transaction = Transaction::new(Tenant::new(organization.clone()), change, &self.ids);
        let record = MemberRecord { member: admin.clone(), removed: None };
        transaction.tenant.members.insert(admin.id, record);
        transaction.log(organization::log::created(&organization));
        transaction.log(member::log::added(&admin));
        let result = (organization, admin);
        transaction.tenant.keys.record(change, &result);
        world.creation_keys.record(change, &result);
        world.organizations.insert(result.0.id, Arc::new(transaction.tenant));
        Ok(result)
    }

    async fn get(&self, scope: &TenantScope) -> Result<Organization, Fault> {
        Ok(self.read(scope)?.organization.clone())
    }

    async fn update(
        &self,
        scope: &TenantScope,
        patch: OrganizationPatch,
        change: &Change,
    ) -> Outcome<Organization> {
        self.transact(scope, change, |transaction| {
            let before = transaction.tenant.organization.clone();
            let Some(after) = patch.apply(&before, change.at)? else { return Ok(before) };
            transaction.tenant.organization = after.clone();
            transaction.log(organization::log::updated(&before, &after));
            Ok(after)
        })
    }
}
