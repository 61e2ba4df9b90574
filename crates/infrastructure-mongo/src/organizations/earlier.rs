//! Foundings that were made before, under an idempotency key of the operator's.
//!
//! An operator has no organization, so the key is looked for in all of them, and what it made is read without a
//! scope: nobody but the operator who used the key can come here.

use bson::doc;
use convene_application::{
    change::Change,
    failure::{Fault, Refusal},
    idempotency::{KeyStatus, classify},
};
use convene_domain::{member::Member, organization::Organization};

use crate::{
    database::Database,
    documents::{
        idempotency::IdempotencyDocument, member::MemberDocument, organization::OrganizationDocument,
    },
    error::Attempt,
    schema::{self, CREATE_ORGANIZATION},
    unscoped::find_one,
};

/// What the change's key has founded within its window, if anything.
///
/// # Errors
/// [`Refusal::IdempotencyKeyReused`] if it was with another input.
pub(super) async fn founding(
    database: &Database,
    change: &Change,
) -> Attempt<Option<(Organization, Member)>> {
    let Some(idempotency) = &change.idempotency else { return Ok(None) };
    let by_key = doc! {
        "operation": CREATE_ORGANIZATION,
        "_id.actor": change.actor.to_string(),
        "_id.key": idempotency.key.as_str(),
    };
    let noted: Option<IdempotencyDocument> = find_one(database, &schema::IDEMPOTENCY, by_key).await?;
    let used = noted.as_ref().map(IdempotencyDocument::key_use).transpose()?;
    let result = match classify(used, change.at, idempotency.fingerprint) {
        KeyStatus::Fresh => return Ok(None),
        KeyStatus::Repeat(result) => result,
        KeyStatus::Reused => return Err(Refusal::IdempotencyKeyReused.into()),
    };
    let gone = || Fault::internal(format!("{} was founded, but is not whole", result.subject));
    let organization = doc! { "_id": &result.subject };
    let organization: Option<OrganizationDocument> =
        find_one(database, &schema::ORGANIZATIONS, organization).await?;
    let admin = doc! { "organization": &result.subject, "_id": result.also.as_deref() };
    let admin: Option<MemberDocument> = find_one(database, &schema::MEMBERS, admin).await?;
    match (organization, admin) {
        (Some(organization), Some(admin)) => Ok(Some((organization.try_into()?, admin.try_into()?))),
        _ => Err(gone().into()),
    }
}
