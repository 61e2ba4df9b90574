//! The seat counts of stored occurrences, without their other fields.

use bson::{Document, doc};
use convene_application::ports::SeatCounts;
use convene_domain::{capacity::Capacity, occurrence::OccurrenceKey};
use serde::Deserialize;

use super::convert::Fields;
use crate::{error::CorruptDocument, schema};

/// The fields of an occurrence that registrations change, and its capacity.
#[derive(Debug, Deserialize)]
pub(crate) struct SeatsDocument {
    #[serde(rename = "_id")]
    id: String,
    capacity: i32,
    taken: i32,
    waiting: i32,
}

impl SeatsDocument {
    /// The projection to these fields.
    pub(crate) fn projection() -> Document {
        doc! { "capacity": 1, "taken": 1, "waiting": 1 }
    }
}

impl TryFrom<SeatsDocument> for SeatCounts {
    type Error = CorruptDocument;

    fn try_from(document: SeatsDocument) -> Result<Self, CorruptDocument> {
        let fields = Fields::of(&schema::OCCURRENCES, &document.id);
        Ok(Self {
            key: fields.read("_id", OccurrenceKey::parse(&document.id))?,
            capacity: fields.read("capacity", Capacity::new(document.capacity))?,
            taken: fields.read("taken", u32::try_from(document.taken))?,
            waiting: fields.read("waiting", u32::try_from(document.waiting))?,
        })
    }
}
