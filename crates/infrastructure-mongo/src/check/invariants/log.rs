use bson::doc;

use super::{Invariant, Times, count_where, join};
use crate::{
    documents::convert::date,
    schema::{ACTIVITY, REGISTRATIONS},
};

pub(super) const ONE_ENTRY_PER_CHANGE: Invariant = Invariant {
    name: "the log has one entry for each change of a registration",
    collection: &REGISTRATIONS,
    violations: |Times { logged_since, .. }| {
        let entries = |action: &str| count_where(doc! { "$eq": ["$action", action] });
        let count = doc! { "$group": {
            "_id": null,
            "created": entries("registration.created"),
            "waitlisted": entries("registration.waitlisted"),
            "promoted": entries("registration.promoted"),
            "cancelled": entries("registration.cancelled"),
        } };
        let is = |status: &str| doc! { "$eq": ["$status", status] };
        vec![
            doc! { "$match": { "createdAt": { "$gt": date(logged_since) } } },
            join(
                &ACTIVITY,
                doc! { "registration": "$_id" },
                doc! { "subject": "$$registration" },
                vec![count],
            ),
            doc! { "$set": { "entries": { "$first": "$joined" } } },
            doc! { "$match": { "$expr": { "$not": { "$and": [
                { "$eq": [{ "$add": ["$entries.created", "$entries.waitlisted"] }, 1] },
                { "$eq": ["$entries.cancelled", { "$cond": [is("CANCELLED"), 1, 0] }] },
                { "$lte": ["$entries.promoted", "$entries.waitlisted"] },
                // A confirmed registration was confirmed at once or promoted; a waitlisted one was neither.
                { "$or": [is("CANCELLED"), { "$eq": [
                    { "$add": ["$entries.created", "$entries.promoted"] },
                    { "$cond": [is("CONFIRMED"), 1, 0] },
                ] }] },
            ] } } } },
            doc! { "$project": { "organization": 1, "status": 1, "entries": 1 } },
        ]
    },
};
