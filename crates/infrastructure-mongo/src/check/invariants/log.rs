use bson::doc;

use super::{Invariant, Times, count_where, join};
use crate::{
    documents::convert::date,
    schema::{ACTIVITY, REGISTRATIONS},
};

/// What happened to a registration is told once.
pub(super) const ONE_ENTRY_PER_CHANGE: Invariant = Invariant {
    name: "the log tells each change of a registration once",
    collection: &REGISTRATIONS,
    breaking: |Times { logged_since, .. }| {
        let told = |action: &str| count_where(doc! { "$eq": ["$action", action] });
        let count = doc! { "$group": {
            "_id": null,
            "created": told("registration.created"),
            "waitlisted": told("registration.waitlisted"),
            "promoted": told("registration.promoted"),
            "cancelled": told("registration.cancelled"),
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
            doc! { "$set": { "told": { "$first": "$joined" } } },
            doc! { "$match": { "$expr": { "$not": { "$and": [
                { "$eq": [{ "$add": ["$told.created", "$told.waitlisted"] }, 1] },
                { "$eq": ["$told.cancelled", { "$cond": [is("CANCELLED"), 1, 0] }] },
                { "$lte": ["$told.promoted", "$told.waitlisted"] },
                // Who has a seat got it at once, or moved up to it; who waits did neither.
                { "$or": [is("CANCELLED"), { "$eq": [
                    { "$add": ["$told.created", "$told.promoted"] },
                    { "$cond": [is("CONFIRMED"), 1, 0] },
                ] }] },
            ] } } } },
            doc! { "$project": { "organization": 1, "status": 1, "told": 1 } },
        ]
    },
};
