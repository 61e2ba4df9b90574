//! Everything that faults happen to.

use std::{
    fs,
    sync::{Arc, atomic::AtomicBool},
};

use convene_stress::{Connection, Population, Storage, new_id};

use crate::{cluster::Cluster, fleet::Fleet, history::History, load::CALLERS, settings::Settings};

/// How many members each caller speaks for.
const MEMBERS_OF_CALLER: usize = 10;
/// How many hours there are in which something takes place, and how much takes place in each of them at once.
const HOURS: usize = 16;
const IN_AN_HOUR: usize = 4;
/// Few enough seats that there is a queue everywhere.
pub(crate) const CAPACITY: usize = 10;

/// The stage with its actors.
pub(crate) struct Scene {
    pub(crate) cluster: Cluster,
    pub(crate) fleet: Arc<Fleet>,
    pub(crate) history: Arc<History>,
    pub(crate) cast: Arc<Cast>,
    pub(crate) storage: Storage,
    /// Whether callers hang up without waiting.
    pub(crate) rude: Arc<AtomicBool>,
}

/// Who and what there is.
pub(crate) struct Cast {
    pub(crate) population: Population,
    /// The ids of the occurrences.
    pub(crate) occurrences: Vec<String>,
}

impl Cast {
    /// In which hour an occurrence takes place: those of one hour overlap, others do not.
    pub(crate) fn hour(occurrence: usize) -> usize {
        occurrence / IN_AN_HOUR
    }
}

impl Scene {
    /// Starts the servers on a fresh database, and fills it.
    pub(crate) async fn set(settings: &Settings) -> anyhow::Result<Self> {
        if settings.folder.exists() {
            fs::remove_dir_all(&settings.folder)?;
        }
        fs::create_dir_all(&settings.folder)?;
        let cluster = Cluster::of(&settings.members).await?;
        let name = format!("convene_faults_{}", new_id().simple());
        let storage = Storage::prepare(&settings.uri, &name).await?;
        let fleet = Fleet::start(settings, &name).await?;
        let mut connection = Connection::open(fleet.place(0).address).await?;
        let population = Population::settle(&mut connection, &storage, CALLERS * MEMBERS_OF_CALLER).await?;
        let mut occurrences = Vec::new();
        for occurrence in 0..HOURS * IN_AN_HOUR {
            let hour = u32::try_from(Cast::hour(occurrence))?;
            occurrences.push(Population::create_event(&mut connection, hour, CAPACITY).await?);
        }
        Ok(Self {
            cluster,
            fleet: Arc::new(fleet),
            history: Arc::new(History::begin(&settings.folder.join("history.jsonl"))?),
            cast: Arc::new(Cast { population, occurrences }),
            storage,
            rude: Arc::default(),
        })
    }

    /// Deletes the database.
    pub(crate) async fn clear(&self) -> anyhow::Result<()> {
        self.storage.drop().await
    }
}
