use bson::doc;
use convene_application::{
    caller::TenantScope, change::Change, failure::Outcome, organization::log, ports::OrganizationPatch,
};
use convene_domain::organization::Organization;
use futures::FutureExt;

use super::find;
use crate::{database::Database, documents::convert::date, operation::Operation, schema};

pub(super) async fn update(
    database: &Database,
    scope: &TenantScope,
    patch: &OrganizationPatch,
    change: &Change,
) -> Outcome<Organization> {
    database
        .change_serialized(scope, change, Operation::UpdateOrganization, |transaction| {
            async move {
                let before = find(transaction).await?;
                let change = &transaction.recorded_after(before.updated_at, change);
                let Some(after) = patch.apply(&before, change.at)? else { return Ok(before) };
                let set = doc! {
                    "name": after.name.as_str(),
                    "timeZone": after.time_zone.name(),
                    "version": after.version.cast_signed(),
                    "updatedAt": date(after.updated_at),
                };
                transaction
                    .collection(&schema::ORGANIZATIONS)
                    .update_one(doc! {}, doc! { "$set": set })
                    .await?;
                transaction.log(change, log::updated(&before, &after));
                Ok(after)
            }
            .boxed()
        })
        .await
}
