use bson::doc;
use convene_domain::{
    capacity::Capacity,
    event::Event,
    text::{Description, Location, Title},
};

use super::{
    CollectionSchema, ScopeField,
    indexes::index,
    rules::{
        date, documents_where, id, int, list, local_time, long, nullable, object, one_of,
        possibly_empty_text, text,
    },
};

/// The longest duration and lead time.
const MAX_SECONDS: i32 = 31 * 86_400;
/// Far above the limit of the domain.
const MAX_DATES: usize = 10_000;

pub(crate) static EVENTS: CollectionSchema = CollectionSchema {
    name: "events",
    scope: ScopeField::Organization,
    validator: || {
        let recurrence = object(
            &[
                ("rule", nullable(text(10_000))),
                ("exdates", list(local_time(), MAX_DATES)),
                ("rdates", list(local_time(), MAX_DATES)),
            ],
            &[],
        );
        let earlier = object(
            &[
                ("startsAt", local_time()),
                ("timeZone", text(64)),
                ("durationSeconds", int(60, MAX_SECONDS)),
                ("recurrence", nullable(recurrence.clone())),
                ("until", date()),
            ],
            &[],
        );
        documents_where(
            &[
                ("_id", id("evt")),
                ("organization", id("org")),
                ("title", text(Title::MAX_CHARACTERS)),
                ("description", possibly_empty_text(Description::MAX_CHARACTERS)),
                ("location", possibly_empty_text(Location::MAX_CHARACTERS)),
                ("startsAt", local_time()),
                ("timeZone", text(64)),
                ("durationSeconds", int(60, MAX_SECONDS)),
                ("recurrence", nullable(recurrence)),
                ("capacity", int(1, Capacity::MAX.cast_signed())),
                ("status", one_of(&["SCHEDULED", "CANCELLED"])),
                ("version", int(1, i32::MAX)),
                ("revision", long(1)),
                ("firstStart", date()),
                ("lastEnd", nullable(date())),
                ("createdAt", date()),
                ("updatedAt", date()),
            ],
            &[
                ("registrationOpensSeconds", int(0, MAX_SECONDS)),
                ("registrationClosesSeconds", int(0, MAX_SECONDS)),
                ("cancellationClosesSeconds", int(0, MAX_SECONDS)),
                // The number of occurrences that registrations materialized. It is written so that these
                // transactions conflict with edits of the event.
                ("materialized", long(1)),
                ("earlier", list(earlier, Event::MAX_EARLIER_SCHEDULES)),
            ],
            // No query would find an event that ends before it begins.
            doc! { "$or": [{ "$eq": ["$lastEnd", null] }, { "$lt": ["$firstStart", "$lastEnd"] }] },
        )
    },
    indexes: |_| {
        vec![
            index("by_id", doc! { "organization": 1, "_id": 1 }),
            // The last end of an endless series is null, which sorts before every date: a search reads two ranges of this index.
            index("by_time", doc! { "organization": 1, "lastEnd": 1, "firstStart": 1 }),
            index("by_revision", doc! { "organization": 1, "revision": 1 }),
        ]
    },
};
