//! Settings from `cargo xtask fuzz`.

use std::{path::PathBuf, time::Duration};

use anyhow::Context;

const SHORT: Duration = Duration::from_secs(60);
const LONG: Duration = Duration::from_secs(20 * 60);

#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) uri: String,
    /// The path of `convene`.
    pub(crate) binary: PathBuf,
    /// The folder of the log and the requests that were found.
    pub(crate) folder: PathBuf,
    /// The time of the search.
    pub(crate) time: Duration,
    /// The seed of all random choices.
    pub(crate) seed: u64,
}

impl Settings {
    pub(crate) fn read() -> anyhow::Result<Self> {
        let read = |name: &str| {
            std::env::var(name).with_context(|| format!("{name} is missing; `cargo xtask fuzz` sets it"))
        };
        Ok(Self {
            uri: read("CONVENE_FUZZ_MONGODB_URI")?,
            binary: read("CONVENE_FUZZ_BINARY")?.into(),
            folder: read("CONVENE_FUZZ_FOLDER")?.into(),
            time: if read("CONVENE_FUZZ_LONG")? == "1" { LONG } else { SHORT },
            seed: read("CONVENE_FUZZ_SEED")?.parse().context("CONVENE_FUZZ_SEED must be a number")?,
        })
    }
}
