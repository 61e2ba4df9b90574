//! Settings from the environment.

use std::path::PathBuf;

use anyhow::{Context, ensure};

#[derive(Debug)]
pub(crate) struct Settings {
    /// The path of `convene`.
    pub(crate) binary: PathBuf,
    pub(crate) uri: String,
    scale: usize,
}

impl Settings {
    pub(crate) fn read() -> anyhow::Result<Self> {
        let read = |name: &str| {
            std::env::var(name)
                .with_context(|| format!("{name} is missing; `cargo xtask bench edits` sets it"))
        };
        let scale = read("CONVENE_BENCH_SCALE").map_or(Ok(100), |scale| scale.parse::<usize>())?;
        ensure!((1..=100).contains(&scale), "CONVENE_BENCH_SCALE must be 1 to 100");
        let (uri, binary) = (read("CONVENE_TEST_MONGODB_URI")?, read("CONVENE_BENCH_BINARY")?.into());
        Ok(Self { binary, uri, scale })
    }

    /// Scales a number; at least one.
    pub(crate) fn scaled(&self, full: usize) -> usize {
        (full * self.scale / 100).max(1)
    }
}
