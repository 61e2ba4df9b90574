//! An organization's issues: what is broken, missing or to be done.

use crate::{
    id::{EventId, IssueId, MemberId},
    text::{Description, Title},
    time::Instant,
};

/// How far an issue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IssueStatus {
    /// Reported.
    Open,
    /// Somebody works on it.
    InProgress,
    /// Settled.
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

    /// Reads what [`as_str`](Self::as_str) gives.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Open, Self::InProgress, Self::Done].into_iter().find(|status| status.as_str() == text)
    }
}

/// How pressing an issue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IssuePriority {
    /// It can wait.
    Low,
    /// The usual.
    Medium,
    /// Before all else.
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

    /// Reads what [`as_str`](Self::as_str) gives.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Low, Self::Medium, Self::High].into_iter().find(|priority| priority.as_str() == text)
    }
}

/// An open point of an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// Its identity.
    pub id: IssueId,
    /// 1, 2, 3 ... within the organization: what people call it.
    pub number: u32,
    /// What it is about.
    pub title: Title,
    /// The details.
    pub description: Description,
    /// How far it is.
    pub status: IssueStatus,
    /// How pressing it is.
    pub priority: IssuePriority,
    /// Who takes care of it.
    pub assignee: Option<MemberId>,
    /// The event it belongs to.
    pub event: Option<EventId>,
    /// Who reported it.
    pub created_by: MemberId,
    /// When it was reported.
    pub created_at: Instant,
    /// When it last changed.
    pub updated_at: Instant,
}
