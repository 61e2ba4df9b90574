//! The invariants, each as an aggregation that finds its violations.

mod agendas;
mod events;
mod jobs;
mod log;
mod members;
mod occurrences;
mod registrations;

use bson::{Document, doc};
use convene_domain::time::Instant;

use crate::schema::CollectionSchema;

/// The times that invariants depend on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    pub(super) now: Instant,
    /// The time since which no entry of the activity log has expired.
    pub(super) logged_since: Instant,
}

/// A condition that every document of a collection must satisfy.
pub(super) struct Invariant {
    /// The condition in words.
    pub(super) name: &'static str,
    pub(super) collection: &'static CollectionSchema,
    /// The stages that leave the violations only: an `_id`, and the violating values.
    pub(super) violations: fn(Times) -> Vec<Document>,
}

pub(super) static INVARIANTS: [Invariant; 19] = [
    occurrences::COUNTERS,
    occurrences::CAPACITY,
    occurrences::WAITLIST,
    occurrences::PROMOTED,
    occurrences::EVENT,
    occurrences::ORIGINAL_START,
    occurrences::PASSED,
    events::PAST,
    registrations::OCCURRENCE,
    registrations::ONCE,
    registrations::NO_OVERLAP,
    registrations::IN_AGENDA,
    registrations::BUSY,
    agendas::NO_OVERLAP,
    agendas::REGISTERED,
    agendas::MEMBER,
    members::ADMINS,
    log::ONE_ENTRY_PER_CHANGE,
    jobs::UNDER_WAY,
];

/// Makes a stage that joins documents of another collection and the same organization, as `joined`. The conditions and
/// stages may use `variables`, whose values come from the document that they are joined to.
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

/// Counts the documents that satisfy the condition.
fn count_where(condition: Document) -> Document {
    doc! { "$sum": { "$cond": [condition, 1, 0] } }
}
