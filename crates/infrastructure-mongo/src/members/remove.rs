use async_trait::async_trait;
use bson::doc;
use convene_application::{
    caller::TenantScope,
    change::Change,
    failure::Outcome,
    member::{admins::AdminChange, log},
    ports::MemberRemoved,
};
use convene_domain::id::MemberId;
use futures::FutureExt;

use super::{count_admins, find};
use crate::{
    change::StoredResult,
    database::Database,
    documents::{convert::date, idempotency::ResultDocument, member::REMOVED},
    error::Attempt,
    registration::seats,
    schema,
    transaction::Transaction,
};

/// Marks a member as removed and cancels the member's registrations.
pub(super) async fn remove(
    database: &Database,
    scope: &TenantScope,
    id: MemberId,
    change: &Change,
) -> Outcome<MemberRemoved> {
    database
        .change(scope, change, "removeMember", |transaction| {
            async move {
                let member = find(transaction, id).await?;
                count_admins(transaction, AdminChange::between(Some(&member), None)).await?;
                let this = doc! { "_id": id.to_string() };
                let removed = doc! {
                    "status": REMOVED,
                    "removedAt": date(change.at),
                    "updatedAt": date(change.at),
                };
                transaction.collection(&schema::MEMBERS).update_one(this, doc! { "$set": removed }).await?;
                transaction.log(change, log::removed(&member));
                let cancelled_registrations = seats::remove_member(transaction, id, change).await?;
                Ok(MemberRemoved { id, cancelled_registrations })
            }
            .boxed()
        })
        .await
}

#[async_trait]
impl StoredResult for MemberRemoved {
    fn to_document(&self) -> ResultDocument {
        ResultDocument::of(self.id).counting(self.cancelled_registrations)
    }

    async fn load(_: &mut Transaction<'_>, stored: &ResultDocument) -> Attempt<Self> {
        Ok(Self { id: stored.subject_as(MemberId::parse)?, cancelled_registrations: stored.counted()? })
    }
}
