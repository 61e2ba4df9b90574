//! The documents of a registration as Convene writes them. They pass its validators and its integrity check.

#![expect(clippy::disallowed_methods, reason = "the harness is not part of the program and has no ports")]

use bson::{Binary, DateTime, Document, doc, spec::BinarySubtype};
use convene_domain::id::{ActivityId, RegistrationId};
use convene_stress::new_id;

use crate::{caller::Seat, fixture::TestData};

pub(super) fn new_registration_id() -> String {
    RegistrationId::from_uuid(new_id()).to_string()
}

pub(super) fn registration(data: &TestData, seat: Seat, id: &str) -> Document {
    let (member, occurrence) = (&data.population.members[seat.member], &data.occurrences[seat.occurrence]);
    doc! {
        "_id": id,
        "organization": &data.organization,
        "occurrence": &occurrence.id,
        "event": &occurrence.event,
        "member": &member.id,
        "startsAt": occurrence.starts_at,
        "endsAt": occurrence.ends_at,
        "status": "CONFIRMED",
        "active": true,
        "createdAt": DateTime::now(),
        "updatedAt": DateTime::now(),
    }
}

/// The use of an idempotency key by a registration.
pub(super) fn used_key(data: &TestData, seat: Seat, id: &str) -> Document {
    let actor = &data.population.members[seat.member].user;
    doc! {
        "_id": { "organization": &data.organization, "actor": actor, "key": id },
        "organization": &data.organization,
        "fingerprint": Binary { subtype: BinarySubtype::Generic, bytes: vec![7; 32] },
        "operation": "registerForOccurrence",
        "result": { "subject": id },
        "createdAt": DateTime::now(),
    }
}

pub(super) fn created_entry(data: &TestData, seat: Seat, id: &str) -> Document {
    let changes = vec![
        doc! { "field": "status", "after": "CONFIRMED" },
        doc! { "field": "occurrence", "after": &data.occurrences[seat.occurrence].id },
        doc! { "field": "member", "after": &data.population.members[seat.member].id },
    ];
    entry(data, seat, "registration.created", id, changes)
}

pub(super) fn cancelled(data: &TestData, seat: Seat, id: &str) -> Document {
    let changes = vec![
        doc! { "field": "status", "before": "CONFIRMED", "after": "CANCELLED" },
        doc! { "field": "cancellationReason", "after": "BY_MEMBER" },
    ];
    entry(data, seat, "registration.cancelled", id, changes)
}

fn entry(data: &TestData, seat: Seat, action: &str, subject: &str, changes: Vec<Document>) -> Document {
    doc! {
        "_id": ActivityId::from_uuid(new_id()).to_string(),
        "organization": &data.organization,
        "at": DateTime::now(),
        "actor": &data.population.members[seat.member].user,
        "action": action,
        "subject": subject,
        "changes": changes,
        "requestId": new_id().simple().to_string(),
    }
}

/// Selects the agendas of the members who are free at the time of the occurrence.
pub(super) fn free_agendas(data: &TestData, members: &[&str], occurrence: usize) -> Document {
    let occurrence = &data.occurrences[occurrence];
    let overlapping =
        doc! { "startsAt": { "$lt": occurrence.ends_at }, "endsAt": { "$gt": occurrence.starts_at } };
    doc! {
        "_id": { "$in": members },
        "organization": &data.organization,
        "busy": { "$not": { "$elemMatch": overlapping } },
    }
}

pub(super) fn add_to_agenda(data: &TestData, occurrence: usize) -> Document {
    let occurrence = &data.occurrences[occurrence];
    let busy = doc! {
        "startsAt": occurrence.starts_at,
        "endsAt": occurrence.ends_at,
        "occurrence": &occurrence.id,
    };
    doc! { "$push": { "busy": { "$each": [busy], "$sort": { "startsAt": 1 } } } }
}

/// Selects the occurrence if it has this number of free seats.
pub(super) fn with_free_seats(data: &TestData, occurrence: usize, seats: i32) -> Document {
    doc! {
        "_id": &data.occurrences[occurrence].id,
        "organization": &data.organization,
        "status": "SCHEDULED",
        "$expr": { "$lte": [{ "$add": ["$taken", seats] }, "$capacity"] },
    }
}
