//! Issues of an organization: defects, requests and tasks.

use crate::{
    id::{EventId, IssueId, MemberId},
    names::names,
    text::{Description, Title},
    time::Instant,
};

names! {
    /// The progress of an issue.
    #[derive(Default)]
    pub enum IssueStatus {
        /// Reported, not started: the status of a new issue.
        #[default]
        Open => "OPEN",
        /// Being worked on.
        InProgress => "IN_PROGRESS",
        /// Resolved.
        Done => "DONE",
    }
}

names! {
    /// The priority of an issue.
    #[derive(PartialOrd, Ord, Default)]
    pub enum IssuePriority {
        /// Below normal.
        Low => "LOW",
        /// Normal: the priority of an issue that is created without one.
        #[default]
        Medium => "MEDIUM",
        /// Above normal.
        High => "HIGH",
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
