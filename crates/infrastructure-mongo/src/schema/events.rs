use super::{
    CollectionSchema, ScopeField,
    indexes::index,
    rules::{
        boolean, date, documents_where, id, int, list, local_time, long, nullable, object, one_of,
        possibly_empty_text, search, search_is_measured, text,
    },
};
use bson::{Document, doc};
use convene_domain::{
    capacity::Capacity,
    duration::LONGEST,
    event::Event,
    text::{Description, Location, Title},
};

/// Far above the limit of the domain.
const MAX_DATES: usize = 10_000;

/// The characters that a folded character has at most.
const MAX_FOLDED: usize = 4;

/// The days of the calendar in a duration.
pub(super) fn days() -> (&'static str, Document) {
    ("durationDays", int(1, i32::try_from(LONGEST.whole_days()).unwrap_or(i32::MAX)))
}

/// The weeks in a duration.
pub(super) fn weeks() -> (&'static str, Document) {
    ("durationWeeks", int(1, i32::try_from(LONGEST.whole_weeks()).unwrap_or(i32::MAX)))
}

/// The condition that `recurring` tells whether the series has a rule or further dates.
fn recurs() -> Document {
    doc! { "$eq": ["$recurring", { "$or": [
        { "$gt": ["$recurrence.rule", null] },
        { "$gt": [{ "$ifNull": ["$recurrence.rdates", []] }, []] },
    ] }] }
}

pub(crate) static EVENTS: CollectionSchema = CollectionSchema {
    name: "events",
    scope: ScopeField::Organization,
    validator: || {
        let max_seconds = i32::try_from(LONGEST.whole_seconds()).unwrap_or(i32::MAX);
        let recurrence = object(
            &[
                ("rule", nullable(text(10_000))),
                ("exdates", list(local_time(), MAX_DATES)),
                ("rdates", list(local_time(), MAX_DATES)),
            ],
            &[("used", list(local_time(), MAX_DATES)), ("usedUntil", local_time())],
        );
        let earlier = object(
            &[
                ("title", text(Title::MAX_CHARACTERS)),
                ("location", possibly_empty_text(Location::MAX_CHARACTERS)),
                ("capacity", int(1, Capacity::MAX.cast_signed())),
                ("startsAt", local_time()),
                ("timeZone", text(64)),
                ("durationSeconds", int(60, max_seconds)),
                ("recurrence", nullable(recurrence.clone())),
                ("until", date()),
            ],
            &[days(), weeks(), ("cancelledAfter", date())],
        );
        let [search, search_bytes] = search();
        documents_where(
            &[
                ("_id", id("evt")),
                ("organization", id("org")),
                ("title", text(Title::MAX_CHARACTERS)),
                ("sortTitle", possibly_empty_text(MAX_FOLDED * Title::MAX_CHARACTERS)),
                ("description", possibly_empty_text(Description::MAX_CHARACTERS)),
                search,
                search_bytes,
                ("location", possibly_empty_text(Location::MAX_CHARACTERS)),
                ("startsAt", local_time()),
                ("timeZone", text(64)),
                ("durationSeconds", int(60, max_seconds)),
                ("recurrence", nullable(recurrence)),
                ("recurring", boolean()),
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
                days(),
                weeks(),
                ("registrationOpensSeconds", int(0, max_seconds)),
                ("registrationClosesSeconds", int(0, max_seconds)),
                ("cancellationClosesSeconds", int(0, max_seconds)),
                // At least the number of occurrences that registrations materialized. It is written so that these
                // transactions conflict with edits of the event.
                ("materialized", long(1)),
                // The event is being deleted in steps.
                ("isDeleting", boolean()),
                ("earlier", list(earlier, Event::MAX_EARLIER_SCHEDULES + Event::EARLIER_OF_RESTORATIONS)),
            ],
            // No query would find an event that ends before it begins.
            doc! { "$and": [
                { "$or": [{ "$eq": ["$lastEnd", null] }, { "$lt": ["$firstStart", "$lastEnd"] }] },
                search_is_measured(),
                recurs(),
            ] },
        )
    },
    indexes: |_| {
        vec![
            // A search reads the lengths of texts from the index alone. The fields that a filter compares are behind those of the
            // order, so that only documents are read that meet all conditions.
            index(
                "by_id",
                doc! { "organization": 1, "_id": 1, "searchBytes": 1, "status": 1, "recurring": 1, "firstStart": 1, "lastEnd": 1 },
            ),
            index(
                "by_start",
                doc! { "organization": 1, "firstStart": 1, "_id": 1, "searchBytes": 1, "status": 1, "recurring": 1, "lastEnd": 1 },
            ),
            index(
                "by_title",
                doc! { "organization": 1, "sortTitle": 1, "_id": 1, "searchBytes": 1, "status": 1, "recurring": 1, "firstStart": 1, "lastEnd": 1 },
            ),
            // The last end of an endless series is null, which sorts before every date: a search reads two ranges of this index.
            index("by_time", doc! { "organization": 1, "lastEnd": 1, "firstStart": 1 }),
            index("by_revision", doc! { "organization": 1, "revision": 1 }),
        ]
    },
};
