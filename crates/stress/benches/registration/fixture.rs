//! The test data of all variants: two databases with the same members and events, one for `convene` and one for the
//! bare driver.

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use anyhow::{Context, ensure};
use bson::{DateTime, Document, doc};
use convene_stress::{
    Connection, Population, Server, Storage,
    cpu::{self, Usage},
    new_id, print_line,
};
use futures::TryStreamExt;

use crate::{caller::Seat, drive::Measurement, settings::Settings};

/// The fields of an occurrence that the bare driver needs.
#[derive(Clone, Debug)]
pub(crate) struct Occurrence {
    pub(crate) id: String,
    pub(crate) event: String,
    pub(crate) starts_at: DateTime,
    pub(crate) ends_at: DateTime,
}

#[derive(Clone, Debug)]
pub(crate) struct TestData {
    pub(crate) organization: String,
    pub(crate) population: Population,
    pub(crate) occurrences: Vec<Occurrence>,
}

/// The expected number of registrations.
#[derive(Clone, Copy, Debug, Default)]
struct Expected {
    created: usize,
    cancelled: usize,
}

/// One of the two databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Convene,
    Bare,
}

/// The servers, the databases and their content.
pub(crate) struct Fixture {
    pub(crate) data: Arc<TestData>,
    pub(crate) bare: Storage,
    convene: Storage,
    servers: Vec<Server>,
    mongod: u32,
    next_hour: u32,
    expected: [Expected; 2],
    logs: tempfile::TempDir,
}

impl Fixture {
    /// Starts two servers on a new database and fills it. The other database is a copy.
    pub(crate) async fn set(settings: &Settings) -> anyhow::Result<Self> {
        let name = format!("convene_bench_{}", new_id().simple());
        let convene = Storage::prepare(&settings.uri, &name).await?;
        let bare = Storage::prepare(&settings.uri, &format!("{name}_bare")).await?;
        let logs = tempfile::tempdir()?;
        let mut servers = Vec::new();
        for number in 0..2 {
            let log: PathBuf = logs.path().join(format!("convene-{number}.log"));
            servers.push(Server::start(&settings.binary, &settings.uri, &name, log).await?);
        }
        let status = convene.client.database("admin").run_command(doc! { "serverStatus": 1 }).await?;
        let mongod = u32::try_from(status.get_i64("pid")?)?;

        let mut connection = Connection::open(servers[0].address()).await?;
        let population = Population::create(&mut connection, &convene, settings.scaled(5_000)).await?;
        let organization = convene.collection("organizations").find_one(doc! {}).await?;
        let organization = organization.context("there is no organization")?.get_str("_id")?.to_owned();
        for collection in ["organizations", "members", "agendas", "activity"] {
            copy(&convene, &bare, collection, doc! {}).await?;
        }
        let data = Arc::new(TestData { organization, population, occurrences: Vec::new() });
        let expected = [Expected::default(); 2];
        Ok(Self { data, bare, convene, servers, mongod, next_hour: 0, expected, logs })
    }

    pub(crate) fn servers(&self) -> Vec<SocketAddr> {
        self.servers.iter().map(Server::address).collect()
    }

    /// Creates one-off events in both databases, consecutive or at the same time, and returns the indexes of their
    /// occurrences.
    pub(crate) async fn create_events(
        &mut self,
        count: usize,
        capacity: usize,
        at_once: bool,
    ) -> anyhow::Result<Vec<usize>> {
        let mut connection = Connection::open(self.servers[0].address()).await?;
        let mut ids: Vec<String> = Vec::with_capacity(count);
        for number in 0..count {
            ids.push(Population::create_event(&mut connection, self.next_hour, capacity).await?);
            self.next_hour += u32::from(!at_once || number + 1 == count);
        }
        let created = doc! { "_id": { "$in": &ids } };
        let stored: Vec<Document> =
            self.convene.collection("occurrences").find(created).await?.try_collect().await?;
        let first = self.data.occurrences.len();
        let mut data = TestData::clone(&self.data);
        for id in ids {
            let stored = stored.iter().find(|document| document.get_str("_id").is_ok_and(|it| it == id));
            let stored = stored.with_context(|| format!("{id} is not stored"))?;
            data.occurrences.push(Occurrence {
                id,
                event: stored.get_str("event")?.to_owned(),
                starts_at: *stored.get_datetime("startsAt")?,
                ends_at: *stored.get_datetime("endsAt")?,
            });
        }
        let events: Vec<&str> = data.occurrences[first..].iter().map(|it| it.event.as_str()).collect();
        for (collection, field) in [("events", "_id"), ("occurrences", "event"), ("activity", "subject")] {
            copy(&self.convene, &self.bare, collection, doc! { field: { "$in": &events } }).await?;
        }
        self.data = Arc::new(data);
        Ok((first..first + count).collect())
    }

    pub(crate) fn usage(&self) -> anyhow::Result<Usage> {
        let mut usage = Usage::default();
        for server in &self.servers {
            usage.convene += cpu::process_usage(server.id())?;
        }
        usage.mongod = cpu::process_usage(self.mongod)?;
        usage.client = cpu::process_usage(std::process::id())?;
        Ok(usage)
    }

    /// Adds the result of a run to the expected content of a database.
    pub(crate) fn expect(&mut self, side: Side, run: &Measurement) {
        let expected = &mut self.expected[usize::from(side == Side::Bare)];
        expected.created += run.registered;
        expected.cancelled += run.cancelled;
    }

    /// The number of stored confirmed registrations of these occurrences.
    pub(crate) async fn taken(&self, side: Side, seats: &[Seat]) -> anyhow::Result<u64> {
        let storage = if side == Side::Convene { &self.convene } else { &self.bare };
        let mut ids: Vec<&str> =
            seats.iter().map(|seat| self.data.occurrences[seat.occurrence].id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        let confirmed = doc! { "occurrence": { "$in": ids }, "status": "CONFIRMED" };
        Ok(storage.collection("registrations").count_documents(confirmed).await?)
    }

    /// Checks the invariants of both databases and compares the number of registrations with the replies.
    pub(crate) async fn verify(&self) -> anyhow::Result<()> {
        for (storage, expected) in [&self.convene, &self.bare].into_iter().zip(self.expected) {
            let examined = storage.check().await?;
            let registrations = storage.collection("registrations");
            let confirmed = registrations.count_documents(doc! { "status": "CONFIRMED" }).await?;
            let cancelled = registrations.count_documents(doc! { "status": "CANCELLED" }).await?;
            ensure!(
                (usize::try_from(confirmed)?, usize::try_from(cancelled)?)
                    == (expected.created - expected.cancelled, expected.cancelled),
                "{confirmed} seats and {cancelled} cancelled ones are stored, but {expected:?} was answered"
            );
            let name = if storage.name == self.bare.name { "bare driver" } else { "convene" };
            print_line(&format!(
                "Checked ({name}): every invariant holds over {examined} documents; {confirmed} seats and {cancelled} \
                 cancelled ones, exactly as answered."
            ))?;
        }
        print_line("")
    }

    /// Stops the servers and drops the databases.
    pub(crate) async fn clear(mut self) -> anyhow::Result<()> {
        for server in &mut self.servers {
            let status = server.stop().await?;
            ensure!(status.success(), "convene ended with {status}");
        }
        self.convene.drop().await?;
        self.bare.drop().await?;
        Ok(self.logs.close()?)
    }
}

async fn copy(from: &Storage, to: &Storage, collection: &str, which: Document) -> anyhow::Result<()> {
    let into = doc! { "db": &to.name, "coll": collection };
    let stages = [doc! { "$match": which }, doc! { "$merge": { "into": into } }];
    from.collection(collection).aggregate(stages).await?.try_collect::<Vec<_>>().await?;
    Ok(())
}
