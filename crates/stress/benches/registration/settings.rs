//! Settings from the environment and the command line.

use std::path::PathBuf;

use anyhow::{Context, bail, ensure};

/// A part of the benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Members register for many occurrences.
    Spread,
    /// All members request the same occurrence.
    Rush,
    /// One member requests many overlapping occurrences.
    Member,
    /// Every second member cancels.
    Mixed,
}

#[derive(Debug)]
pub(crate) struct Settings {
    /// The path of `convene`.
    pub(crate) binary: PathBuf,
    pub(crate) uri: String,
    /// In the order of execution.
    pub(crate) parts: Vec<Part>,
    /// The number of repetitions of each measurement.
    pub(crate) rounds: usize,
    scale: usize,
}

impl Settings {
    pub(crate) fn read() -> anyhow::Result<Self> {
        let read = |name: &str| {
            std::env::var(name)
                .with_context(|| format!("{name} is missing; `cargo xtask bench registration` sets it"))
        };
        let uri = read("CONVENE_TEST_MONGODB_URI")?;
        let binary = read("CONVENE_BENCH_BINARY")?.into();
        let mut parts = Vec::new();
        // `cargo bench` adds `--bench`.
        for name in std::env::args().skip(1).filter(|argument| !argument.starts_with("--")) {
            parts.push(match name.as_str() {
                "spread" => Part::Spread,
                "rush" => Part::Rush,
                "member" => Part::Member,
                "mixed" => Part::Mixed,
                _ => bail!("there is no part {name}; there are: spread, rush, member, mixed"),
            });
        }
        if parts.is_empty() {
            parts = vec![Part::Spread, Part::Rush, Part::Member, Part::Mixed];
        }
        let scale = number("CONVENE_BENCH_SCALE", 100)?;
        ensure!((1..=1_000).contains(&scale), "CONVENE_BENCH_SCALE must be 1 to 1000");
        let rounds = number("CONVENE_BENCH_ROUNDS", 3)?;
        ensure!((1..=15).contains(&rounds), "CONVENE_BENCH_ROUNDS must be 1 to 15");
        Ok(Self { binary, uri, parts, rounds, scale })
    }

    /// Scales a number; at least one.
    pub(crate) fn scaled(&self, full: usize) -> usize {
        (full * self.scale / 100).max(1)
    }
}

fn number(name: &str, default: usize) -> anyhow::Result<usize> {
    match std::env::var(name) {
        Ok(text) => text.parse().with_context(|| format!("{name} must be a whole number")),
        Err(_) => Ok(default),
    }
}
