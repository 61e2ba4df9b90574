use std::sync::Arc;

use convene_domain::id::IssueId;

use crate::{
    caller::Admin, change::RequestMetadata, failure::Outcome, mutation_context::ContextFactory, ports::Issues,
};

/// The input of [`DeleteIssue`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeleteIssueCommand {
    pub issue: IssueId,
    /// The version to delete; `None` accepts any version.
    pub expected_version: Option<u32>,
}

/// Deletes an issue of the admin's organization.
pub struct DeleteIssue {
    pub(crate) contexts: ContextFactory,
    pub(crate) issues: Arc<dyn Issues>,
}

impl DeleteIssue {
    /// Deletes the issue. Its number is not used again.
    ///
    /// # Errors
    /// Refused with `NotFound` on `issueId`, or `VersionConflict`.
    #[tracing::instrument(name = "issue.delete", skip_all, fields(organization = %admin.scope().organization(), issue = %command.issue))]
    pub async fn execute(
        &self,
        admin: Admin<'_>,
        command: DeleteIssueCommand,
        request: RequestMetadata,
    ) -> Outcome<IssueId> {
        let change = self.contexts.for_member(&admin, request);
        self.issues.delete(admin.scope(), command.issue, command.expected_version, &change).await
    }
}
