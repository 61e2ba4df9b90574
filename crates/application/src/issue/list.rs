use std::sync::Arc;

use convene_domain::issue::Issue;

use crate::{
    caller::Caller,
    failure::Outcome,
    page::{BoundedPage, PageRequest},
    ports::{IssueFilter, Issues},
};

/// Lists the issues of the caller's organization.
pub struct ListIssues {
    pub(crate) issues: Arc<dyn Issues>,
}

impl ListIssues {
    /// The issues that match the filter, by number.
    ///
    /// # Errors
    /// Faults only.
    pub async fn execute(
        &self,
        caller: &Caller,
        filter: IssueFilter,
        page: PageRequest<u32>,
    ) -> Outcome<BoundedPage<Issue, u32>> {
        Ok(self.issues.list(caller.scope(), filter, page).await?)
    }
}
