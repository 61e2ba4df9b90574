//! Members' agendas: which times of theirs are taken.

use bson::DateTime;
use convene_domain::id::{MemberId, OrganizationId};
use serde::{Deserialize, Serialize};

/// The times that a member's seats take. A place in a queue takes none.
///
/// It is made with its member and goes with its member, and is never made by a registration: whoever has no
/// agenda can't register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AgendaDocument {
    /// The member's id.
    #[serde(rename = "_id")]
    pub(crate) id: String,
    pub(crate) organization: String,
    /// Sorted by start; no two overlap. What ended long ago leaves it when it has grown long, or when a seat is given
    /// back.
    pub(crate) busy: Vec<BusyDocument>,
    /// How often the member joined a queue. Nothing reads it: joining writes it, so that it can't pass by a
    /// removal of the member unseen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) queued: Option<i64>,
}

/// One seat's time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BusyDocument {
    pub(crate) starts_at: DateTime,
    pub(crate) ends_at: DateTime,
    pub(crate) occurrence: String,
    /// The run of a batch that entered it: tells those who got their time from those who did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) batch: Option<i64>,
}

impl AgendaDocument {
    /// The agenda of a new member.
    pub(crate) fn empty(organization: OrganizationId, member: MemberId) -> Self {
        Self {
            id: member.to_string(),
            organization: organization.to_string(),
            busy: Vec::new(),
            queued: None,
        }
    }
}

impl BusyDocument {
    /// Whether the two have an instant in common; touching ends have none.
    pub(crate) fn overlaps(&self, starts_at: DateTime, ends_at: DateTime) -> bool {
        self.starts_at < ends_at && starts_at < self.ends_at
    }
}
