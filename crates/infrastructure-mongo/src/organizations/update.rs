use bson::doc;
use convene_application::{caller::TenantScope, change::Change, failure::Outcome, ports::OrganizationPatch};
use convene_domain::{
    activity::{Action, ActivityDraft, FieldChanges, Subject},
    organization::Organization,
};
use futures::FutureExt;

use super::current;
use crate::{database::Database, documents::convert::date, schema};

/// Changes the organization, if the patch changes anything.
pub(super) async fn update(
    database: &Database,
    scope: &TenantScope,
    patch: &OrganizationPatch,
    change: &Change,
) -> Outcome<Organization> {
    database
        .change(scope, change, "updateOrganization", |transaction| {
            async move {
                let before = current(transaction).await?;
                let mut after = patched(&before, patch);
                if after == before {
                    return Ok(after);
                }
                after.updated_at = change.at;
                let set = doc! {
                    "name": after.name.as_str(),
                    "timeZone": after.time_zone.name(),
                    "updatedAt": date(after.updated_at),
                };
                transaction
                    .collection(&schema::ORGANIZATIONS)
                    .update_one(doc! {}, doc! { "$set": set })
                    .await?;
                transaction.log(change, updated(&before, &after));
                Ok(after)
            }
            .boxed()
        })
        .await
}

fn patched(organization: &Organization, patch: &OrganizationPatch) -> Organization {
    let OrganizationPatch { name, time_zone } = patch;
    Organization {
        name: name.clone().unwrap_or_else(|| organization.name.clone()),
        time_zone: time_zone.unwrap_or(organization.time_zone),
        ..organization.clone()
    }
}

fn updated(before: &Organization, after: &Organization) -> ActivityDraft {
    ActivityDraft {
        action: Action::OrganizationUpdated,
        subject: Subject::Organization(after.id),
        changes: FieldChanges::default()
            .compare("name", Some(&before.name), Some(&after.name))
            .compare("timeZone", Some(before.time_zone.name()), Some(after.time_zone.name()))
            .into_vec(),
    }
}
