use bson::{Document, doc};
use convene_application::{
    caller::TenantScope,
    change::Change,
    failure::Outcome,
    organization::{log, refusals},
};
use convene_domain::{member::Member, organization::Organization};
use futures::FutureExt;

use super::operator_keys;
use crate::{
    database::Database,
    documents::{idempotency::ResultDocument, organization::OrganizationDocument},
    error::{Attempt, Interruption},
    members,
    operation::Operation,
    schema::{self, UNIQUE_SLUG},
    transaction::Transaction,
    unscoped::find_one,
};

/// Stores a new organization with its first admin, unless the idempotency key was used before.
///
/// A repeat comes with new ids and therefore with another scope, so the key is looked up without a scope.
pub(super) async fn create(
    database: &Database,
    scope: &TenantScope,
    organization: &Organization,
    admin: &Member,
    change: &Change,
) -> Outcome<(Organization, Member)> {
    database
        .transact(scope, |transaction| {
            async move {
                if let Some(stored) = operator_keys::load(database, change).await? {
                    return Ok(stored);
                }
                let at = transaction.recorded_at(change.at);
                let organization = &Organization { created_at: at, updated_at: at, ..organization.clone() };
                insert(transaction, database, organization, change).await?;
                transaction.log(change, log::created(organization));
                let admin = members::add::store(transaction, admin, change).await?;
                let result = ResultDocument::of(organization.id).with(admin.id);
                transaction.record_key(change, Operation::CreateOrganization, result).await?;
                Ok((organization.clone(), admin))
            }
            .boxed()
        })
        .await
}

async fn insert(
    transaction: &mut Transaction<'_>,
    database: &Database,
    organization: &Organization,
    change: &Change,
) -> Attempt<()> {
    let document = OrganizationDocument::new(organization);
    match transaction.collection(&schema::ORGANIZATIONS).insert(&document).await {
        Err(error) if error.is_duplicate(Some(UNIQUE_SLUG)) => {
            // The same request may have been sent twice at once, and the other one has stored the slug: the retry finds its
            // result. A lookup sees data that a majority has committed, so the slug is looked up first: once it is found,
            // the key that was stored in the same transaction is found too.
            let slug = doc! { "slug": organization.slug.as_str() };
            let holder: Option<Document> = find_one(database, &schema::ORGANIZATIONS, slug).await?;
            match (holder, operator_keys::load(database, change).await?) {
                (Some(_), None) => Err(refusals::slug_taken().into()),
                _ => Err(Interruption::Retry(error)),
            }
        }
        inserted => Ok(inserted?),
    }
}
