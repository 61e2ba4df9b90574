use bson::doc;
use convene_application::limits::UPCOMING_REGISTRATIONS;

use super::{Invariant, Times, count_where, join};
use crate::{
    documents::convert::date,
    schema::{AGENDAS, EVENTS, OCCURRENCES, REGISTRATIONS},
};

pub(super) const COUNTERS: Invariant = Invariant {
    name: "an occurrence counts its registrations",
    collection: &OCCURRENCES,
    violations: |_| {
        vec![
            counted(),
            doc! { "$set": {
                "confirmed": { "$ifNull": [{ "$first": "$joined.confirmed" }, 0] },
                "waitlisted": { "$ifNull": [{ "$first": "$joined.waitlisted" }, 0] },
            } },
            doc! { "$match": { "$expr": { "$or": [
                { "$ne": ["$taken", "$confirmed"] },
                { "$ne": ["$waiting", "$waitlisted"] },
            ] } } },
            doc! { "$project": { "organization": 1, "taken": 1, "confirmed": 1, "waiting": 1, "waitlisted": 1 } },
        ]
    },
};

pub(super) const CAPACITY: Invariant = Invariant {
    name: "no occurrence has more confirmed registrations than seats",
    collection: &OCCURRENCES,
    violations: |_| {
        vec![
            counted(),
            doc! { "$set": { "confirmed": { "$ifNull": [{ "$first": "$joined.confirmed" }, 0] } } },
            doc! { "$match": { "$expr": { "$or": [
                { "$gt": ["$confirmed", "$capacity"] },
                { "$gt": ["$taken", "$capacity"] },
                { "$lt": ["$taken", 0] },
                { "$gte": ["$startsAt", "$endsAt"] },
            ] } } },
            doc! { "$project": { "organization": 1, "capacity": 1, "taken": 1, "confirmed": 1 } },
        ]
    },
};

fn counted() -> bson::Document {
    let count = doc! { "$group": {
        "_id": null,
        "confirmed": count_where(doc! { "$eq": ["$status", "CONFIRMED"] }),
        "waitlisted": count_where(doc! { "$eq": ["$status", "WAITLISTED"] }),
    } };
    join(&REGISTRATIONS, doc! { "occurrence": "$_id" }, doc! { "occurrence": "$$occurrence" }, vec![count])
}

pub(super) const WAITLIST: Invariant = Invariant {
    name: "no two waitlisted registrations of an occurrence have the same sequence",
    collection: &OCCURRENCES,
    violations: |_| {
        let sequences = doc! { "$group": { "_id": "$waitlistSequence", "holders": { "$sum": 1 } } };
        let summary = doc! { "$group": {
            "_id": null,
            "last": { "$max": "$_id" },
            "shared": { "$max": "$holders" },
        } };
        let waiting = doc! { "occurrence": "$$occurrence", "status": "WAITLISTED" };
        vec![
            doc! { "$match": { "waiting": { "$gt": 0 } } },
            join(&REGISTRATIONS, doc! { "occurrence": "$_id" }, waiting, vec![sequences, summary]),
            doc! { "$unwind": "$joined" },
            doc! { "$match": { "$expr": { "$or": [
                { "$gt": ["$joined.shared", 1] },
                { "$gte": ["$joined.last", "$nextWaitlistSequence"] },
            ] } } },
            doc! { "$project": { "organization": 1, "nextWaitlistSequence": 1, "last": "$joined.last" } },
        ]
    },
};

pub(super) const PROMOTED: Invariant = Invariant {
    name: "no seat of an upcoming occurrence is free while a waitlisted member could take it",
    collection: &OCCURRENCES,
    violations: |Times { now, .. }| {
        let max = i64::try_from(UPCOMING_REGISTRATIONS).unwrap_or(i64::MAX);
        let overlapping = doc! { "$filter": { "input": "$busy", "cond": { "$and": [
            { "$lt": ["$$this.startsAt", "$$end"] },
            { "$gt": ["$$this.endsAt", "$$start"] },
        ] } } };
        let is_free = doc! { "$and": [{ "$eq": [overlapping, []] }, { "$lt": [{ "$size": "$busy" }, max] }] };
        let free_agenda = join(
            &AGENDAS,
            doc! { "member": "$member", "start": "$startsAt", "end": "$endsAt" },
            doc! { "_id": "$$member" },
            vec![doc! { "$match": { "$expr": is_free } }, doc! { "$project": { "_id": 1 } }],
        );
        let waiting = doc! { "occurrence": "$$occurrence", "status": "WAITLISTED" };
        let free_members = vec![
            free_agenda,
            doc! { "$match": { "joined": { "$ne": [] } } },
            doc! { "$project": { "member": 1 } },
        ];
        // Room that appears because seats end is noticed by the next change.
        let has_room = doc! { "$match": { "lacksRoom": { "$ne": true } } };
        let free_members = [vec![has_room], free_members].concat();
        vec![
            doc! { "$match": {
                "waiting": { "$gt": 0 },
                "status": "SCHEDULED",
                "startsAt": { "$gt": date(now) },
                "$expr": { "$lt": ["$taken", "$capacity"] },
            } },
            join(&REGISTRATIONS, doc! { "occurrence": "$_id" }, waiting, free_members),
            doc! { "$match": { "joined": { "$ne": [] } } },
            doc! { "$project": {
                "organization": 1, "capacity": 1, "taken": 1, "members": { "$slice": ["$joined.member", 10] },
            } },
        ]
    },
};

pub(super) const EVENT: Invariant = Invariant {
    name: "an occurrence belongs to an event of its organization",
    collection: &OCCURRENCES,
    violations: |_| {
        vec![
            join(
                &EVENTS,
                doc! { "event": "$event" },
                doc! { "_id": "$$event" },
                vec![doc! { "$project": { "_id": 1 } }],
            ),
            doc! { "$match": { "joined": [] } },
            doc! { "$project": { "organization": 1, "event": 1 } },
        ]
    },
};

pub(super) const ORIGINAL_START: Invariant = Invariant {
    name: "no two occurrences ahead of an event have the same original start",
    collection: &OCCURRENCES,
    violations: |Times { now, .. }| {
        let same = doc! { "organization": "$organization", "event": "$event", "local": "$originalLocal" };
        let group =
            doc! { "$group": { "_id": same, "first": { "$min": "$_id" }, "last": { "$max": "$_id" } } };
        vec![
            // A dropped occurrence may have the date of one that follows it. One that took place may have the wall-clock time of one
            // ahead, if the zone has changed since.
            doc! { "$match": { "isDropped": { "$ne": true }, "originalStart": { "$gt": date(now) } } },
            group,
            doc! { "$match": { "$expr": { "$ne": ["$first", "$last"] } } },
            doc! { "$project": { "_id": "$first", "organization": "$_id.organization", "other": "$last" } },
        ]
    },
};

pub(super) const PASSED: Invariant = Invariant {
    name: "an exception whose date an edit moved into the past is dropped, and nobody holds it or waits for it",
    collection: &OCCURRENCES,
    violations: |_| {
        let is_there = doc! { "$or": [
            { "isDropped": { "$ne": true } },
            { "status": { "$ne": "CANCELLED" } },
            { "taken": { "$ne": 0 } },
            { "waiting": { "$ne": 0 } },
            { "exception": null },
        ] };
        let shown = doc! { "organization": 1, "isDropped": 1, "status": 1, "taken": 1, "waiting": 1 };
        vec![
            doc! { "$match": { "hasPassed": true } },
            doc! { "$match": is_there },
            doc! { "$project": shown },
        ]
    },
};
