use bson::doc;
use convene_application::{
    caller::TenantScope,
    change::Change,
    failure::{Outcome, Refusal},
    issue::log,
    ports::NewIssue,
};
use convene_domain::issue::Issue;
use futures::FutureExt;
use serde::Deserialize;

use super::check_references;
use crate::{
    database::Database,
    documents::{convert::Fields, issue::IssueDocument},
    error::Attempt,
    operation::Operation,
    schema,
    transaction::Transaction,
};

pub(super) async fn create(
    database: &Database,
    scope: &TenantScope,
    new: &NewIssue,
    change: &Change,
) -> Outcome<Issue> {
    database
        .change_serialized(scope, change, Operation::CreateIssue, |transaction| {
            async move {
                // The number comes first, so that concurrent creations conflict before any other work is done.
                let number = next_number(transaction).await?;
                check_references(transaction, new.into()).await?;
                let issue = new.clone().numbered(number, transaction.recorded_at(change.at));
                transaction.collection(&schema::ISSUES).insert(&IssueDocument::from(&issue)).await?;
                transaction.log(change, log::created(&issue));
                Ok(issue)
            }
            .boxed()
        })
        .await
}

/// Increments the organization's counter. An aborted transaction leaves no gap.
async fn next_number(transaction: &mut Transaction<'_>) -> Attempt<u32> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Numbered {
        last_issue_number: i32,
    }
    let increment = doc! { "$inc": { "lastIssueNumber": 1 } };
    let numbered: Option<Numbered> =
        transaction.collection(&schema::ORGANIZATIONS).find_one_and_update(doc! {}, increment).await?;
    let number = numbered.ok_or(Refusal::OrganizationSuspended)?.last_issue_number;
    let id = transaction.scope().organization().to_string();
    Ok(Fields::of(&schema::ORGANIZATIONS, &id).read("lastIssueNumber", u32::try_from(number))?)
}
