//! Stored revisions of catalogues.

use bson::DateTime;
use convene_domain::{id::EventId, occurrence::OccurrenceKey};
use serde::{Deserialize, Serialize};

use super::{convert::Fields, dates::read_date};
use crate::{error::CorruptDocument, schema};

/// A revision of a catalogue, with what it removed. What it created or changed has its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RevisionDocument {
    #[serde(rename = "_id")]
    pub(crate) id: String,
    pub(crate) revision: i64,
    pub(crate) deleted_events: Vec<String>,
    /// The ids that belong to no exception any more, or to another one.
    pub(crate) former_exceptions: Vec<String>,
    /// The time of the change, for the expiry.
    #[serde(deserialize_with = "read_date")]
    pub(crate) at: DateTime,
}

impl RevisionDocument {
    /// The deleted events.
    pub(crate) fn deleted_events(&self) -> Result<Vec<EventId>, CorruptDocument> {
        let read = |id: &String| self.fields().read("deletedEvents", EventId::parse(id));
        self.deleted_events.iter().map(read).collect()
    }

    /// The keys that belong to no exception any more, or to another one.
    pub(crate) fn former_exceptions(&self) -> Result<Vec<OccurrenceKey>, CorruptDocument> {
        let read = |id: &String| self.fields().read("formerExceptions", OccurrenceKey::parse(id));
        self.former_exceptions.iter().map(read).collect()
    }

    fn fields(&self) -> Fields<'_> {
        Fields::of(schema::REVISIONS.name, &self.id)
    }
}
