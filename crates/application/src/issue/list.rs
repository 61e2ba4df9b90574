use std::sync::Arc;

use convene_domain::issue::Issue;

use crate::{
    caller::Caller,
    failure::Outcome,
    page::{BoundedPage, PageRequest},
    ports::{IssueFilter, IssuePosition, Issues},
};

/// Lists the issues of the caller's organization.
pub struct ListIssues {
    pub(crate) issues: Arc<dyn Issues>,
}

impl ListIssues {
    /// The issues that match the filter, in the order of the page.
    ///
    /// # Errors
    /// Faults only.
    #[tracing::instrument(name = "issue.list", skip_all)]
    pub async fn execute(
        &self,
        caller: &Caller,
        filter: IssueFilter,
        page: PageRequest<IssuePosition>,
    ) -> Outcome<BoundedPage<Issue, IssuePosition>> {
        Ok(self.issues.list(caller.scope(), filter, page).await?)
    }

    /// The number of issues that match the filter; `None` if there are too many to count.
    ///
    /// # Errors
    /// Faults only.
    pub async fn count(&self, caller: &Caller, filter: IssueFilter) -> Outcome<Option<u32>> {
        Ok(self.issues.count(caller.scope(), filter).await?)
    }
}
