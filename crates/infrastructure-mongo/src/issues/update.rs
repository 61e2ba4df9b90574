use bson::{Document, doc};
use convene_application::{
    caller::TenantScope,
    change::Change,
    failure::Outcome,
    issue::{log, references::References},
    ports::IssuePatch,
};
use convene_domain::{id::IssueId, issue::Issue, text::FoldedText};
use futures::FutureExt;

use super::{check_references, find};
use crate::{
    database::Database,
    documents::{
        convert::{bytes, date},
        issue::rank,
    },
    operation::Operation,
    schema,
};

pub(super) async fn update(
    database: &Database,
    scope: &TenantScope,
    id: IssueId,
    patch: &IssuePatch,
    change: &Change,
) -> Outcome<Issue> {
    database
        .change(scope, change, Operation::UpdateIssue, |transaction| {
            async move {
                let before = find(transaction, id).await?;
                let change = &transaction.recorded_after(before.updated_at, change);
                let after = patch.apply(&before, change.at)?;
                check_references(transaction, References::set_by(patch, &before)).await?;
                let Some(after) = after else { return Ok(before) };
                let update = update_document(&after);
                transaction
                    .collection(&schema::ISSUES)
                    .update_one(doc! { "_id": id.to_string() }, update)
                    .await?;
                transaction.log(change, log::updated(&before, &after));
                Ok(after)
            }
            .boxed()
        })
        .await
}

fn update_document(issue: &Issue) -> Document {
    let search = FoldedText::of_object(&issue.title, &issue.description);
    let mut set = doc! {
        "title": issue.title.as_str(),
        "description": issue.description.as_str(),
        "searchBytes": bytes(search.as_str()),
        "search": search.into_string(),
        "status": issue.status.as_str(),
        "priority": issue.priority.as_str(),
        "priorityRank": rank(issue.priority),
        "version": issue.version.cast_signed(),
        "updatedAt": date(issue.updated_at),
    };
    let mut unset = Document::new();
    let references = [
        ("assignee", issue.assignee.map(|id| id.to_string())),
        ("event", issue.event.map(|id| id.to_string())),
    ];
    for (field, reference) in references {
        match reference {
            Some(id) => set.insert(field, id),
            None => unset.insert(field, ""),
        };
    }
    if unset.is_empty() {
        doc! { "$set": set }
    } else {
        doc! { "$set": set, "$unset": unset }
    }
}
