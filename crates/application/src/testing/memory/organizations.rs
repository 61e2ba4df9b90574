use std::sync::Arc;

use async_trait::async_trait;
use convene_domain::{
    id::OrganizationId,
    member::Member,
    organization::{Organization, OrganizationStatus},
    text::Slug,
    time::Instant,
};

use super::{
    InMemory, pages,
    results::StoredResult,
    tenant::{MemberRecord, Tenant},
    transaction::Transaction,
};
use crate::{
    caller::{Operator, TenantScope},
    change::Change,
    failure::{Fault, Outcome, Refusal},
    member, organization,
    page::{BoundedPage, PageRequest},
    ports::{OrganizationDeleted, OrganizationFilter, OrganizationPatch, Organizations},
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
        if let Some(stored) = world.operator_keys.repeated_result::<(Organization, Member)>(change)? {
            let id = stored.0.id;
            let created = world.organizations.get(&id);
            return Ok(stored.current(created.ok_or_else(organization::refusals::slug_taken)?)?);
        }
        if scope.organization() != organization.id {
            return Err(Fault::internal("an organization is created within its own scope").into());
        }
        let is_taken = world.organizations.values().any(|it| it.organization.slug == organization.slug);
        if is_taken || world.deleted.values().any(|(slug, _)| *slug == organization.slug) {
            return Err(organization::refusals::slug_taken().into());
        }
        let mut transaction = Transaction::new(Tenant::new(organization.clone()), change, &self.ids);
        let record = MemberRecord { member: admin.clone(), removed: None };
        transaction.tenant.members.insert(admin.id, record);
        transaction.log(organization::log::created(&organization));
        transaction.log(member::log::added(&admin));
        let result = (organization, admin);
        transaction.tenant.keys.record(change, &result);
        world.operator_keys.record(change, &result);
        world.organizations.insert(result.0.id, Arc::new(transaction.tenant));
        Ok(result)
    }

    async fn get(&self, scope: &TenantScope) -> Outcome<Organization> {
        let world = self.lock();
        let tenant = world.organizations.get(&scope.organization()).ok_or(Refusal::OrganizationSuspended)?;
        Ok(tenant.organization.clone())
    }

    async fn update(
        &self,
        scope: &TenantScope,
        patch: OrganizationPatch,
        change: &Change,
    ) -> Outcome<Organization> {
        self.transact(scope, change, |transaction| {
            let before = transaction.tenant.organization.clone();
            let at = transaction.follow(before.updated_at);
            let Some(after) = patch.apply(&before, at)? else { return Ok(before) };
            transaction.tenant.organization = after.clone();
            transaction.log(organization::log::updated(&before, &after));
            Ok(after)
        })
    }

    async fn set_status(
        &self,
        scope: &TenantScope,
        status: OrganizationStatus,
        change: &Change,
    ) -> Outcome<Organization> {
        let mut world = self.lock();
        let stored = world.operator_keys.repeated_result::<Organization>(change)?;
        let id = stored.as_ref().map_or(scope.organization(), |stored| stored.id);
        let tenant = world.organizations.get(&id).ok_or_else(organization::refusals::not_found)?;
        if let Some(stored) = stored {
            return Ok(stored.current(tenant)?);
        }
        let before = tenant.organization.clone();
        let mut transaction = Transaction::new(Tenant::clone(tenant), change, &self.ids);
        let at = transaction.follow(before.updated_at);
        let after = organization::with_status(&before, status, at);
        if let Some(after) = &after {
            transaction.tenant.organization = after.clone();
            transaction.log(organization::log::status_changed(&before, after));
        }
        let result = after.unwrap_or(before);
        transaction.tenant.keys.record(change, &result);
        world.operator_keys.record(change, &result);
        world.organizations.insert(id, Arc::new(transaction.tenant));
        Ok(result)
    }

    async fn delete(
        &self,
        scope: &TenantScope,
        slug: &Slug,
        change: &Change,
    ) -> Outcome<OrganizationDeleted> {
        let mut world = self.lock();
        if let Some(stored) = world.operator_keys.repeated_result::<OrganizationDeleted>(change)? {
            return Ok(stored);
        }
        let id = scope.organization();
        let tenant = world.organizations.get(&id).ok_or_else(organization::refusals::not_found)?;
        organization::refusals::verify_deletable(&tenant.organization, slug)?;
        world.organizations.remove(&id);
        world.deleted.insert(id, (slug.clone(), change.at));
        let deleted = OrganizationDeleted { id };
        world.operator_keys.delete_about(&id.to_string());
        world.operator_keys.record(change, &deleted);
        Ok(deleted)
    }

    async fn deleted_since(&self, since: Instant) -> Result<Vec<OrganizationId>, Fault> {
        let world = self.lock();
        let deleted = world.deleted.iter().filter(|(_, (_, at))| *at >= since);
        Ok(deleted.map(|(id, _)| *id).collect())
    }

    async fn list(
        &self,
        _: &Operator,
        filter: OrganizationFilter,
        page: PageRequest<OrganizationId>,
    ) -> Result<BoundedPage<Organization, OrganizationId>, Fault> {
        let world = self.lock();
        let all = world.organizations.values().map(|tenant| &tenant.organization);
        let found = all.filter(|organization| filter.matches(organization)).cloned();
        Ok(pages::page(found, &page, |organization| organization.id).into())
    }
}
