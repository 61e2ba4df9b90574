//! Foundings that were made before, under an idempotency key of the operator's.
//!
//! An operator has no organization, so the key is looked for in all of them, and what it made is read without a
//! scope: nobody but the operator who used the key can come here.

use bson::doc;
use convene_application::{
    change::{Change, IDEMPOTENCY_WINDOW},
    failure::{Fault, Refusal},
};
use convene_domain::{member::Member, organization::Organization};

use crate::{
    database::Database,
    documents::{
        convert::{binary, date},
        idempotency::IdempotencyDocument,
        member::MemberDocument,
        organization::OrganizationDocument,
    },
    error::Attempt,
    schema::{self, FOUNDING},
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
        "operation": FOUNDING,
        "_id.actor": change.actor.to_string(),
        "_id.key": idempotency.key.as_str(),
    };
    let noted: Option<IdempotencyDocument> = find_one(database, &schema::IDEMPOTENCY, by_key).await?;
    let Some(noted) = noted.filter(|noted| noted.created_at > date(change.at - IDEMPOTENCY_WINDOW)) else {
        return Ok(None);
    };
    if noted.fingerprint != binary(idempotency.fingerprint) {
        return Err(Refusal::IdempotencyKeyReused.into());
    }
    let gone = || Fault::internal(format!("{} was founded, but is not whole", noted.result.subject));
    let organization = doc! { "_id": &noted.result.subject };
    let organization: Option<OrganizationDocument> =
        find_one(database, &schema::ORGANIZATIONS, organization).await?;
    let admin = doc! { "organization": &noted.result.subject, "_id": noted.result.also.as_deref() };
    let admin: Option<MemberDocument> = find_one(database, &schema::MEMBERS, admin).await?;
    match (organization, admin) {
        (Some(organization), Some(admin)) => Ok(Some((organization.try_into()?, admin.try_into()?))),
        _ => Err(gone().into()),
    }
}
