use bson::doc;
use convene_domain::{
    capacity::Capacity,
    duration::LONGEST,
    text::{Location, Title},
};

use super::{
    CollectionSchema, ScopeField,
    events::{days, weeks},
    indexes::{index, partial},
    rules::{
        boolean, date, documents_where, id, int, list, local_time, long, nullable, object, occurrence_key,
        one_of, possibly_empty_text, text,
    },
};

/// Far above the limit of the application.
const MAX_FORMER_IDS: usize = 1_000;

/// Materialized occurrences, with their counters.
pub(crate) static OCCURRENCES: CollectionSchema = CollectionSchema {
    name: "occurrences",
    scope: ScopeField::Organization,
    validator: || {
        let seats = i32::try_from(Capacity::MAX).unwrap_or(i32::MAX);
        let mut seconds = long(60);
        seconds.insert("maximum", LONGEST.whole_seconds());
        let exception = object(
            &[("cancelled", boolean())],
            &[
                ("title", text(Title::MAX_CHARACTERS)),
                ("location", possibly_empty_text(Location::MAX_CHARACTERS)),
                ("startsAt", local_time()),
                ("durationSeconds", seconds),
                days(),
                weeks(),
                ("capacity", int(1, seats)),
            ],
        );
        documents_where(
            &[
                ("_id", occurrence_key()),
                ("organization", id("org")),
                ("event", id("evt")),
                ("originalStart", date()),
                ("originalLocal", local_time()),
                ("startsAt", date()),
                ("endsAt", date()),
                ("capacity", int(1, seats)),
                ("taken", int(0, seats)),
                ("waiting", int(0, i32::MAX)),
                ("status", one_of(&["SCHEDULED", "CANCELLED"])),
                ("opensAt", nullable(date())),
                ("closesAt", date()),
                ("cancellationClosesAt", date()),
                ("version", int(1, i32::MAX)),
                ("changeToken", long(i64::MIN)),
                ("exception", nullable(exception)),
                ("nextWaitlistSequence", long(1)),
            ],
            &[
                ("isDropped", boolean()),
                ("hasPassed", boolean()),
                ("updatedAt", date()),
                ("formerIds", list(occurrence_key(), MAX_FORMER_IDS)),
                ("revision", long(1)),
                ("closing", object(&[("job", id("job")), ("reason", text(100))], &[])),
            ],
            // The comparisons rely on the types above: a missing or null field would pass them. An occurrence that takes place is
            // neither dropped nor closing, and only a dropped one has passed.
            doc! { "$and": [
                { "$lte": ["$taken", "$capacity"] },
                { "$lt": ["$startsAt", "$endsAt"] },
                { "$or": [{ "$ne": ["$isDropped", true] }, { "$eq": ["$status", "CANCELLED"] }] },
                { "$or": [{ "$ne": ["$hasPassed", true] }, { "$eq": ["$isDropped", true] }] },
                { "$or": [{ "$lte": ["$closing", null] }, { "$eq": ["$status", "CANCELLED"] }] },
            ] },
        )
    },
    indexes: |_| {
        vec![
            index("by_event", doc! { "organization": 1, "event": 1, "startsAt": 1 }),
            partial(
                "by_former_id",
                doc! { "organization": 1, "formerIds": 1 },
                doc! { "formerIds": { "$exists": true } },
            ),
            partial(
                "by_job",
                doc! { "organization": 1, "closing.job": 1, "_id": 1 },
                doc! { "closing.job": { "$exists": true } },
            ),
            partial(
                "exceptions_by_start_and_event",
                doc! { "organization": 1, "startsAt": 1, "event": 1 },
                doc! { "revision": { "$exists": true } },
            ),
            partial(
                "exceptions_by_original_start_and_event",
                doc! { "organization": 1, "originalStart": 1, "event": 1 },
                doc! { "revision": { "$exists": true } },
            ),
            partial(
                "by_revision",
                doc! { "organization": 1, "revision": 1 },
                doc! { "revision": { "$exists": true } },
            ),
        ]
    },
};
