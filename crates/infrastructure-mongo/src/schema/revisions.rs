use std::time::Duration;

use bson::doc;

use super::{
    CollectionSchema, ScopeField,
    indexes::{expiring, unique},
    rules::{date, documents, id, list, long, occurrence_key, text},
};

/// The time for which a revision is kept. A replica that is further behind is loaded again.
pub(crate) const RETENTION: Duration = Duration::from_secs(86_400);

/// The number of deleted events and former exceptions that a revision may list.
pub(crate) const MAX_REMOVED: usize = 10_000;

/// The revisions of catalogues, each with what it removed.
pub(crate) static REVISIONS: CollectionSchema = CollectionSchema {
    name: "revisions",
    scope: ScopeField::Organization,
    validator: || {
        documents(
            &[
                ("_id", text(100)),
                ("organization", id("org")),
                ("revision", long(1)),
                ("deletedEvents", list(id("evt"), MAX_REMOVED)),
                ("formerExceptions", list(occurrence_key(), MAX_REMOVED)),
                ("at", date()),
            ],
            &[],
        )
    },
    indexes: |_| {
        vec![
            unique("by_revision", doc! { "organization": 1, "revision": 1 }),
            // Time-to-live indexes have one field.
            expiring("expires", doc! { "at": 1 }, RETENTION),
        ]
    },
};
