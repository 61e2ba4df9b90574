//! What `cargo xtask faults` hands over.

use std::path::PathBuf;

use anyhow::Context;

/// How many operations the long form makes at least; the short one meets every fault once.
const LONG: usize = 100_000;

/// The surroundings.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The connection string of the replica set.
    pub(crate) uri: String,
    /// `host:port` of each member.
    pub(crate) members: Vec<String>,
    /// The program to start.
    pub(crate) binary: PathBuf,
    /// Where the history and the logs go.
    pub(crate) folder: PathBuf,
    /// How many operations to make at least.
    pub(crate) operations: usize,
}

impl Settings {
    /// Reads them from the environment.
    pub(crate) fn read() -> anyhow::Result<Self> {
        let read = |name: &str| {
            std::env::var(name).with_context(|| format!("{name} is missing; `cargo xtask faults` sets it"))
        };
        Ok(Self {
            uri: read("CONVENE_FAULTS_MONGODB_URI")?,
            members: read("CONVENE_FAULTS_MEMBERS")?.split(',').map(str::to_owned).collect(),
            binary: read("CONVENE_FAULTS_BINARY")?.into(),
            folder: read("CONVENE_FAULTS_FOLDER")?.into(),
            operations: if read("CONVENE_FAULTS_LONG")? == "1" { LONG } else { 0 },
        })
    }
}
