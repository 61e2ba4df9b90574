//! The system under test and its test data.

use std::{
    fs,
    sync::{Arc, atomic::AtomicBool},
};

use convene_stress::{Connection, Population, Storage, new_id};

use crate::{
    cluster::Cluster,
    history::History,
    load::{CALLERS, READERS},
    servers::Servers,
    settings::Settings,
};

/// The number of members of each caller.
const MEMBERS_OF_CALLER: usize = 10;
/// The number of hours with occurrences, and the number of overlapping occurrences in each.
const HOURS: usize = 16;
const IN_AN_HOUR: usize = 4;
/// Small enough that every occurrence has a waitlist.
const CAPACITY: usize = 10;
/// The same for an occurrence with the members of one caller.
const CAPACITY_OF_OWN: usize = 2;

pub(crate) struct Fixture {
    pub(crate) cluster: Cluster,
    pub(crate) servers: Arc<Servers>,
    pub(crate) history: Arc<History>,
    pub(crate) data: Arc<TestData>,
    pub(crate) storage: Storage,
    /// Callers disconnect without waiting for the answer.
    pub(crate) disconnecting: Arc<AtomicBool>,
}

/// The occurrences of all callers, followed by one occurrence of each caller.
///
/// A caller cancels and restores its own occurrence, in which only its members register.
pub(crate) struct TestData {
    pub(crate) population: Population,
    pub(crate) occurrences: Vec<String>,
    /// The occurrence of the one-off event of each reader.
    pub(crate) read: Vec<String>,
}

impl TestData {
    /// The number of occurrences of all callers.
    pub(crate) const SHARED: usize = HOURS * IN_AN_HOUR;

    /// The occurrence of a caller.
    pub(crate) fn own(caller: usize) -> usize {
        Self::SHARED + caller
    }

    /// The hour of an occurrence. Occurrences overlap only within the same hour.
    pub(crate) fn hour(occurrence: usize) -> usize {
        match occurrence.checked_sub(Self::SHARED) {
            None => occurrence / IN_AN_HOUR,
            Some(caller) => caller % HOURS,
        }
    }

    /// The number of seats of an occurrence at the start.
    pub(crate) fn capacity(occurrence: usize) -> usize {
        if occurrence < Self::SHARED { CAPACITY } else { CAPACITY_OF_OWN }
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
        for occurrence in 0..TestData::SHARED + CALLERS {
            let hour = u32::try_from(TestData::hour(occurrence))?;
            let capacity = TestData::capacity(occurrence);
            occurrences.push(Population::create_event(&mut connection, hour, capacity).await?);
        }
        let mut read = Vec::new();
        for _ in 0..READERS {
            read.push(Population::create_event(&mut connection, 0, CAPACITY).await?);
        }
        Ok(Self {
            cluster,
            servers: Arc::new(servers),
            history: Arc::new(History::begin(&settings.folder.join("history.jsonl"))?),
            data: Arc::new(TestData { population, occurrences, read }),
            storage,
            disconnecting: Arc::default(),
        })
    }

    /// Drops the database.
    pub(crate) async fn clear(&self) -> anyhow::Result<()> {
        self.storage.drop().await
    }
}
