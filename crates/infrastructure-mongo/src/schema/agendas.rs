use bson::{DateTime, Document, doc};

use super::{
    CollectionSchema, ScopeField,
    rules::{date, documents_where, id, list, long, object, occurrence_key},
};

/// How many times of a member can be taken at once.
pub(crate) const MOST_ENTRIES: usize = 1_000;

/// Members' agendas.
pub(crate) static AGENDAS: CollectionSchema = CollectionSchema {
    name: "agendas",
    scope: ScopeField::Organization,
    validator: || {
        let entry = object(
            &[("startsAt", date()), ("endsAt", date()), ("occurrence", occurrence_key())],
            &[("batch", doc! { "bsonType": "long" })],
        );
        documents_where(
            &[("_id", id("mbr")), ("organization", id("org")), ("busy", list(entry, MOST_ENTRIES))],
            &[("queued", long(0))],
            nothing_overlaps(),
        )
    },
    // An agenda is only ever looked up by the member's id.
    indexes: |_| Vec::new(),
};

/// No member can be at two places at once: every entry begins no earlier than the one before it ends, and ends
/// after it begins.
///
/// One pass that carries the last end along, or `false` once the rule was broken; comparing every entry with its
/// neighbour by index would be quadratic. An array is not sorted by being valid alone, but one that is valid is.
pub(crate) fn nothing_overlaps() -> Document {
    let keeps_the_rule = doc! { "$and": [
        { "$ne": ["$$value", false] },
        { "$gte": ["$$this.startsAt", "$$value"] },
        { "$lt": ["$$this.startsAt", "$$this.endsAt"] },
    ] };
    let last_end = doc! { "$reduce": {
        "input": "$busy",
        "initialValue": DateTime::from_millis(0),
        "in": { "$cond": [keeps_the_rule, "$$this.endsAt", false] },
    } };
    doc! { "$ne": [false, last_end] }
}
