use bson::doc;

use super::Invariant;
use crate::schema::EVENTS;

pub(super) const PAST: Invariant = Invariant {
    name: "no day that has passed is listed twice: an event has no schedule from before its creation",
    collection: &EVENTS,
    violations: |_| {
        let before = doc! { "$lt": ["$$earlier.until", "$createdAt"] };
        let schedules = doc! { "$map": {
            "input": { "$ifNull": ["$earlier", []] },
            "as": "earlier",
            "in": before,
        } };
        vec![
            doc! { "$match": { "$expr": { "$anyElementTrue": [schedules] } } },
            doc! { "$project": { "organization": 1, "createdAt": 1, "until": "$earlier.until" } },
        ]
    },
};
