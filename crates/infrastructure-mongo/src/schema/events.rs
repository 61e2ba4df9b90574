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

/// 31 days: the longest duration and lead time, in seconds.
const LONGEST_SECONDS: i32 = 31 * 86_400;
/// Far above what the rules of recurrence allow.
const MOST_DATES: usize = 10_000;

/// Events, one-off and recurring.
pub(crate) static EVENTS: CollectionSchema = CollectionSchema {
    name: "events",
    scope: ScopeField::Organization,
    validator: || {
        let recurrence = object(
            &[
                ("rule", nullable(text(10_000))),
                ("exdates", list(local_time(), MOST_DATES)),
                ("rdates", list(local_time(), MOST_DATES)),
            ],
            &[],
        );
        let earlier = object(
            &[
                ("startsAt", local_time()),
                ("timeZone", text(64)),
                ("durationSeconds", int(60, LONGEST_SECONDS)),
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
                ("durationSeconds", int(60, LONGEST_SECONDS)),
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
                ("registrationOpensSeconds", int(0, LONGEST_SECONDS)),
                ("registrationClosesSeconds", int(0, LONGEST_SECONDS)),
                ("cancellationClosesSeconds", int(0, LONGEST_SECONDS)),
                // How many occurrences were stored by a registration; written so that each meets any edit.
                ("births", long(1)),
                ("earlier", list(earlier, Event::MAX_EARLIER_SCHEDULES)),
            ],
            // An event that ends before it begins would never be found.
            doc! { "$or": [{ "$eq": ["$lastEnd", null] }, { "$lt": ["$firstStart", "$lastEnd"] }] },
        )
    },
    indexes: |_| {
        vec![
            index("by_id", doc! { "organization": 1, "_id": 1 }),
            // An endless series has no last end, which sorts before every date: two ranges of one index.
            index("by_time", doc! { "organization": 1, "lastEnd": 1, "firstStart": 1 }),
            index("by_revision", doc! { "organization": 1, "revision": 1 }),
        ]
    },
};
