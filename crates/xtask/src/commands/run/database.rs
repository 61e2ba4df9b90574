//! The MongoDB of `cargo xtask run`: an external one, or one that it starts.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

use crate::interrupt::Interrupt;
use crate::mongo::replica_set::ReplicaSet;
use crate::mongo::{Purpose, check_replica_set};

const URI: &str = "CONVENE_MONGODB_URI";

pub(super) enum Database {
    /// An external database, from the environment.
    Given { uri: String },
    /// A database of our own, which is stopped when this is dropped.
    Own { set: ReplicaSet, folder: PathBuf },
}

impl Database {
    /// Opens the database. `fresh` deletes its data first, if it is our own.
    pub(super) fn open(state: &Path, fresh: bool, interrupt: &Interrupt) -> anyhow::Result<Self> {
        if let Ok(uri) = std::env::var(URI) {
            ensure!(
                !fresh,
                "--fresh does not delete the data of an external database; unset {URI}, or delete the data yourself"
            );
            check_replica_set(&uri).with_context(|| format!("{URI} is not usable"))?;
            return Ok(Self::Given { uri });
        }
        let folder = state.join("mongo");
        if fresh && folder.exists() {
            ReplicaSet::end_left_over(&folder, Purpose::Development);
            fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
        }
        Ok(Self::Own { set: ReplicaSet::development(&folder, interrupt)?, folder })
    }

    /// The connection string.
    pub(super) fn uri(&self) -> String {
        match self {
            Self::Given { uri } => uri.clone(),
            Self::Own { set, .. } => set.uri(),
        }
    }

    /// Loads the demo data, but into our own database only once, so that deleted data stays deleted.
    pub(super) fn seed_once(&self, seed: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
        let Self::Own { folder, .. } = self else { return seed() };
        let mark = folder.join("seeded");
        if mark.exists() {
            return Ok(());
        }
        seed()?;
        fs::write(&mark, "The demo data is loaded once; `cargo xtask run --fresh` starts over.\n")?;
        Ok(())
    }

    /// Fails if our own database has ended.
    pub(super) fn check_running(&mut self) -> anyhow::Result<()> {
        match self {
            Self::Given { .. } => Ok(()),
            Self::Own { set, .. } => set.check_running(),
        }
    }
}
