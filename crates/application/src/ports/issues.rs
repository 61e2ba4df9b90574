use async_trait::async_trait;
use convene_domain::{
    id::{EventId, IssueId, MemberId},
    issue::{Issue, IssuePriority, IssueStatus},
    text::{Description, SearchText, Title},
    time::Instant,
};

use crate::{
    caller::TenantScope,
    change::Change,
    failure::{Fault, Outcome},
    page::{BoundedPage, PageRequest, any_order},
};

/// An issue that has no number yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewIssue {
    pub id: IssueId,
    pub title: Title,
    pub description: Description,
    pub priority: IssuePriority,
    pub assignee: Option<MemberId>,
    pub event: Option<EventId>,
    pub created_by: MemberId,
}

/// A change of an issue. `None` keeps the value; `Some(None)` removes it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IssuePatch {
    /// The expected version; `None` accepts any version.
    pub expected_version: Option<u32>,
    pub title: Option<Title>,
    pub description: Option<Description>,
    pub status: Option<IssueStatus>,
    pub priority: Option<IssuePriority>,
    pub assignee: Option<Option<MemberId>>,
    pub event: Option<Option<EventId>>,
}

/// The conditions of a list of issues. All that are set must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IssueFilter {
    pub statuses: Option<Vec<IssueStatus>>,
    pub priorities: Option<Vec<IssuePriority>>,
    /// Issues assigned to one of these members, of whom some may be removed.
    pub assignees: Option<Vec<MemberId>>,
    /// The member who reported it.
    pub created_by: Option<MemberId>,
    /// The event that it is about.
    pub event: Option<EventId>,
    /// A text in the title or the description, regardless of case and accents.
    pub search: Option<SearchText>,
}

/// The field by which a list of issues is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum IssueOrderField {
    #[default]
    Number,
    UpdatedAt,
    /// From low to high.
    Priority,
}

/// The position of an issue in lists, for each order: the value of the field, then the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IssuePosition {
    Number(u32),
    UpdatedAt(Instant, u32),
    Priority(IssuePriority, u32),
}

any_order!(IssuePosition, by IssueOrderField);

impl IssuePosition {
    /// The position of an issue in the list that is sorted by this field.
    #[must_use]
    pub const fn of(issue: &Issue, field: IssueOrderField) -> Self {
        match field {
            IssueOrderField::Number => Self::Number(issue.number),
            IssueOrderField::UpdatedAt => Self::UpdatedAt(issue.updated_at, issue.number),
            IssueOrderField::Priority => Self::Priority(issue.priority, issue.number),
        }
    }
}

/// Stores the issues of organizations.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Issues: Send + Sync {
    /// Stores a new issue under the next number: 1, 2, 3 ... without gaps or duplicates, under any concurrency.
    ///
    /// Refusals: `NotFound` on `assigneeId` or `eventId`.
    async fn create(&self, scope: &TenantScope, issue: NewIssue, change: &Change) -> Outcome<Issue>;

    /// Changes an issue. A patch that changes nothing is not logged.
    ///
    /// Refusals: `NotFound` on `issueId`, `assigneeId` or `eventId`; `VersionConflict`.
    async fn update(
        &self,
        scope: &TenantScope,
        id: IssueId,
        patch: IssuePatch,
        change: &Change,
    ) -> Outcome<Issue>;

    /// Deletes an issue. Its number is not used again. `expected_version` is the version to delete; `None` accepts any.
    ///
    /// Refusals: `NotFound` on `issueId`; `VersionConflict`.
    async fn delete(
        &self,
        scope: &TenantScope,
        id: IssueId,
        expected_version: Option<u32>,
        change: &Change,
    ) -> Outcome<IssueId>;

    /// The issues with these ids, in any order.
    async fn get_many(&self, scope: &TenantScope, ids: &[IssueId]) -> Result<Vec<Issue>, Fault>;

    async fn get_by_number(&self, scope: &TenantScope, number: u32) -> Result<Option<Issue>, Fault>;

    /// The issues that match the filter, in the order of the page.
    ///
    /// A search, or a list with several conditions, may end before the page is full, as the limits of lists say.
    async fn list(
        &self,
        scope: &TenantScope,
        filter: IssueFilter,
        page: PageRequest<IssuePosition>,
    ) -> Result<BoundedPage<Issue, IssuePosition>, Fault>;

    /// The number of issues that match the filter, up to [`COUNTED`](crate::limits::COUNTED); `None` beyond, and if a search has
    /// more to examine than for one page.
    async fn count(&self, scope: &TenantScope, filter: IssueFilter) -> Result<Option<u32>, Fault>;
}
