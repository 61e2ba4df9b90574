use convene_domain::{
    id::{EventId, IssueId, MemberId},
    issue::IssuePriority,
    text::{Description, Title},
};

use super::fresh_uuid;
use crate::ports::NewIssue;

/// Builds new issues of medium priority.
#[derive(Debug, Clone)]
pub struct IssueBuilder(NewIssue);

impl IssueBuilder {
    /// An issue with a new id.
    ///
    /// # Panics
    /// If the text is not a title.
    #[must_use]
    pub fn new(title: &str, created_by: MemberId) -> Self {
        Self(NewIssue {
            id: IssueId::from_uuid(fresh_uuid()),
            title: Title::parse(title).expect("a title"),
            description: Description::parse("").expect("a description"),
            priority: IssuePriority::Medium,
            assignee: None,
            event: None,
            created_by,
        })
    }

    /// Sets the description.
    ///
    /// # Panics
    /// If the text is not a description.
    #[must_use]
    pub fn description(mut self, description: &str) -> Self {
        self.0.description = Description::parse(description).expect("a description");
        self
    }

    /// Sets the priority.
    #[must_use]
    pub const fn priority(mut self, priority: IssuePriority) -> Self {
        self.0.priority = priority;
        self
    }

    /// Sets the assignee.
    #[must_use]
    pub const fn assignee(mut self, member: MemberId) -> Self {
        self.0.assignee = Some(member);
        self
    }

    /// Sets the related event.
    #[must_use]
    pub const fn event(mut self, event: EventId) -> Self {
        self.0.event = Some(event);
        self
    }

    /// The issue.
    #[must_use]
    pub fn build(self) -> NewIssue {
        self.0
    }
}
