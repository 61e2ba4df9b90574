use async_trait::async_trait;
use bson::doc;
use convene_application::{
    caller::TenantScope, change::Change, failure::Outcome, issue::log, version::check_version,
};
use convene_domain::id::IssueId;
use futures::FutureExt;

use super::find;
use crate::{
    change::StoredResult, database::Database, documents::idempotency::ResultDocument, error::Attempt,
    operation::Operation, schema, transaction::Transaction,
};

pub(super) async fn delete(
    database: &Database,
    scope: &TenantScope,
    id: IssueId,
    expected_version: Option<u32>,
    change: &Change,
) -> Outcome<IssueId> {
    database
        .change(scope, change, Operation::DeleteIssue, |transaction| {
            async move {
                let issue = find(transaction, id).await?;
                let change = &transaction.recorded_after(issue.updated_at, change);
                check_version(expected_version, issue.version)?;
                transaction.collection(&schema::ISSUES).delete_one(doc! { "_id": id.to_string() }).await?;
                transaction.log(change, log::deleted(&issue));
                Ok(id)
            }
            .boxed()
        })
        .await
}

#[async_trait]
impl StoredResult for IssueId {
    fn to_document(&self) -> ResultDocument {
        ResultDocument::of(self)
    }

    async fn load(_: &mut Transaction<'_>, stored: &ResultDocument) -> Attempt<Self> {
        Ok(stored.subject_as(Self::parse)?)
    }
}
