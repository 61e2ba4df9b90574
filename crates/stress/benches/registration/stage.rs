//! What all contenders work on: two databases of the same members and events, one for `convene` and one for the bare
//! driver.

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use anyhow::{Context, ensure};
use bson::{DateTime, Document, doc};
use convene_stress::{Connection, Population, Server, Storage, new_id};
use futures::TryStreamExt;

use crate::{
    contender::Seat,
    cpu::{self, Usage},
    drive::Measurement,
    settings::Settings,
};

/// An occurrence, as far as a bare driver needs to know it.
#[derive(Clone, Debug)]
pub(crate) struct Occurrence {
    pub(crate) id: String,
    pub(crate) event: String,
    pub(crate) starts_at: DateTime,
    pub(crate) ends_at: DateTime,
}

/// Who and what there is.
#[derive(Clone, Debug)]
pub(crate) struct Cast {
    pub(crate) organization: String,
    pub(crate) population: Population,
    pub(crate) occurrences: Vec<Occurrence>,
}

/// How many registrations there should be.
#[derive(Clone, Copy, Debug, Default)]
struct Expected {
    made: usize,
    cancelled: usize,
}

/// Which of the two databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// What `convene` works on.
    Convene,
    /// What the bare driver works on.
    Bare,
}

/// Servers, databases, and what is in them.
pub(crate) struct Stage {
    pub(crate) cast: Arc<Cast>,
    pub(crate) bare: Storage,
    convene: Storage,
    servers: Vec<Server>,
    mongod: u32,
    next_hour: u32,
    expected: [Expected; 2],
    logs: tempfile::TempDir,
}

impl Stage {
    /// Starts two servers on a fresh database and fills it; the other database becomes a copy of it.
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
        let population = Population::settle(&mut connection, &convene, settings.scaled(5_000)).await?;
        let organization = convene.collection("organizations").find_one(doc! {}).await?;
        let organization = organization.context("there is no organization")?.get_str("_id")?.to_owned();
        for collection in ["organizations", "members", "agendas", "activity"] {
            copy(&convene, &bare, collection, doc! {}).await?;
        }
        let cast = Arc::new(Cast { organization, population, occurrences: Vec::new() });
        let expected = [Expected::default(); 2];
        Ok(Self { cast, bare, convene, servers, mongod, next_hour: 0, expected, logs })
    }

    /// Where the servers listen.
    pub(crate) fn servers(&self) -> Vec<SocketAddr> {
        self.servers.iter().map(Server::address).collect()
    }

    /// Creates events in both databases, and answers with the numbers of their occurrences. They take place one
    /// after the other, or all at the same time.
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
        let first = self.cast.occurrences.len();
        let mut cast = Cast::clone(&self.cast);
        for id in ids {
            let stored = stored.iter().find(|document| document.get_str("_id").is_ok_and(|it| it == id));
            let stored = stored.with_context(|| format!("{id} is not stored"))?;
            cast.occurrences.push(Occurrence {
                id,
                event: stored.get_str("event")?.to_owned(),
                starts_at: *stored.get_datetime("startsAt")?,
                ends_at: *stored.get_datetime("endsAt")?,
            });
        }
        let events: Vec<&str> = cast.occurrences[first..].iter().map(|it| it.event.as_str()).collect();
        for (collection, field) in [("events", "_id"), ("occurrences", "event"), ("activity", "subject")] {
            copy(&self.convene, &self.bare, collection, doc! { field: { "$in": &events } }).await?;
        }
        self.cast = Arc::new(cast);
        Ok((first..first + count).collect())
    }

    /// What all processes have used so far.
    pub(crate) fn usage(&self) -> anyhow::Result<Usage> {
        let mut usage = Usage::default();
        for server in &self.servers {
            usage.convene += cpu::of_process(server.id())?;
        }
        usage.mongod = cpu::of_process(self.mongod)?;
        usage.client = cpu::of_process(std::process::id())?;
        Ok(usage)
    }

    /// Remembers what there has to be in a database after a run.
    pub(crate) fn expect(&mut self, side: Side, run: &Measurement) {
        let expected = &mut self.expected[usize::from(side == Side::Bare)];
        expected.made += run.registered;
        expected.cancelled += run.cancelled;
    }

    /// How many seats of these occurrences are taken.
    pub(crate) async fn taken(&self, side: Side, seats: &[Seat]) -> anyhow::Result<u64> {
        let storage = if side == Side::Convene { &self.convene } else { &self.bare };
        let mut ids: Vec<&str> =
            seats.iter().map(|seat| self.cast.occurrences[seat.occurrence].id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        let confirmed = doc! { "occurrence": { "$in": ids }, "status": "CONFIRMED" };
        Ok(storage.collection("registrations").count_documents(confirmed).await?)
    }

    /// Checks both databases: every invariant, and that there is exactly what was answered.
    pub(crate) async fn verify(&self) -> anyhow::Result<()> {
        for (storage, expected) in [&self.convene, &self.bare].into_iter().zip(self.expected) {
            let examined = storage.check().await?;
            let registrations = storage.collection("registrations");
            let confirmed = registrations.count_documents(doc! { "status": "CONFIRMED" }).await?;
            let cancelled = registrations.count_documents(doc! { "status": "CANCELLED" }).await?;
            ensure!(
                (usize::try_from(confirmed)?, usize::try_from(cancelled)?)
                    == (expected.made - expected.cancelled, expected.cancelled),
                "{confirmed} seats and {cancelled} cancelled ones are stored, but {expected:?} was answered"
            );
            let name = if storage.name == self.bare.name { "bare driver" } else { "convene" };
            crate::table::say(&format!(
                "Checked ({name}): every invariant holds over {examined} documents; {confirmed} seats and {cancelled} \
                 cancelled ones, exactly as answered."
            ))?;
        }
        crate::table::say("")
    }

    /// Ends the servers and deletes the databases.
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

/// Copies documents from one database to the other.
async fn copy(from: &Storage, to: &Storage, collection: &str, which: Document) -> anyhow::Result<()> {
    let into = doc! { "db": &to.name, "coll": collection };
    let stages = [doc! { "$match": which }, doc! { "$merge": { "into": into } }];
    from.collection(collection).aggregate(stages).await?.try_collect::<Vec<_>>().await?;
    Ok(())
}
