//! One transaction per call with the retry loop of the driver: the usual way to enforce the rules.

#![expect(clippy::disallowed_methods, reason = "the harness is not part of the program and has no ports")]

use bson::{DateTime, doc};
use convene_stress::Storage;
use futures::FutureExt;
use mongodb::{ClientSession, error::Result};

use super::{
    documents::{
        add_to_agenda, cancelled, created_entry, free_agendas, new_registration_id, registration, used_key,
        with_free_seats,
    },
    options,
};
use crate::{
    caller::{CONFLICT, Caller, Decision, FULL, Seat},
    fixture::{Fixture, TestData},
};

/// Registers in a transaction of its own.
pub(crate) struct TransactionCaller(Storage);

impl TransactionCaller {
    pub(crate) fn several(fixture: &Fixture, count: usize) -> Vec<Self> {
        std::iter::repeat_with(|| Self(fixture.bare.clone())).take(count).collect()
    }
}

impl Caller for TransactionCaller {
    async fn register(&mut self, data: &TestData, seat: Seat) -> anyhow::Result<Decision> {
        let mut session = self.0.client.start_session().await?;
        let taken = session
            .start_transaction()
            .with_options(options())
            .and_run((&self.0, data), |session, (storage, data)| {
                register(session, storage, data, seat).boxed()
            })
            .await?;
        Ok(taken)
    }

    async fn cancel(&mut self, data: &TestData, seat: Seat, registration: &str) -> anyhow::Result<()> {
        let mut session = self.0.client.start_session().await?;
        session
            .start_transaction()
            .with_options(options())
            .and_run((&self.0, data, registration), |session, (storage, data, registration)| {
                cancel(session, storage, data, seat, registration).boxed()
            })
            .await?;
        Ok(())
    }
}

async fn register(
    session: &mut ClientSession,
    storage: &Storage,
    data: &TestData,
    seat: Seat,
) -> Result<Decision> {
    let member = data.population.members[seat.member].id.as_str();
    let occurrence = doc! { "_id": &data.occurrences[seat.occurrence].id };
    let stored = storage.collection("occurrences").find_one(occurrence).session(&mut *session).await?;
    let count =
        |field: &str| stored.as_ref().and_then(|stored| stored.get_i32(field).ok()).unwrap_or_default();
    if count("taken") >= count("capacity") {
        return Ok(Decision::Refused(FULL.to_owned()));
    }
    let free = free_agendas(data, &[member], seat.occurrence);
    let enter = add_to_agenda(data, seat.occurrence);
    let entered = storage.collection("agendas").update_one(free, enter).session(&mut *session).await?;
    if entered.matched_count == 0 {
        return Ok(Decision::Refused(CONFLICT.to_owned()));
    }
    let id = new_registration_id();
    let document = registration(data, seat, &id);
    storage.collection("registrations").insert_one(document).session(&mut *session).await?;
    storage.collection("idempotency").insert_one(used_key(data, seat, &id)).session(&mut *session).await?;
    storage.collection("activity").insert_one(created_entry(data, seat, &id)).session(&mut *session).await?;
    let one_more = doc! { "$inc": { "taken": 1 } };
    let with_seats = with_free_seats(data, seat.occurrence, 1);
    let counted =
        storage.collection("occurrences").update_one(with_seats, one_more).session(&mut *session).await?;
    match counted.matched_count {
        0 => Err(mongodb::error::Error::custom("a seat was free and is not, in one snapshot")),
        _ => Ok(Decision::Registered(id)),
    }
}

async fn cancel(
    session: &mut ClientSession,
    storage: &Storage,
    data: &TestData,
    seat: Seat,
    registration: &str,
) -> Result<()> {
    let occurrence = &data.occurrences[seat.occurrence].id;
    let cancel = doc! { "$set": {
        "status": "CANCELLED", "active": false, "cancelledAt": DateTime::now(), "cancellationReason": "BY_MEMBER",
    } };
    let registrations = storage.collection("registrations");
    registrations.update_one(doc! { "_id": registration }, cancel).session(&mut *session).await?;
    let agenda = doc! { "_id": &data.population.members[seat.member].id };
    let leave = doc! { "$pull": { "busy": { "occurrence": occurrence } } };
    storage.collection("agendas").update_one(agenda, leave).session(&mut *session).await?;
    let entry = cancelled(data, seat, registration);
    storage.collection("activity").insert_one(entry).session(&mut *session).await?;
    let one_less = doc! { "$inc": { "taken": -1 } };
    let occurrences = storage.collection("occurrences");
    occurrences.update_one(doc! { "_id": occurrence }, one_less).session(&mut *session).await?;
    Ok(())
}
