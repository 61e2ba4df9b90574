use bson::doc;
use convene_application::{
    caller::TenantScope,
    change::Change,
    failure::Outcome,
    organization::{log, refusals, with_status},
};
use convene_domain::organization::{Organization, OrganizationStatus};
use futures::FutureExt;

use super::{find_stored, operator_keys};
use crate::{database::Database, documents::convert::date, operation::Operation, schema};

pub(super) async fn set_status(
    database: &Database,
    scope: &TenantScope,
    status: OrganizationStatus,
    change: &Change,
) -> Outcome<Organization> {
    let operation = match status {
        OrganizationStatus::Active => Operation::ResumeOrganization,
        OrganizationStatus::Suspended => Operation::SuspendOrganization,
    };
    database
        .change(scope, change, operation, |transaction| {
            async move {
                operator_keys::verify_unused(database, transaction.scope(), change).await?;
                let before = find_stored(transaction).await?.ok_or_else(refusals::not_found)?;
                let change = &transaction.recorded_after(before.updated_at, change);
                let Some(after) = with_status(&before, status, change.at) else { return Ok(before) };
                let set = doc! {
                    "status": after.status.as_str(),
                    "version": after.version.cast_signed(),
                    "updatedAt": date(after.updated_at),
                };
                let mut organizations = transaction.collection(&schema::ORGANIZATIONS);
                organizations.update_one(doc! {}, doc! { "$set": set }).await?;
                transaction.log(change, log::status_changed(&before, &after));
                Ok(after)
            }
            .boxed()
        })
        .await
}
