//! The idempotency keys of the operator, who belongs to no organization: a key and its result are looked up in all
//! organizations, by the actor who used the key.

use bson::doc;
use convene_application::{
    caller::TenantScope,
    change::Change,
    failure::{Fault, Refusal},
    idempotency::{KeyStatus, classify},
    organization::refusals,
};
use convene_domain::{member::Member, organization::Organization};

use crate::{
    database::Database,
    documents::{
        idempotency::IdempotencyDocument, member::MemberDocument, organization::OrganizationDocument,
    },
    error::{Attempt, Interruption, StorageError},
    operation::Operation,
    schema,
    unscoped::{delete_one, find_one},
};

/// Loads the organization that the change created and its first admin, if the change is a repeat.
///
/// # Errors
/// [`Refusal::IdempotencyKeyReused`]
pub(super) async fn load(database: &Database, change: &Change) -> Attempt<Option<(Organization, Member)>> {
    let Some(idempotency) = &change.idempotency else { return Ok(None) };
    let used = find(database, change).await?;
    let key_use = used.as_ref().map(|used| used.key_use(Operation::CreateOrganization)).transpose()?;
    let Some(result) = classify(key_use, change.at, idempotency.fingerprint).repeated()? else {
        if let Some(expired) = &used {
            delete_expired(database, expired).await?;
        }
        return Ok(None);
    };
    let organization = doc! { "_id": &result.subject, "deletedAt": null };
    let organization: Option<OrganizationDocument> =
        find_one(database, &schema::ORGANIZATIONS, organization).await?;
    let admin = doc! { "organization": &result.subject, "_id": result.also.as_deref() };
    let admin: Option<MemberDocument> = find_one(database, &schema::MEMBERS, admin).await?;
    match (organization, admin) {
        (Some(organization), Some(admin)) => Ok(Some((organization.try_into()?, admin.try_into()?))),
        // It was deleted in the meantime.
        (None, _) => Err(refusals::slug_taken().into()),
        _ => Err(Fault::internal(format!("the new organization {} or its admin is missing", result.subject))
            .into()),
    }
}

/// Verifies that the operator has not used the key of the change in another organization.
///
/// # Errors
/// [`Refusal::IdempotencyKeyReused`]
pub(super) async fn verify_unused(database: &Database, scope: &TenantScope, change: &Change) -> Attempt<()> {
    let Some(idempotency) = &change.idempotency else { return Ok(()) };
    let Some(used) = find(database, change).await? else { return Ok(()) };
    let is_here = used.id.organization == scope.organization().to_string();
    let key_use = used.use_by_any()?;
    match classify(Some(key_use), change.at, idempotency.fingerprint) {
        // The transaction has deleted the expired use itself, together with the change.
        KeyStatus::Fresh if is_here => Ok(()),
        KeyStatus::Fresh => delete_expired(database, &used).await,
        // The same call has succeeded since this transaction began: the retry finds its result.
        KeyStatus::Repeat(_) | KeyStatus::Reused if is_here => {
            Err(Interruption::Retry(StorageError::Outdated("the idempotency key")))
        }
        KeyStatus::Repeat(_) | KeyStatus::Reused => Err(Refusal::IdempotencyKeyReused.into()),
    }
}

/// Finds the use of the key of the change by the operator, in any organization.
async fn find(database: &Database, change: &Change) -> Attempt<Option<IdempotencyDocument>> {
    let Some(idempotency) = &change.idempotency else { return Ok(None) };
    let by_key = doc! {
        "operation": { "$in": Operation::OF_OPERATOR.to_vec() },
        "_id.actor": change.actor.to_string(),
        "_id.key": idempotency.key.as_str(),
    };
    Ok(find_one(database, &schema::IDEMPOTENCY, by_key).await?)
}

/// Deletes an expired use of a key that MongoDB has not deleted yet. It belongs to another organization than the new one,
/// and the unique index over all organizations would refuse the new use.
async fn delete_expired(database: &Database, expired: &IdempotencyDocument) -> Attempt<()> {
    let by_id = doc! { "_id": bson::serialize_to_bson(&expired.id)?, "createdAt": expired.created_at };
    Ok(delete_one(database, &schema::IDEMPOTENCY, by_id).await?)
}
