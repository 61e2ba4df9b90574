//! Issues of an organization: defects, requests and tasks.

use crate::{
    id::{EventId, IssueId, MemberId},
    text::{Description, Title},
    time::Instant,
};

/// The progress of an issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum IssueStatus {
    /// Reported, not started: the status of a new issue.
    #[default]
    Open,
    /// Being worked on.
    InProgress,
    /// Resolved.
    Done,
}

impl IssueStatus {
    /// The status' name in the API and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::InProgress => "IN_PROGRESS",
            Self::Done => "DONE",
        }
    }

    /// Parses the result of [`as_str`](Self::as_str).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Open, Self::InProgress, Self::Done].into_iter().find(|status| status.as_str() == text)
    }
}

/// The priority of an issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum IssuePriority {
    /// Below normal.
    Low,
    /// Normal: the priority of an issue that is created without one.
    #[default]
    Medium,
    /// Above normal.
    High,
}

impl IssuePriority {
    /// The priority's name in the API and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "LOW",
            Self::Medium => "MEDIUM",
            Self::High => "HIGH",
        }
    }

    /// Parses the result of [`as_str`](Self::as_str).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Low, Self::Medium, Self::High].into_iter().find(|priority| priority.as_str() == text)
    }
}

/// An issue of an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// The issue's id.
    pub id: IssueId,
    /// The number within the organization, from 1; users refer to an issue by it.
    pub number: u32,
    /// The title.
    pub title: Title,
    /// The description.
    pub description: Description,
    /// The progress.
    pub status: IssueStatus,
    /// The priority.
    pub priority: IssuePriority,
    /// The member who works on it.
    pub assignee: Option<MemberId>,
    /// The related event.
    pub event: Option<EventId>,
    /// The reporting member.
    pub created_by: MemberId,
    /// The number of changes, from 1. A change of an outdated version is refused.
    pub version: u32,
    /// The creation time.
    pub created_at: Instant,
    /// The time of the last change.
    pub updated_at: Instant,
}
