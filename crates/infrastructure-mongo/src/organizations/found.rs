use async_trait::async_trait;
use convene_application::{
    caller::TenantScope,
    change::Change,
    failure::{Outcome, Refusal},
};
use convene_domain::{
    activity::{Action, ActivityDraft, FieldChanges, Subject},
    id::MemberId,
    member::Member,
    organization::Organization,
};
use futures::FutureExt;

use super::current;
use crate::{
    change::Answer,
    database::Database,
    documents::{idempotency::ResultDocument, organization::OrganizationDocument},
    error::{Attempt, Interruption},
    members,
    schema::{self, UNIQUE_SLUG},
    transaction::Transaction,
};

/// Stores a new organization with its first admin.
pub(super) async fn found(
    database: &Database,
    scope: &TenantScope,
    organization: &Organization,
    admin: &Member,
    change: &Change,
) -> Outcome<(Organization, Member)> {
    database
        .change(scope, change, "createOrganization", |transaction| {
            async move {
                let document = OrganizationDocument::founded(organization);
                let inserted = transaction.collection(&schema::ORGANIZATIONS).insert(&document).await;
                inserted.map_err(|error| match error {
                    error if error.is_duplicate(Some(UNIQUE_SLUG)) => {
                        Refusal::AlreadyExists { field: "slug".into() }.into()
                    }
                    error => Interruption::from(error),
                })?;
                transaction.log(change, created(organization));
                members::add::store(transaction, admin, change).await?;
                Ok((organization.clone(), admin.clone()))
            }
            .boxed()
        })
        .await
}

fn created(organization: &Organization) -> ActivityDraft {
    ActivityDraft {
        action: Action::OrganizationCreated,
        subject: Subject::Organization(organization.id),
        changes: FieldChanges::default()
            .compare("slug", None, Some(&organization.slug))
            .compare("name", None, Some(&organization.name))
            .compare("timeZone", None, Some(organization.time_zone.name()))
            .into_vec(),
    }
}

#[async_trait]
impl Answer for (Organization, Member) {
    fn note(&self) -> ResultDocument {
        ResultDocument::of(self.0.id).with(self.1.id)
    }

    async fn recall(transaction: &mut Transaction<'_>, note: &ResultDocument) -> Attempt<Self> {
        let organization = current(transaction).await?;
        let admin = note.also_as(MemberId::parse)?;
        Ok((organization, members::find_even_removed(transaction, admin).await?))
    }
}
