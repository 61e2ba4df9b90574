//! Large changes that are under way. Until a job has cancelled them, the registrations for cancelled occurrences, and those
//! of a removed member, stay active and are in no agenda.

use bson::{Bson, Document, doc};

use super::{Invariant, join};
use crate::{
    documents::job::REMOVE_MEMBER,
    schema::{JOBS, OCCURRENCES},
};

pub(super) const UNDER_WAY: Invariant = Invariant {
    name: "an occurrence with registrations to be cancelled names a job that is under way",
    collection: &OCCURRENCES,
    violations: |_| {
        vec![
            doc! { "$match": { "closing": { "$exists": true } } },
            join(&JOBS, doc! { "job": "$closing.job" }, doc! { "_id": "$$job" }, vec![unfinished()]),
            doc! { "$match": { "$or": [{ "joined": [] }, { "status": { "$ne": "CANCELLED" } }] } },
            doc! { "$project": { "organization": 1, "closing": 1, "status": 1 } },
        ]
    },
};

/// Leaves the registrations that no job is about to cancel because of their occurrence.
pub(super) fn without_closing() -> [Document; 2] {
    let closing = vec![
        doc! { "$match": { "closing.job": { "$exists": true } } },
        doc! { "$project": { "organization": 1 } },
    ];
    [
        doc! { "$lookup": { "from": OCCURRENCES.name, "pipeline": closing, "as": "closing" } },
        doc! { "$match": { "$expr": { "$not": [{ "$in": ["$occurrence", "$closing._id"] }] } } },
    ]
}

/// Leaves the registrations that no job is about to cancel because their member was removed.
pub(super) fn without_removed() -> [Document; 2] {
    let removals = vec![
        doc! { "$match": { "kind": REMOVE_MEMBER } },
        unfinished(),
        doc! { "$project": { "subject": 1 } },
    ];
    [
        doc! { "$lookup": { "from": JOBS.name, "pipeline": removals, "as": "removals" } },
        doc! { "$match": { "$expr": { "$not": [{ "$in": ["$member", "$removals.subject"] }] } } },
    ]
}

fn unfinished() -> Document {
    doc! { "$match": { "finishedAt": Bson::Null } }
}
