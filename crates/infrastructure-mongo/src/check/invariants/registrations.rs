use bson::doc;

use super::{
    Invariant, Times,
    jobs::{without_closing, without_removed},
    join,
};
use crate::{
    documents::convert::date,
    schema::{AGENDAS, OCCURRENCES, REGISTRATIONS},
};

pub(super) const OCCURRENCE: Invariant = Invariant {
    name: "an active registration has the times of an occurrence that takes place",
    collection: &REGISTRATIONS,
    violations: |Times { now, .. }| {
        let same_times = doc! { "$match": { "$expr": { "$and": [
            { "$eq": ["$event", "$$event"] },
            { "$eq": ["$startsAt", "$$start"] },
            { "$eq": ["$endsAt", "$$end"] },
            // An occurrence that had begun before it was cancelled keeps its registrations.
            // A job cancels the registrations for one that is closing.
            { "$or": [
                { "$eq": ["$status", "SCHEDULED"] },
                { "$lte": ["$startsAt", date(now)] },
                { "$gt": ["$closing", null] },
            ] },
        ] } } };
        let own =
            doc! { "occurrence": "$occurrence", "event": "$event", "start": "$startsAt", "end": "$endsAt" };
        vec![
            doc! { "$match": { "active": true } },
            join(&OCCURRENCES, own, doc! { "_id": "$$occurrence" }, vec![same_times]),
            doc! { "$match": { "joined": [] } },
            doc! { "$project": { "organization": 1, "occurrence": 1, "startsAt": 1, "endsAt": 1 } },
        ]
    },
};

pub(super) const ONCE: Invariant = Invariant {
    name: "a member has at most one active registration for an occurrence",
    collection: &REGISTRATIONS,
    violations: |_| {
        let once = doc! { "organization": "$organization", "occurrence": "$occurrence", "member": "$member" };
        vec![
            doc! { "$match": { "active": true } },
            doc! { "$group": { "_id": once, "registrations": { "$sum": 1 } } },
            doc! { "$match": { "registrations": { "$gt": 1 } } },
        ]
    },
};

pub(super) const NO_OVERLAP: Invariant = Invariant {
    name: "no two seats of a member overlap",
    collection: &REGISTRATIONS,
    violations: |_| {
        let all_before = doc! { "documents": ["unbounded", -1] };
        let [look_up, keep] = without_closing();
        vec![
            doc! { "$match": { "status": "CONFIRMED" } },
            look_up,
            keep,
            doc! { "$unset": "closing" },
            doc! { "$setWindowFields": {
                "partitionBy": { "organization": "$organization", "member": "$member" },
                "sortBy": { "startsAt": 1 },
                "output": { "busyUntil": { "$max": "$endsAt", "window": all_before } },
            } },
            doc! { "$match": { "$expr": { "$gt": ["$busyUntil", "$startsAt"] } } },
            doc! { "$project": { "organization": 1, "member": 1, "startsAt": 1, "busyUntil": 1 } },
        ]
    },
};

pub(super) const IN_AGENDA: Invariant = Invariant {
    name: "a seat that has not ended has one entry in the agenda of its member",
    collection: &REGISTRATIONS,
    violations: |Times { now, .. }| {
        let [look_up_closing, keep_others] = without_closing();
        let [look_up_removals, keep_members] = without_removed();
        let entries = doc! { "$filter": { "input": "$busy", "cond": { "$and": [
            { "$eq": ["$$this.occurrence", "$$occurrence"] },
            { "$eq": ["$$this.startsAt", "$$start"] },
            { "$eq": ["$$this.endsAt", "$$end"] },
        ] } } };
        let count = doc! { "$project": { "_id": 0, "entries": { "$size": entries } } };
        let own =
            doc! { "member": "$member", "occurrence": "$occurrence", "start": "$startsAt", "end": "$endsAt" };
        vec![
            doc! { "$match": { "status": "CONFIRMED", "endsAt": { "$gt": date(now) } } },
            join(&AGENDAS, own, doc! { "_id": "$$member" }, vec![count]),
            doc! { "$match": { "joined": { "$ne": [{ "entries": 1 }] } } },
            look_up_closing,
            keep_others,
            look_up_removals,
            keep_members,
            doc! { "$project": { "organization": 1, "member": 1, "occurrence": 1, "agenda": "$joined" } },
        ]
    },
};

pub(super) const BUSY: Invariant = Invariant {
    name: "a member who is known to be busy at the time of a waitlist has another seat at that time",
    collection: &REGISTRATIONS,
    violations: |Times { now, .. }| {
        let overlapping = doc! { "$filter": { "input": "$busy", "cond": { "$and": [
            { "$lt": ["$$this.startsAt", "$$end"] },
            { "$gt": ["$$this.endsAt", "$$start"] },
        ] } } };
        let is_busy = doc! { "$match": { "$expr": { "$ne": [overlapping, []] } } };
        let [look_up_closing, keep_others] = without_closing();
        let [look_up_removals, keep_members] = without_removed();
        let own = doc! { "member": "$member", "start": "$startsAt", "end": "$endsAt" };
        vec![
            doc! { "$match": { "status": "WAITLISTED", "isBusy": true, "startsAt": { "$gt": date(now) } } },
            join(&AGENDAS, own, doc! { "_id": "$$member" }, vec![is_busy, doc! { "$project": { "_id": 1 } }]),
            doc! { "$match": { "joined": [] } },
            look_up_closing,
            keep_others,
            look_up_removals,
            keep_members,
            doc! { "$project": { "organization": 1, "member": 1, "occurrence": 1 } },
        ]
    },
};
