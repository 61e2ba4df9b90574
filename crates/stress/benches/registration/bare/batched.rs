//! Batches on the bare driver: the protocol that `convene` has, without everything around it, and for callers who
//! hold no other seat at that time.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use bson::{Bson, Document, doc};
use convene_stress::Storage;
use futures::FutureExt;
use mongodb::{
    ClientSession,
    error::{Error, Result},
};
use tokio::sync::{mpsc, oneshot};

use super::{
    documents::{enter_into_agenda, free_agendas, fresh_id, made, registration, with_free_seats},
    options,
};
use crate::{
    contender::{Contender, FULL, Seat, Verdict},
    stage::{Cast, Stage},
};

/// How many transactions are in flight at a time, and how many calls one takes at most: as in `convene`.
const BATCHERS: usize = 2;
const MOST: usize = 500;

/// A seat that is asked for, and where the answer goes.
type Ask = (Seat, oneshot::Sender<Verdict>);

/// Queues for the next batch.
pub(crate) struct BatchedCaller(Vec<mpsc::Sender<Ask>>);

impl BatchedCaller {
    /// So many callers, and the batchers that serve them. These end with their callers.
    pub(crate) fn several(stage: &Stage, count: usize) -> Vec<Self> {
        let batchers: Vec<_> = (0..BATCHERS)
            .map(|_| {
                let (queue, queued) = mpsc::channel(10_000);
                tokio::spawn(serve(stage.bare.clone(), std::sync::Arc::clone(&stage.cast), queued));
                queue
            })
            .collect();
        std::iter::repeat_with(|| Self(batchers.clone())).take(count).collect()
    }
}

impl Contender for BatchedCaller {
    async fn register(&mut self, _: &Cast, seat: Seat) -> anyhow::Result<Verdict> {
        let (answer, answered) = oneshot::channel();
        let batcher = &self.0[seat.occurrence % BATCHERS];
        batcher.send((seat, answer)).await.context("the batcher has ended")?;
        answered.await.context("the batch failed")
    }

    async fn cancel(&mut self, _: &Cast, _: Seat, _: &str) -> anyhow::Result<()> {
        bail!("batches are measured with registrations only")
    }
}

async fn serve(
    storage: Storage,
    cast: std::sync::Arc<Cast>,
    mut queued: mpsc::Receiver<Ask>,
) -> anyhow::Result<()> {
    let mut asks = Vec::new();
    while queued.recv_many(&mut asks, MOST).await > 0 {
        let seats: Vec<Seat> = asks.iter().map(|(seat, _)| *seat).collect();
        let mut session = storage.client.start_session().await?;
        let verdicts = session
            .start_transaction()
            .with_options(options())
            .and_run((&storage, &*cast, &seats), |session, (storage, cast, seats)| {
                batch(session, storage, cast, seats).boxed()
            })
            .await?;
        for ((_, answer), verdict) in asks.drain(..).zip(verdicts) {
            // The caller waits: there is nobody else to be told.
            answer.send(verdict).ok();
        }
    }
    Ok(())
}

async fn batch(
    session: &mut ClientSession,
    storage: &Storage,
    cast: &Cast,
    seats: &[Seat],
) -> Result<Vec<Verdict>> {
    let winners = winners(session, storage, cast, seats).await?;
    let mut verdicts = vec![Verdict::Refused(FULL.to_owned()); seats.len()];
    let (mut registrations, mut entries) = (Vec::new(), Vec::new());
    for &number in winners.values().flatten() {
        let id = fresh_id();
        registrations.push(registration(cast, seats[number], &id));
        entries.push(made(cast, seats[number], &id));
        verdicts[number] = Verdict::Registered(id);
    }
    if registrations.is_empty() {
        return Ok(verdicts);
    }
    let (mut agendas, mut counts) = (Vec::new(), Vec::new());
    for (&occurrence, numbers) in &winners {
        let members: Vec<&str> =
            numbers.iter().map(|&number| cast.population.members[seats[number].member].id.as_str()).collect();
        let count = i32::try_from(members.len()).map_err(Error::custom)?;
        let free = free_agendas(cast, &members, occurrence);
        agendas.push(doc! { "q": free, "u": enter_into_agenda(cast, occurrence), "multi": true });
        let with_seats = with_free_seats(cast, occurrence, count);
        counts.push(doc! { "q": with_seats, "u": { "$inc": { "taken": count } } });
    }
    let occurrences = counts.len();
    update(session, storage, "agendas", agendas, registrations.len()).await?;
    storage.collection("registrations").insert_many(registrations).session(&mut *session).await?;
    storage.collection("activity").insert_many(entries).session(&mut *session).await?;
    update(session, storage, "occurrences", counts, occurrences).await?;
    Ok(verdicts)
}

/// Who gets a seat, by occurrence: first come, first served.
async fn winners(
    session: &mut ClientSession,
    storage: &Storage,
    cast: &Cast,
    seats: &[Seat],
) -> Result<BTreeMap<usize, Vec<usize>>> {
    let mut asking: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (number, seat) in seats.iter().enumerate() {
        asking.entry(seat.occurrence).or_default().push(number);
    }
    let ids: Vec<&str> = asking.keys().map(|&occurrence| cast.occurrences[occurrence].id.as_str()).collect();
    let wanted = doc! { "_id": { "$in": ids }, "organization": &cast.organization };
    let mut found = storage.collection("occurrences").find(wanted).session(&mut *session).await?;
    let mut free: BTreeMap<String, usize> = BTreeMap::new();
    while let Some(stored) = found.next(&mut *session).await.transpose()? {
        let number = |field: &str| stored.get_i32(field).map_err(Error::custom);
        let seats = usize::try_from(number("capacity")? - number("taken")?).unwrap_or_default();
        free.insert(stored.get_str("_id").map_err(Error::custom)?.to_owned(), seats);
    }
    asking.retain(|&occurrence, numbers| {
        numbers.truncate(free.get(&cast.occurrences[occurrence].id).copied().unwrap_or_default());
        !numbers.is_empty()
    });
    Ok(asking)
}

/// Runs statements as one command, which has to find so many documents.
async fn update(
    session: &mut ClientSession,
    storage: &Storage,
    collection: &str,
    statements: Vec<Document>,
    expected: usize,
) -> Result<()> {
    let command = doc! { "update": collection, "updates": statements };
    let answer = storage.client.database(&storage.name).run_command(command).session(session).await?;
    let found = answer.get("n").and_then(Bson::as_i32).and_then(|found| usize::try_from(found).ok());
    if answer.contains_key("writeErrors") || found != Some(expected) {
        return Err(Error::custom(format!("{collection}: {expected} expected, but {answer}")));
    }
    Ok(())
}
