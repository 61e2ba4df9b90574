use std::sync::Arc;

use convene_domain::id::IssueId;

use crate::{
    caller::Admin, change::RequestMetadata, failure::Outcome, mutation_context::ContextFactory, ports::Issues,
};

/// Deletes an issue of the admin's organization.
pub struct DeleteIssue {
    pub(crate) contexts: ContextFactory,
    pub(crate) issues: Arc<dyn Issues>,
}

impl DeleteIssue {
    /// Deletes the issue. Its number is not used again.
    ///
    /// # Errors
    /// Refused with `NotFound` on `issueId`.
    #[tracing::instrument(skip_all, fields(organization = %admin.scope().organization(), %issue))]
    pub async fn execute(
        &self,
        admin: Admin<'_>,
        issue: IssueId,
        request: RequestMetadata,
    ) -> Outcome<IssueId> {
        let change = self.contexts.for_member(&admin, request);
        self.issues.delete(admin.scope(), issue, &change).await
    }
}
