use bson::doc;
use convene_application::limits::UPCOMING_REGISTRATIONS;

use super::{Invariant, join};
use crate::schema::{AGENDAS, MEMBERS, REGISTRATIONS, nothing_overlaps};

pub(super) const NO_OVERLAP: Invariant = Invariant {
    name: "an agenda is sorted, and no two of its times overlap",
    collection: &AGENDAS,
    violations: |_| {
        let max = i64::try_from(UPCOMING_REGISTRATIONS).unwrap_or(i64::MAX);
        vec![
            doc! { "$match": { "$expr": { "$or": [
                { "$not": [nothing_overlaps()] },
                { "$gt": [{ "$size": "$busy" }, max] },
            ] } } },
            doc! { "$project": { "organization": 1, "times": { "$size": "$busy" } } },
        ]
    },
};

pub(super) const REGISTERED: Invariant = Invariant {
    name: "a time of an agenda is that of a seat",
    collection: &AGENDAS,
    violations: |_| {
        let own = doc! {
            "member": "$_id",
            "occurrence": "$busy.occurrence",
            "start": "$busy.startsAt",
            "end": "$busy.endsAt",
        };
        let seat = doc! {
            "occurrence": "$$occurrence",
            "member": "$$member",
            "startsAt": "$$start",
            "endsAt": "$$end",
            "status": "CONFIRMED",
        };
        vec![
            doc! { "$unwind": "$busy" },
            join(&REGISTRATIONS, own, seat, vec![doc! { "$project": { "_id": 1 } }]),
            doc! { "$match": { "joined": [] } },
            doc! { "$project": { "organization": 1, "busy": 1 } },
        ]
    },
};

pub(super) const MEMBER: Invariant = Invariant {
    name: "an agenda belongs to an active member",
    collection: &AGENDAS,
    violations: |_| {
        let member = doc! { "_id": "$$member", "status": "ACTIVE" };
        vec![
            join(&MEMBERS, doc! { "member": "$_id" }, member, vec![doc! { "$project": { "_id": 1 } }]),
            doc! { "$match": { "joined": [] } },
            doc! { "$project": { "organization": 1 } },
        ]
    },
};
