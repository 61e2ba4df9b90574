use std::sync::Arc;

use convene_domain::{id::IssueId, issue::Issue};

use crate::{caller::Caller, failure::Outcome, ports::Issues};

/// Reads issues by their ids.
pub struct GetIssues {
    pub(crate) issues: Arc<dyn Issues>,
}

impl GetIssues {
    /// The issues that exist in the caller's organization, in any order.
    ///
    /// # Errors
    /// Faults only.
    #[tracing::instrument(name = "issue.get_many", skip_all)]
    pub async fn execute(&self, caller: &Caller, ids: &[IssueId]) -> Outcome<Vec<Issue>> {
        Ok(self.issues.get_many(caller.scope(), ids).await?)
    }
}
