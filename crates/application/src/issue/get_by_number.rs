use std::sync::Arc;

use convene_domain::issue::Issue;

use crate::{caller::Caller, failure::Outcome, ports::Issues};

/// Reads an issue by its number.
pub struct GetIssueByNumber {
    pub(crate) issues: Arc<dyn Issues>,
}

impl GetIssueByNumber {
    /// # Errors
    /// Faults only.
    #[tracing::instrument(name = "issue.get_by_number", skip_all)]
    pub async fn execute(&self, caller: &Caller, number: u32) -> Outcome<Option<Issue>> {
        Ok(self.issues.get_by_number(caller.scope(), number).await?)
    }
}
