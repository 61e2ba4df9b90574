//! The system under test and its test data.

use std::{
    fs,
    sync::{Arc, atomic::AtomicBool},
};

use convene_stress::{Connection, Population, Storage, new_id};

use crate::{cluster::Cluster, history::History, load::CALLERS, servers::Servers, settings::Settings};

/// The number of members of each caller.
const MEMBERS_OF_CALLER: usize = 10;
/// The number of hours with occurrences, and the number of overlapping occurrences in each.
const HOURS: usize = 16;
const IN_AN_HOUR: usize = 4;
/// Small enough that every occurrence has a waitlist.
pub(crate) const CAPACITY: usize = 10;

pub(crate) struct Fixture {
    pub(crate) cluster: Cluster,
    pub(crate) servers: Arc<Servers>,
    pub(crate) history: Arc<History>,
    pub(crate) data: Arc<TestData>,
    pub(crate) storage: Storage,
    /// Callers disconnect without waiting for the answer.
    pub(crate) disconnecting: Arc<AtomicBool>,
}

pub(crate) struct TestData {
    pub(crate) population: Population,
    pub(crate) occurrences: Vec<String>,
}

impl TestData {
    /// The hour of an occurrence. Occurrences overlap only within the same hour.
    pub(crate) fn hour(occurrence: usize) -> usize {
        occurrence / IN_AN_HOUR
    }
}

impl Fixture {
    /// Starts the servers on a new database and fills it.
    pub(crate) async fn set(settings: &Settings) -> anyhow::Result<Self> {
        if settings.folder.exists() {
            fs::remove_dir_all(&settings.folder)?;
        }
        fs::create_dir_all(&settings.folder)?;
        let cluster = Cluster::connect_to(&settings.members).await?;
        let name = format!("convene_faults_{}", new_id().simple());
        let storage = Storage::prepare(&settings.uri, &name).await?;
        let servers = Servers::start(settings, &name).await?;
        let mut connection = Connection::open(servers.endpoint(0).address).await?;
        let population = Population::create(&mut connection, &storage, CALLERS * MEMBERS_OF_CALLER).await?;
        let mut occurrences = Vec::new();
        for occurrence in 0..HOURS * IN_AN_HOUR {
            let hour = u32::try_from(TestData::hour(occurrence))?;
            occurrences.push(Population::create_event(&mut connection, hour, CAPACITY).await?);
        }
        Ok(Self {
            cluster,
            servers: Arc::new(servers),
            history: Arc::new(History::begin(&settings.folder.join("history.jsonl"))?),
            data: Arc::new(TestData { population, occurrences }),
            storage,
            disconnecting: Arc::default(),
        })
    }

    /// Drops the database.
    pub(crate) async fn clear(&self) -> anyhow::Result<()> {
        self.storage.drop().await
    }
}
