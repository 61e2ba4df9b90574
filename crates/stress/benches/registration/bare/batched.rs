//! Batches on the bare driver: the protocol of `convene` without the rest of the program, for callers without other
//! registrations at that time.

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
    documents::{
        add_to_agenda, created_entry, free_agendas, new_registration_id, registration, used_key,
        with_free_seats,
    },
    options,
};
use crate::{
    caller::{Caller, Decision, FULL, Seat},
    fixture::{Fixture, TestData},
};

/// The number of concurrent transactions and the largest batch, as in `convene`.
const BATCH_WORKERS: usize = 2;
const MAX_BATCH_SIZE: usize = 500;

/// A requested seat and the channel of the decision.
type Request = (Seat, oneshot::Sender<Decision>);

/// Sends its requests to the workers.
pub(crate) struct BatchedCaller(Vec<mpsc::Sender<Request>>);

impl BatchedCaller {
    /// Creates the callers and their workers. A worker ends with its callers.
    pub(crate) fn several(fixture: &Fixture, count: usize) -> Vec<Self> {
        let workers: Vec<_> = (0..BATCH_WORKERS)
            .map(|_| {
                let (queue, queued) = mpsc::channel(10_000);
                tokio::spawn(serve(fixture.bare.clone(), std::sync::Arc::clone(&fixture.data), queued));
                queue
            })
            .collect();
        std::iter::repeat_with(|| Self(workers.clone())).take(count).collect()
    }
}

impl Caller for BatchedCaller {
    async fn register(&mut self, _: &TestData, seat: Seat) -> anyhow::Result<Decision> {
        let (answer, answered) = oneshot::channel();
        let worker = &self.0[seat.occurrence % BATCH_WORKERS];
        worker.send((seat, answer)).await.context("the worker has ended")?;
        answered.await.context("the batch failed")
    }

    async fn cancel(&mut self, _: &TestData, _: Seat, _: &str) -> anyhow::Result<()> {
        bail!("batches are measured with registrations only")
    }
}

async fn serve(
    storage: Storage,
    data: std::sync::Arc<TestData>,
    mut queued: mpsc::Receiver<Request>,
) -> anyhow::Result<()> {
    let mut requests = Vec::new();
    while queued.recv_many(&mut requests, MAX_BATCH_SIZE).await > 0 {
        let seats: Vec<Seat> = requests.iter().map(|(seat, _)| *seat).collect();
        let mut session = storage.client.start_session().await?;
        let decisions = session
            .start_transaction()
            .with_options(options())
            .and_run((&storage, &*data, &seats), |session, (storage, data, seats)| {
                batch(session, storage, data, seats).boxed()
            })
            .await?;
        for ((_, answer), decision) in requests.drain(..).zip(decisions) {
            // A send fails only if the caller is gone.
            answer.send(decision).ok();
        }
    }
    Ok(())
}

async fn batch(
    session: &mut ClientSession,
    storage: &Storage,
    data: &TestData,
    seats: &[Seat],
) -> Result<Vec<Decision>> {
    let granted = granted(session, storage, data, seats).await?;
    let mut decisions = vec![Decision::Refused(FULL.to_owned()); seats.len()];
    let (mut registrations, mut keys, mut entries) = (Vec::new(), Vec::new(), Vec::new());
    for &number in granted.values().flatten() {
        let id = new_registration_id();
        registrations.push(registration(data, seats[number], &id));
        keys.push(used_key(data, seats[number], &id));
        entries.push(created_entry(data, seats[number], &id));
        decisions[number] = Decision::Registered(id);
    }
    if registrations.is_empty() {
        return Ok(decisions);
    }
    let (mut agendas, mut counts) = (Vec::new(), Vec::new());
    for (&occurrence, numbers) in &granted {
        let members: Vec<&str> =
            numbers.iter().map(|&number| data.population.members[seats[number].member].id.as_str()).collect();
        let count = i32::try_from(members.len()).map_err(Error::custom)?;
        let free = free_agendas(data, &members, occurrence);
        agendas.push(doc! { "q": free, "u": add_to_agenda(data, occurrence), "multi": true });
        let with_seats = with_free_seats(data, occurrence, count);
        counts.push(doc! { "q": with_seats, "u": { "$inc": { "taken": count } } });
    }
    let occurrences = counts.len();
    update(session, storage, "agendas", agendas, registrations.len()).await?;
    storage.collection("registrations").insert_many(registrations).session(&mut *session).await?;
    storage.collection("idempotency").insert_many(keys).session(&mut *session).await?;
    storage.collection("activity").insert_many(entries).session(&mut *session).await?;
    update(session, storage, "occurrences", counts, occurrences).await?;
    Ok(decisions)
}

/// The requests that get a seat, by occurrence, in the order of their arrival.
async fn granted(
    session: &mut ClientSession,
    storage: &Storage,
    data: &TestData,
    seats: &[Seat],
) -> Result<BTreeMap<usize, Vec<usize>>> {
    let mut requested: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (number, seat) in seats.iter().enumerate() {
        requested.entry(seat.occurrence).or_default().push(number);
    }
    let ids: Vec<&str> =
        requested.keys().map(|&occurrence| data.occurrences[occurrence].id.as_str()).collect();
    let wanted = doc! { "_id": { "$in": ids }, "organization": &data.organization };
    let mut found = storage.collection("occurrences").find(wanted).session(&mut *session).await?;
    let mut free: BTreeMap<String, usize> = BTreeMap::new();
    while let Some(stored) = found.next(&mut *session).await.transpose()? {
        let number = |field: &str| stored.get_i32(field).map_err(Error::custom);
        let seats = usize::try_from(number("capacity")? - number("taken")?).unwrap_or_default();
        free.insert(stored.get_str("_id").map_err(Error::custom)?.to_owned(), seats);
    }
    requested.retain(|&occurrence, numbers| {
        numbers.truncate(free.get(&data.occurrences[occurrence].id).copied().unwrap_or_default());
        !numbers.is_empty()
    });
    Ok(requested)
}

/// Runs the statements as one command and checks the number of matched documents.
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
