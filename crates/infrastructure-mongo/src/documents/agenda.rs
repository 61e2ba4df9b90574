//! The agendas of members.

use bson::DateTime;
use convene_domain::{
    id::{MemberId, OrganizationId},
    time::interval::Interval,
};
use serde::{Deserialize, Serialize};

use super::{
    convert::{Fields, instant},
    dates::read_date,
};
use crate::{error::CorruptDocument, schema};

/// The times of a member's seats. Waitlisted registrations are not in it.
///
/// An agenda is created and deleted with its member, never by a registration: a member without an agenda can't register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AgendaDocument {
    /// The member's id.
    #[serde(rename = "_id")]
    pub(crate) id: String,
    pub(crate) organization: String,
    /// The times, sorted by start; no two overlap. Ended ones are pruned when the agenda has grown long, or when a seat
    /// is freed.
    pub(crate) busy: Vec<BusyDocument>,
    /// The number of times that the member joined a waitlist. It is never read: joining writes it so that the transaction
    /// conflicts with a removal of the member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) waitlist_joins: Option<i64>,
}

/// The time of a seat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BusyDocument {
    #[serde(deserialize_with = "read_date")]
    pub(crate) starts_at: DateTime,
    #[serde(deserialize_with = "read_date")]
    pub(crate) ends_at: DateTime,
    pub(crate) occurrence: String,
    /// The random mark of the run that entered it. It shows which claims of a run succeeded.
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
            waitlist_joins: None,
        }
    }

    /// The times of the seats.
    pub(crate) fn intervals(&self) -> Result<Vec<Interval>, CorruptDocument> {
        let fields = Fields::of(&schema::AGENDAS, &self.id);
        let intervals = self.busy.iter().map(|busy| {
            let interval = Interval::new(instant(busy.starts_at), instant(busy.ends_at));
            fields.read("busy.endsAt", interval)
        });
        intervals.collect()
    }
}
