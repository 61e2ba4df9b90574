//! The cost of telemetry: of one log line, one span and one observation, and of `{ __typename }` compared with a bare route of
//! the web framework with the same log line, limits and headers.
//!
//! `cargo xtask bench telemetry` starts a database and runs all parts. Arguments after `--` shorten it: `callers=16`, `seconds=1`,
//! `rounds=1`. `docs/benchmarks.md` describes the method.

mod observations;
mod routes;
mod server;

use anyhow::{Context, bail};

/// The arguments of the benchmark.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) callers: usize,
    pub(crate) seconds: u64,
    pub(crate) rounds: usize,
}

fn main() -> anyhow::Result<()> {
    let mut settings = Settings { callers: 16, seconds: 4, rounds: 3 };
    for argument in std::env::args().skip(1) {
        match argument.split_once('=') {
            None if argument == "serve" => return server::serve(),
            Some(("callers", value)) => settings.callers = value.parse()?,
            Some(("seconds", value)) => settings.seconds = value.parse()?,
            Some(("rounds", value)) => settings.rounds = value.parse()?,
            // Cargo adds it.
            None if argument == "--bench" => {}
            _ => bail!("unknown argument {argument}"),
        }
    }
    let runtime = tokio::runtime::Runtime::new().context("there is no runtime")?;
    runtime.block_on(routes::compare(settings))?;
    observations::measure(&runtime)
}
