use convene_domain::{
    id::{EventId, IssueId, MemberId},
    issue::IssuePriority,
    text::{Description, Title},
};

use super::fresh_uuid;
use crate::ports::NewIssue;

/// Builds issues to be reported, of medium priority.
#[derive(Debug, Clone)]
pub struct IssueBuilder(NewIssue);

impl IssueBuilder {
    /// An issue with a new id.
    ///
    /// # Panics
    /// For what is no title.
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

    /// Gives it a description.
    ///
    /// # Panics
    /// For what is no description.
    #[must_use]
    pub fn description(mut self, description: &str) -> Self {
        self.0.description = Description::parse(description).expect("a description");
        self
    }

    /// Gives it another priority.
    #[must_use]
    pub const fn priority(mut self, priority: IssuePriority) -> Self {
        self.0.priority = priority;
        self
    }

    /// Gives it to someone.
    #[must_use]
    pub const fn assignee(mut self, member: MemberId) -> Self {
        self.0.assignee = Some(member);
        self
    }

    /// Lets it belong to an event.
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
