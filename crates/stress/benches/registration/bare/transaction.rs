//! One transaction per call: the usual way to keep the rules, with the driver's own loop of repetitions.

use bson::{DateTime, doc};
use convene_stress::Storage;
use futures::FutureExt;
use mongodb::{ClientSession, error::Result};

use super::{
    documents::{cancelled, enter_into_agenda, free_agendas, fresh_id, made, registration, with_free_seats},
    options,
};
use crate::{
    contender::{CLASH, Contender, FULL, Seat, Verdict},
    stage::{Cast, Stage},
};

/// Takes a seat in a transaction of its own.
pub(crate) struct TransactionCaller(Storage);

impl TransactionCaller {
    /// So many callers.
    pub(crate) fn several(stage: &Stage, count: usize) -> Vec<Self> {
        std::iter::repeat_with(|| Self(stage.bare.clone())).take(count).collect()
    }
}

impl Contender for TransactionCaller {
    async fn register(&mut self, cast: &Cast, seat: Seat) -> anyhow::Result<Verdict> {
        let mut session = self.0.client.start_session().await?;
        let taken = session
            .start_transaction()
            .with_options(options())
            .and_run((&self.0, cast), |session, (storage, cast)| take(session, storage, cast, seat).boxed())
            .await?;
        Ok(taken)
    }

    async fn cancel(&mut self, cast: &Cast, seat: Seat, registration: &str) -> anyhow::Result<()> {
        let mut session = self.0.client.start_session().await?;
        session
            .start_transaction()
            .with_options(options())
            .and_run((&self.0, cast, registration), |session, (storage, cast, registration)| {
                give_back(session, storage, cast, seat, registration).boxed()
            })
            .await?;
        Ok(())
    }
}

async fn take(session: &mut ClientSession, storage: &Storage, cast: &Cast, seat: Seat) -> Result<Verdict> {
    let member = cast.population.members[seat.member].id.as_str();
    let occurrence = doc! { "_id": &cast.occurrences[seat.occurrence].id };
    let stored = storage.collection("occurrences").find_one(occurrence).session(&mut *session).await?;
    let count =
        |field: &str| stored.as_ref().and_then(|stored| stored.get_i32(field).ok()).unwrap_or_default();
    if count("taken") >= count("capacity") {
        return Ok(Verdict::Refused(FULL.to_owned()));
    }
    let free = free_agendas(cast, &[member], seat.occurrence);
    let enter = enter_into_agenda(cast, seat.occurrence);
    let entered = storage.collection("agendas").update_one(free, enter).session(&mut *session).await?;
    if entered.matched_count == 0 {
        return Ok(Verdict::Refused(CLASH.to_owned()));
    }
    let id = fresh_id();
    let document = registration(cast, seat, &id);
    storage.collection("registrations").insert_one(document).session(&mut *session).await?;
    storage.collection("activity").insert_one(made(cast, seat, &id)).session(&mut *session).await?;
    let one_more = doc! { "$inc": { "taken": 1 } };
    let with_seats = with_free_seats(cast, seat.occurrence, 1);
    let counted =
        storage.collection("occurrences").update_one(with_seats, one_more).session(&mut *session).await?;
    match counted.matched_count {
        0 => Err(mongodb::error::Error::custom("a seat was free and is not, in one snapshot")),
        _ => Ok(Verdict::Registered(id)),
    }
}

async fn give_back(
    session: &mut ClientSession,
    storage: &Storage,
    cast: &Cast,
    seat: Seat,
    registration: &str,
) -> Result<()> {
    let occurrence = &cast.occurrences[seat.occurrence].id;
    let cancel = doc! { "$set": {
        "status": "CANCELLED", "active": false, "cancelledAt": DateTime::now(), "cancellationReason": "BY_MEMBER",
    } };
    let registrations = storage.collection("registrations");
    registrations.update_one(doc! { "_id": registration }, cancel).session(&mut *session).await?;
    let agenda = doc! { "_id": &cast.population.members[seat.member].id };
    let leave = doc! { "$pull": { "busy": { "occurrence": occurrence } } };
    storage.collection("agendas").update_one(agenda, leave).session(&mut *session).await?;
    let entry = cancelled(cast, seat, registration);
    storage.collection("activity").insert_one(entry).session(&mut *session).await?;
    let one_less = doc! { "$inc": { "taken": -1 } };
    let occurrences = storage.collection("occurrences");
    occurrences.update_one(doc! { "_id": occurrence }, one_less).session(&mut *session).await?;
    Ok(())
}
