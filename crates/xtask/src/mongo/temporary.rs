//! Temporary replica sets, whose data is deleted with their owner, or at the start of the next one.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::Purpose;
use super::replica_set::ReplicaSet;
use crate::interrupt::Interrupt;
use crate::workspace::Workspace;

/// The file that the owner of a folder locks during its life.
const OWNER: &str = "owner.lock";

/// A replica set with temporary data. Dropping it stops the members and deletes the data.
#[derive(Debug)]
pub(crate) struct TemporaryReplicaSet {
    // The order matters: the members are stopped before their folder is deleted.
    set: ReplicaSet,
    _folder: TemporaryFolder,
}

impl TemporaryReplicaSet {
    /// Starts the members in cargo's target folder.
    pub(crate) fn start(
        workspace: &Workspace,
        members: usize,
        purpose: Purpose,
        interrupt: &Interrupt,
    ) -> anyhow::Result<Self> {
        let folder = TemporaryFolder::create(&workspace.target().join("mongo"), purpose)?;
        let set = ReplicaSet::start_temporary(&folder.path, members, purpose, interrupt)?;
        Ok(Self { set, _folder: folder })
    }

    /// The replica set.
    pub(crate) fn set(&mut self) -> &mut ReplicaSet {
        &mut self.set
    }

    /// The connection string.
    pub(crate) fn uri(&self) -> String {
        self.set.uri()
    }
}

/// A folder of this process, which is deleted when it is dropped.
///
/// A killed owner leaves its folder behind, but not its lock. The next owner tries the lock, stops the mongods in
/// the folder and deletes it.
#[derive(Debug)]
struct TemporaryFolder {
    path: PathBuf,
    _owner: File,
}

impl TemporaryFolder {
    fn create(parent: &Path, purpose: Purpose) -> anyhow::Result<Self> {
        fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))?;
        // A new folder must not be swept before its owner has locked it.
        let sweeping = File::create(parent.join("sweep.lock"))?;
        sweeping.lock()?;
        sweep(parent, purpose)?;

        let path = (0_u32..)
            .map(|number| parent.join(format!("{}-{number}", std::process::id())))
            .find(|path| !path.exists())
            .context("no free folder name")?;
        fs::create_dir(&path).with_context(|| format!("cannot create {}", path.display()))?;
        let owner = File::create(path.join(OWNER))?;
        owner.lock()?;
        Ok(Self { path, _owner: owner })
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        // The next owner deletes what is left.
        fs::remove_dir_all(&self.path).ok();
    }
}

fn sweep(parent: &Path, purpose: Purpose) -> anyhow::Result<()> {
    for folder in folders(parent)? {
        let owner = File::create(folder.join(OWNER))?;
        if owner.try_lock().is_err() {
            continue;
        }
        for member in folders(&folder)? {
            ReplicaSet::end_left_over(&member, purpose);
        }
        fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok(())
}

fn folders(parent: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(parent)?.collect::<Result<Vec<_>, _>>()?;
    Ok(entries.into_iter().map(|entry| entry.path()).filter(|path| path.is_dir()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_abandoned_folders_are_deleted() {
        let parent = tempfile::tempdir().unwrap();
        let abandoned = parent.path().join("1-0");
        fs::create_dir_all(abandoned.join("member-0/data")).unwrap();

        let first = TemporaryFolder::create(parent.path(), Purpose::Tests).unwrap();
        assert!(!abandoned.exists());
        let second = TemporaryFolder::create(parent.path(), Purpose::Tests).unwrap();
        assert!(first.path.exists() && second.path.exists() && first.path != second.path);

        let path = first.path.clone();
        drop(first);
        assert!(!path.exists() && second.path.exists());
    }
}
