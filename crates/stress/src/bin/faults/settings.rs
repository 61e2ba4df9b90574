//! Settings from `cargo xtask faults`.

use std::path::PathBuf;

use anyhow::Context;

/// The minimum number of operations of a long run. A short run injects every fault once.
const LONG_RUN_OPERATIONS: usize = 100_000;

#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) uri: String,
    /// The `host:port` of each member.
    pub(crate) members: Vec<String>,
    /// The path of `convene`.
    pub(crate) binary: PathBuf,
    /// The folder of the history and the logs.
    pub(crate) folder: PathBuf,
    /// The minimum number of operations.
    pub(crate) operations: usize,
}

impl Settings {
    pub(crate) fn read() -> anyhow::Result<Self> {
        let read = |name: &str| {
            std::env::var(name).with_context(|| format!("{name} is missing; `cargo xtask faults` sets it"))
        };
        Ok(Self {
            uri: read("CONVENE_FAULTS_MONGODB_URI")?,
            members: read("CONVENE_FAULTS_MEMBERS")?.split(',').map(str::to_owned).collect(),
            binary: read("CONVENE_FAULTS_BINARY")?.into(),
            folder: read("CONVENE_FAULTS_FOLDER")?.into(),
            operations: if read("CONVENE_FAULTS_LONG")? == "1" { LONG_RUN_OPERATIONS } else { 0 },
        })
    }
}
