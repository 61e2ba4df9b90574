//! The adapter of [`Organizations`].

mod create;
mod repeat;
mod update;

use async_trait::async_trait;
use bson::doc;
use convene_application::{
    caller::TenantScope,
    change::Change,
    failure::{Fault, Outcome},
    ports::{OrganizationPatch, Organizations},
};
use convene_domain::{member::Member, organization::Organization};

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

    async fn get(&self, scope: &TenantScope) -> Result<Organization, Fault> {
        let mut organizations = self.0.collection(scope, &schema::ORGANIZATIONS);
        let found: Option<OrganizationDocument> = organizations.find_one(doc! {}).await?;
        let gone = || Fault::internal(format!("organization {} is gone", scope.organization()));
        Ok(Organization::try_from(found.ok_or_else(gone)?).map_err(StorageError::from)?)
    }

    async fn update(
        &self,
        scope: &TenantScope,
        patch: OrganizationPatch,
        change: &Change,
    ) -> Outcome<Organization> {
        update::update(&self.0, scope, &patch, change).await
    }
}

/// Finds the organization of the transaction.
async fn find(transaction: &mut Transaction<'_>) -> Attempt<Organization> {
    let found: Option<OrganizationDocument> =
        transaction.collection(&schema::ORGANIZATIONS).find_one(doc! {}).await?;
    let document = found.ok_or_else(|| transaction.organization_is_gone())?;
    Ok(Organization::try_from(document)?)
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
