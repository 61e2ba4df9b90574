use std::sync::Arc;

use convene_domain::{id::IssueId, issue::Issue};

use crate::{
    caller::Admin,
    change::RequestMetadata,
    failure::Outcome,
    mutation_context::ContextFactory,
    ports::{IssuePatch, Issues},
};

/// The input of [`UpdateIssue`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateIssueCommand {
    pub issue: IssueId,
    pub patch: IssuePatch,
}

/// Changes an issue of the admin's organization.
pub struct UpdateIssue {
    pub(crate) contexts: ContextFactory,
    pub(crate) issues: Arc<dyn Issues>,
}

impl UpdateIssue {
    /// Changes the fields that the patch sets.
    ///
    /// # Errors
    /// Refused with `NotFound` on `issueId`, `assigneeId` or `eventId`, or `VersionConflict`.
    #[tracing::instrument(name = "issue.update", skip_all, fields(organization = %admin.scope().organization(), issue = %command.issue))]
    pub async fn execute(
        &self,
        admin: Admin<'_>,
        command: UpdateIssueCommand,
        request: RequestMetadata,
    ) -> Outcome<Issue> {
        let change = self.contexts.for_member(&admin, request);
        self.issues.update(admin.scope(), command.issue, command.patch, &change).await
    }
}
