//! Settings from the environment and the command line.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, bail};

use crate::request::Part;

#[derive(Debug)]
pub(crate) struct Settings {
    /// The path of `convene`.
    pub(crate) binary: PathBuf,
    pub(crate) uri: String,
    /// The numbers of series.
    pub(crate) sizes: Vec<usize>,
    pub(crate) callers: Vec<usize>,
    pub(crate) parts: Vec<Part>,
    /// The time of each measurement.
    pub(crate) time: Duration,
}

impl Settings {
    pub(crate) fn read() -> anyhow::Result<Self> {
        let read = |name: &str| {
            std::env::var(name)
                .with_context(|| format!("{name} is missing; `cargo xtask bench reads` sets it"))
        };
        let mut settings = Self {
            binary: read("CONVENE_BENCH_BINARY")?.into(),
            uri: read("CONVENE_TEST_MONGODB_URI")?,
            sizes: vec![100, 1_000, 10_000, 100_000],
            callers: vec![1, 16, 64],
            parts: Part::ALL.to_vec(),
            time: Duration::from_secs(5),
        };
        // `cargo bench` adds `--bench`.
        for argument in std::env::args().skip(1).filter(|argument| !argument.starts_with("--")) {
            let (name, value) =
                argument.split_once('=').with_context(|| format!("{argument} has no value"))?;
            match name {
                "sizes" => settings.sizes = numbers(value)?,
                "callers" => settings.callers = numbers(value)?,
                "seconds" => settings.time = Duration::from_secs(value.parse()?),
                "parts" => settings.parts = value.split(',').map(Part::parse).collect::<Result<_, _>>()?,
                _ => bail!("there is no argument {name}; there are: sizes, callers, seconds, parts"),
            }
        }
        Ok(settings)
    }
}

fn numbers(list: &str) -> anyhow::Result<Vec<usize>> {
    list.split(',').map(|number| number.parse().with_context(|| format!("{number} is no number"))).collect()
}
