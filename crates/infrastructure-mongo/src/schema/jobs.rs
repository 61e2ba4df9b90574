use bson::doc;
use convene_application::idempotency::IDEMPOTENCY_WINDOW;
use time::Duration;

use super::{
    CollectionSchema, ScopeField,
    indexes::{expiring, index},
    rules::{date, documents, id, long, one_of, text},
};

/// Large changes that are carried out in steps.
pub(crate) static JOBS: CollectionSchema = CollectionSchema {
    name: "jobs",
    scope: ScopeField::Organization,
    validator: || {
        documents(
            &[
                ("_id", id("job")),
                ("organization", id("org")),
                (
                    "kind",
                    one_of(&["CANCEL_REGISTRATIONS", "REMOVE_MEMBER", "DELETE_EVENT", "DELETE_ORGANIZATION"]),
                ),
                ("subject", text(100)),
                ("cause", id("act")),
                ("steps", long(0)),
                ("done", long(0)),
                ("remaining", long(0)),
                ("attendedUntil", date()),
            ],
            &[("promoted", long(0)), ("finishedAt", date()), ("position", long(0))],
        )
    },
    indexes: |_| {
        // A repeat of the change finds the finished job for as long as its key is valid.
        let retention = IDEMPOTENCY_WINDOW + Duration::HOUR;
        vec![
            index("by_subject", doc! { "organization": 1, "subject": 1 }),
            // Time-to-live indexes have one field, so this one can't begin with the organization. Every process also looks
            // for the jobs of all organizations that are not finished.
            expiring(
                "expires",
                doc! { "finishedAt": 1 },
                std::time::Duration::from_secs(retention.whole_seconds().unsigned_abs()),
            ),
        ]
    },
};
