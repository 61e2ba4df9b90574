use async_trait::async_trait;
use convene_domain::{
    id::{EventId, IssueId, MemberId},
    issue::{Issue, IssuePriority, IssueStatus},
    text::{Description, SearchText, Title},
};

use crate::{
    caller::TenantScope,
    change::Change,
    failure::{Fault, Outcome},
    page::{Page, PageRequest},
};

/// An issue that has no number yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewIssue {
    /// The id it will have.
    pub id: IssueId,
    /// What it is about.
    pub title: Title,
    /// The details.
    pub description: Description,
    /// How pressing it is.
    pub priority: IssuePriority,
    /// Who takes care of it.
    pub assignee: Option<MemberId>,
    /// The event it belongs to.
    pub event: Option<EventId>,
    /// Who reports it.
    pub created_by: MemberId,
}

/// What to change of an issue; `None` stays as it is, `Some(None)` clears.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IssuePatch {
    /// A new title.
    pub title: Option<Title>,
    /// A new description.
    pub description: Option<Description>,
    /// A new status.
    pub status: Option<IssueStatus>,
    /// A new priority.
    pub priority: Option<IssuePriority>,
    /// Who takes care of it.
    pub assignee: Option<Option<MemberId>>,
    /// The event it belongs to.
    pub event: Option<Option<EventId>>,
}

/// Which issues are wanted; `None` asks nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IssueFilter {
    /// Those of these statuses.
    pub statuses: Option<Vec<IssueStatus>>,
    /// Those of these priorities.
    pub priorities: Option<Vec<IssuePriority>>,
    /// Those of this assignee.
    pub assignee: Option<MemberId>,
    /// Those with this text in title or description, whatever its case.
    pub search: Option<SearchText>,
}

/// Keeps an organization's issues.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Issues: Send + Sync {
    /// Stores a new issue under the next number: 1, 2, 3 ... without gaps or doubles, under any concurrency.
    ///
    /// Refusals: `NotFound` on `assigneeId` or `eventId`.
    async fn create(&self, scope: &TenantScope, issue: NewIssue, change: &Change) -> Outcome<Issue>;

    /// Changes an issue. A patch that changes nothing is not logged.
    ///
    /// Refusals: `NotFound` on `issueId`, `assigneeId` or `eventId`.
    async fn update(
        &self,
        scope: &TenantScope,
        id: IssueId,
        patch: IssuePatch,
        change: &Change,
    ) -> Outcome<Issue>;

    /// Deletes an issue. Its number is not given out again.
    ///
    /// Refusals: `NotFound` on `issueId`.
    async fn delete(&self, scope: &TenantScope, id: IssueId, change: &Change) -> Outcome<IssueId>;

    /// The issues with these ids, in any order.
    async fn get_many(&self, scope: &TenantScope, ids: &[IssueId]) -> Result<Vec<Issue>, Fault>;

    /// The issue with this number.
    async fn get_by_number(&self, scope: &TenantScope, number: u32) -> Result<Option<Issue>, Fault>;

    /// The issues that pass the filter, by number.
    async fn list(
        &self,
        scope: &TenantScope,
        filter: IssueFilter,
        page: PageRequest<u32>,
    ) -> Result<Page<Issue>, Fault>;
}
