use bson::{DateTime, Document, doc};
use convene_application::limits::UPCOMING_REGISTRATIONS;

use super::{
    CollectionSchema, ScopeField,
    indexes::index,
    rules::{date, documents_where, id, list, long, object, occurrence_key},
};

pub(crate) static AGENDAS: CollectionSchema = CollectionSchema {
    name: "agendas",
    scope: ScopeField::Organization,
    validator: || {
        let time = object(
            &[("startsAt", date()), ("endsAt", date()), ("occurrence", occurrence_key())],
            &[("batch", doc! { "bsonType": "long" })],
        );
        documents_where(
            &[("_id", id("mbr")), ("organization", id("org")), ("busy", list(time, UPCOMING_REGISTRATIONS))],
            &[("waitlistJoins", long(0))],
            nothing_overlaps(),
        )
    },
    indexes: |_| {
        // Agendas are looked up by the member's id, which the index of the database is for. The deletion of an organization looks
        // for all of them.
        vec![index("by_id", doc! { "organization": 1, "_id": 1 })]
    },
};

/// Makes the expression that no two times of an agenda overlap: each time begins no earlier than the one before it ends,
/// and ends after it begins. It also implies that the times are sorted.
///
/// One pass carries the last end along, or `false` after a violation: comparing each time with its neighbour by index would
/// be quadratic.
pub(crate) fn nothing_overlaps() -> Document {
    let is_valid = doc! { "$and": [
        { "$ne": ["$$value", false] },
        { "$gte": ["$$this.startsAt", "$$value"] },
        { "$lt": ["$$this.startsAt", "$$this.endsAt"] },
    ] };
    let last_end = doc! { "$reduce": {
        "input": "$busy",
        "initialValue": DateTime::from_millis(0),
        "in": { "$cond": [is_valid, "$$this.endsAt", false] },
    } };
    doc! { "$ne": [false, last_end] }
}
