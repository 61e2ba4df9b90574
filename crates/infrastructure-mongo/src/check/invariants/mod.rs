//! What must hold, each as the stages that find what breaks it.

mod agendas;
mod log;
mod members;
mod occurrences;
mod registrations;

use bson::{Document, doc};
use convene_domain::time::Instant;

use crate::schema::CollectionSchema;

/// What time it is, and how far back things are known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    /// The present moment.
    pub(super) now: Instant,
    /// From when on every entry of the activity log is still there.
    pub(super) logged_since: Instant,
}

/// Something that must hold of every document of a collection.
pub(super) struct Invariant {
    /// What must hold, in words; also its name.
    pub(super) name: &'static str,
    /// Of whose documents.
    pub(super) collection: &'static CollectionSchema,
    /// The stages that leave only what breaks it: an `_id`, and what was found.
    pub(super) breaking: fn(Times) -> Vec<Document>,
}

/// Every invariant.
pub(super) static INVARIANTS: [Invariant; 13] = [
    occurrences::COUNTERS,
    occurrences::CAPACITY,
    occurrences::QUEUE,
    occurrences::EVENT,
    registrations::OCCURRENCE,
    registrations::ONCE,
    registrations::NO_OVERLAP,
    registrations::IN_AGENDA,
    agendas::NO_OVERLAP,
    agendas::REGISTERED,
    agendas::MEMBER,
    members::ADMINS,
    log::ONE_ENTRY_PER_CHANGE,
];

/// Joins documents of another collection, of the same organization, by what the stages say; `variables` are what
/// they may use of the document that they are joined to.
fn join(
    collection: &CollectionSchema,
    variables: Document,
    matching: Document,
    stages: Vec<Document>,
) -> Document {
    let mut variables = variables;
    variables.insert("organization", "$organization");
    let mut conditions = vec![bson::Bson::from(doc! { "$eq": ["$organization", "$$organization"] })];
    conditions.extend(
        matching
            .into_iter()
            .map(|(field, variable)| bson::Bson::from(doc! { "$eq": [format!("${field}"), variable] })),
    );
    let mut pipeline = vec![doc! { "$match": { "$expr": { "$and": conditions } } }];
    pipeline.extend(stages);
    doc! { "$lookup": { "from": collection.name, "let": variables, "pipeline": pipeline, "as": "joined" } }
}

/// How many of the values are as the expression says.
fn count_where(condition: Document) -> Document {
    doc! { "$sum": { "$cond": [condition, 1, 0] } }
}
