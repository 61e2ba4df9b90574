use std::time::Duration;

use bson::doc;
use convene_application::{
    idempotency::IDEMPOTENCY_WINDOW,
    limits::{DROPPED_EXCEPTIONS, LISTED_REGISTRATIONS},
};
use convene_domain::text::{Location, Title};

use super::{
    CollectionSchema, ScopeField,
    indexes::{expiring, partial, unique_among},
    rules::{
        boolean, bytes, date, documents, id, int, list, local_time, long, object, occurrence_key, one_of,
        possibly_empty_text, text,
    },
};
use crate::operation::Operation;

/// The uses of idempotency keys by all operations: the unique index on `_id` guards each key.
pub(crate) static IDEMPOTENCY: CollectionSchema = CollectionSchema {
    name: "idempotency",
    scope: ScopeField::Organization,
    validator: || {
        let key = object(&[("organization", id("org")), ("actor", text(255)), ("key", text(255))], &[]);
        let count = doc! { "anyOf": [int(0, i32::MAX), long(0)] };
        let dropped = object(
            &[
                ("occurrence", occurrence_key()),
                ("originalLocal", local_time()),
                ("startsAt", date()),
                ("endsAt", date()),
                ("title", text(Title::MAX_CHARACTERS)),
                ("location", possibly_empty_text(Location::MAX_CHARACTERS)),
                ("capacity", int(1, i32::MAX)),
                ("taken", int(0, i32::MAX)),
                ("waiting", int(0, i32::MAX)),
                ("status", one_of(&["SCHEDULED", "CANCELLED"])),
                ("version", int(1, i32::MAX)),
            ],
            &[
                ("followsRule", boolean()),
                ("opens", long(0)),
                ("closes", long(0)),
                ("cancellationCloses", long(0)),
                ("updatedAt", date()),
            ],
        );
        let optional = [
            ("count", count),
            ("moved", long(0)),
            ("promoted", long(0)),
            ("also", text(100)),
            ("event", id("evt")),
            ("dropped", list(dropped, DROPPED_EXCEPTIONS)),
            ("registrations", list(id("reg"), LISTED_REGISTRATIONS)),
            ("job", id("job")),
        ];
        let result = object(&[("subject", text(100))], &optional);
        documents(
            &[
                ("_id", key),
                ("organization", id("org")),
                ("fingerprint", bytes()),
                ("operation", text(100)),
                ("result", result),
                ("createdAt", date()),
            ],
            &[],
        )
    },
    indexes: |_| {
        vec![
            partial(
                "newest_results_of_occurrences",
                doc! { "organization": 1, "result.event": 1, "createdAt": -1, "result.subject": 1 },
                doc! { "operation": { "$in": Operation::OF_OCCURRENCES.to_vec() } },
            ),
            // The operator belongs to no organization, so the key is looked up without a tenant scope.
            unique_among(
                "one_use_per_operator_key",
                doc! { "_id.actor": 1, "_id.key": 1 },
                doc! { "operation": { "$in": Operation::OF_OPERATOR.to_vec() } },
            ),
            // Time-to-live indexes have one field, so this one can't begin with the organization either.
            expiring(
                "expires",
                doc! { "createdAt": 1 },
                Duration::from_secs(IDEMPOTENCY_WINDOW.whole_seconds().unsigned_abs()),
            ),
        ]
    },
};
