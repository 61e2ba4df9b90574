//! Stored revisions of catalogues.

use bson::DateTime;
use convene_domain::{id::EventId, occurrence::OccurrenceKey};
use serde::{Deserialize, Serialize};

use super::{
    dates::read_date,
    ids::{read_ids, write_ids},
};

/// A revision of a catalogue, with what it removed. What it created or changed has its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RevisionDocument {
    #[serde(rename = "_id")]
    pub(crate) id: String,
    pub(crate) revision: i64,
    #[serde(deserialize_with = "read_ids", serialize_with = "write_ids")]
    pub(crate) deleted_events: Vec<EventId>,
    /// The keys that belong to no exception any more, or to another one.
    #[serde(deserialize_with = "read_ids", serialize_with = "write_ids")]
    pub(crate) former_exceptions: Vec<OccurrenceKey>,
    /// The time of the change, for the expiry.
    #[serde(deserialize_with = "read_date")]
    pub(crate) at: DateTime,
}
