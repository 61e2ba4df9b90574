//! The rules for references of issues.

use convene_domain::{
    id::{EventId, MemberId},
    issue::Issue,
};

use crate::{
    failure::{Field, Refusal, Refusals},
    ports::{IssuePatch, NewIssue},
};

/// The references that a change of an issue sets. They must exist in the organization when they are set; later the
/// member may be removed and the event deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct References {
    pub assignee: Option<MemberId>,
    pub event: Option<EventId>,
}

impl References {
    /// Refuses missing references, all at once. A reference that is not set counts as existing.
    ///
    /// # Errors
    /// `NotFound` on `assigneeId` and `eventId`.
    pub fn check(assignee_exists: bool, event_exists: bool) -> Result<(), Refusals> {
        let missing =
            [(!assignee_exists).then_some(Field::AssigneeId), (!event_exists).then_some(Field::EventId)];
        Refusals::verify_none(missing.into_iter().flatten().map(Refusal::not_found))
    }
}

impl From<&NewIssue> for References {
    fn from(issue: &NewIssue) -> Self {
        Self { assignee: issue.assignee, event: issue.event }
    }
}

impl References {
    /// The references that a patch of this issue sets. One that the issue has already is not set: it may be of a removed member or a
    /// deleted event, and a client may send all fields of the issue.
    #[must_use]
    pub fn set_by(patch: &IssuePatch, before: &Issue) -> Self {
        Self {
            assignee: patch.assignee.flatten().filter(|assignee| before.assignee != Some(*assignee)),
            event: patch.event.flatten().filter(|event| before.event != Some(*event)),
        }
    }
}
