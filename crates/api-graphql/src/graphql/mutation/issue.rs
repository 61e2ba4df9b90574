use juniper::ID;

use super::payload::{payload, run};
use crate::graphql::{
    context::Context,
    errors::FieldProblem,
    input::{CreateIssueInput, DeleteIssueInput, UpdateIssueInput, prepare},
    object::Issue,
};

payload!(
    /// The result of reporting an issue.
    CreateIssuePayload {
        /// The issue; null if the mutation was refused.
        issue: Option<Issue>,
    }
);

pub(super) async fn create(
    context: &Context,
    input: &CreateIssueInput,
) -> Result<CreateIssuePayload, FieldProblem> {
    run(context, async {
        let caller = context.acting_member()?;
        let (command, request) = prepare(context, "createIssue", input)?;
        let created = context.use_cases().create_issue.execute(caller, command, request).await;
        created.map(|issue| CreateIssuePayload { issue: Some(issue.into()), ..Default::default() })
    })
    .await
}

payload!(
    /// The result of changing an issue.
    UpdateIssuePayload {
        /// The changed issue; null if the mutation was refused.
        issue: Option<Issue>,
    }
);

pub(super) async fn update(
    context: &Context,
    input: &UpdateIssueInput,
) -> Result<UpdateIssuePayload, FieldProblem> {
    run(context, async {
        let admin = context.acting_admin()?;
        let (command, request) = prepare(context, "updateIssue", input)?;
        let updated = context.use_cases().update_issue.execute(admin, command, request).await;
        updated.map(|issue| UpdateIssuePayload { issue: Some(issue.into()), ..Default::default() })
    })
    .await
}

payload!(
    /// The result of deleting an issue.
    DeleteIssuePayload {
        /// The id of the deleted issue; null if the mutation was refused.
        deleted_issue_id: Option<ID>,
    }
);

pub(super) async fn delete(
    context: &Context,
    input: &DeleteIssueInput,
) -> Result<DeleteIssuePayload, FieldProblem> {
    run(context, async {
        let admin = context.acting_admin()?;
        let (command, request) = prepare(context, "deleteIssue", input)?;
        let deleted = context.use_cases().delete_issue.execute(admin, command, request).await?;
        Ok(DeleteIssuePayload { deleted_issue_id: Some(ID::from(deleted.to_string())), ..Default::default() })
    })
    .await
}
