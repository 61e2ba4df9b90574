//! What a registration leaves in the database, as Convene would have written it: its validators take it, and its
//! check of the invariants finds nothing amiss.

use bson::{Binary, DateTime, Document, doc, spec::BinarySubtype};
use convene_domain::id::{ActivityId, RegistrationId};
use convene_stress::new_id;

use crate::{contender::Seat, stage::Cast};

/// A new registration's id.
pub(super) fn fresh_id() -> String {
    RegistrationId::from_uuid(new_id()).to_string()
}

/// A registration that holds a seat.
pub(super) fn registration(cast: &Cast, seat: Seat, id: &str) -> Document {
    let (member, occurrence) = (&cast.population.members[seat.member], &cast.occurrences[seat.occurrence]);
    let fingerprint = Binary { subtype: BinarySubtype::Generic, bytes: vec![7; 32] };
    doc! {
        "_id": id,
        "organization": &cast.organization,
        "occurrence": &occurrence.id,
        "event": &occurrence.event,
        "member": &member.id,
        "startsAt": occurrence.starts_at,
        "endsAt": occurrence.ends_at,
        "status": "CONFIRMED",
        "active": true,
        "createdAt": DateTime::now(),
        "idempotency": { "actor": &member.user, "key": id, "fingerprint": fingerprint },
    }
}

/// The log's entry of a registration that was made.
pub(super) fn made(cast: &Cast, seat: Seat, id: &str) -> Document {
    let changes = vec![
        doc! { "field": "status", "after": "CONFIRMED" },
        doc! { "field": "occurrence", "after": &cast.occurrences[seat.occurrence].id },
        doc! { "field": "member", "after": &cast.population.members[seat.member].id },
    ];
    entry(cast, seat, "registration.created", id, changes)
}

/// The log's entry of a registration that was cancelled.
pub(super) fn cancelled(cast: &Cast, seat: Seat, id: &str) -> Document {
    let changes = vec![
        doc! { "field": "status", "before": "CONFIRMED", "after": "CANCELLED" },
        doc! { "field": "cancellationReason", "after": "BY_MEMBER" },
    ];
    entry(cast, seat, "registration.cancelled", id, changes)
}

fn entry(cast: &Cast, seat: Seat, action: &str, subject: &str, changes: Vec<Document>) -> Document {
    doc! {
        "_id": ActivityId::from_uuid(new_id()).to_string(),
        "organization": &cast.organization,
        "at": DateTime::now(),
        "actor": &cast.population.members[seat.member].user,
        "action": action,
        "subject": subject,
        "changes": changes,
        "requestId": new_id().simple().to_string(),
    }
}

/// Which of these members have the occurrence's time free.
pub(super) fn free_agendas(cast: &Cast, members: &[&str], occurrence: usize) -> Document {
    let occurrence = &cast.occurrences[occurrence];
    let overlapping =
        doc! { "startsAt": { "$lt": occurrence.ends_at }, "endsAt": { "$gt": occurrence.starts_at } };
    doc! {
        "_id": { "$in": members },
        "organization": &cast.organization,
        "busy": { "$not": { "$elemMatch": overlapping } },
    }
}

/// The change that enters the occurrence into an agenda.
pub(super) fn enter_into_agenda(cast: &Cast, occurrence: usize) -> Document {
    let occurrence = &cast.occurrences[occurrence];
    let busy = doc! {
        "startsAt": occurrence.starts_at,
        "endsAt": occurrence.ends_at,
        "occurrence": &occurrence.id,
    };
    doc! { "$push": { "busy": { "$each": [busy], "$sort": { "startsAt": 1 } } } }
}

/// The occurrence, as long as so many more seats are free.
pub(super) fn with_free_seats(cast: &Cast, occurrence: usize, seats: i32) -> Document {
    doc! {
        "_id": &cast.occurrences[occurrence].id,
        "organization": &cast.organization,
        "status": "SCHEDULED",
        "$expr": { "$lte": [{ "$add": ["$taken", seats] }, "$capacity"] },
    }
}
