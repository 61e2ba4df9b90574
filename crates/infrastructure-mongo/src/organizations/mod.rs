//! The adapter of [`Organizations`].

mod create;
mod delete;
mod list;
mod operator_keys;
mod set_status;
mod update;

use async_trait::async_trait;
use bson::doc;
use convene_application::{
    caller::{Operator, TenantScope},
    change::Change,
    failure::{Fault, Outcome, Refusal},
    page::{BoundedPage, PageRequest},
    ports::{OrganizationDeleted, OrganizationFilter, OrganizationPatch, Organizations},
};
use convene_domain::{
    id::OrganizationId,
    member::Member,
    organization::{Organization, OrganizationStatus},
    text::Slug,
    time::Instant,
};

pub(crate) use self::delete::step;

use crate::{
    change::StoredResult,
    database::Database,
    documents::{idempotency::ResultDocument, organization::OrganizationDocument},
    error::{Attempt, StorageError},
    schema,
    transaction::Transaction,
};

#[derive(Clone)]
pub(crate) struct MongoOrganizations(pub(crate) Database);

#[async_trait]
impl Organizations for MongoOrganizations {
    async fn create(
        &self,
        scope: &TenantScope,
        organization: Organization,
        admin: Member,
        change: &Change,
    ) -> Outcome<(Organization, Member)> {
        create::create(&self.0, scope, &organization, &admin, change).await
    }

    async fn get(&self, scope: &TenantScope) -> Outcome<Organization> {
        let mut organizations = self.0.collection(scope, &schema::ORGANIZATIONS);
        let found = organizations.find_one(doc! {}).await.map_err(Fault::from)?;
        let found: OrganizationDocument = found.ok_or(Refusal::OrganizationSuspended)?;
        Ok(Organization::try_from(found).map_err(|corrupt| Fault::from(StorageError::from(corrupt)))?)
    }

    async fn update(
        &self,
        scope: &TenantScope,
        patch: OrganizationPatch,
        change: &Change,
    ) -> Outcome<Organization> {
        update::update(&self.0, scope, &patch, change).await
    }

    async fn set_status(
        &self,
        scope: &TenantScope,
        status: OrganizationStatus,
        change: &Change,
    ) -> Outcome<Organization> {
        set_status::set_status(&self.0, scope, status, change).await
    }

    async fn delete(
        &self,
        scope: &TenantScope,
        slug: &Slug,
        change: &Change,
    ) -> Outcome<OrganizationDeleted> {
        delete::delete(&self.0, scope, slug, change).await
    }

    async fn deleted_since(&self, since: Instant) -> Result<Vec<OrganizationId>, Fault> {
        list::deleted_since(&self.0, since).await
    }

    async fn list(
        &self,
        _: &Operator,
        filter: OrganizationFilter,
        page: PageRequest<OrganizationId>,
    ) -> Result<BoundedPage<Organization, OrganizationId>, Fault> {
        list::list(&self.0, &filter, &page).await
    }
}

/// Finds the organization of the transaction, whose members made it.
async fn find(transaction: &mut Transaction<'_>) -> Attempt<Organization> {
    Ok(find_stored(transaction).await?.ok_or(Refusal::OrganizationSuspended)?)
}

/// Finds the organization of the transaction, if there is one.
async fn find_stored(transaction: &mut Transaction<'_>) -> Attempt<Option<Organization>> {
    let found: Option<OrganizationDocument> =
        transaction.collection(&schema::ORGANIZATIONS).find_one(doc! {}).await?;
    Ok(found.map(Organization::try_from).transpose()?)
}

#[async_trait]
impl StoredResult for Organization {
    fn to_document(&self) -> ResultDocument {
        ResultDocument::of(self.id)
    }

    async fn load(transaction: &mut Transaction<'_>, _: &ResultDocument) -> Attempt<Self> {
        find(transaction).await
    }
}
