//! `cargo xtask fuzz`: a search for the requests of a member that cost a server most.
//!
//! The search is the binary `fuzz` of convene-stress, which gets its settings from its environment.

use std::process::{Command, ExitCode};

use anyhow::ensure;

use crate::child;
use crate::interrupt::Interrupt;
use crate::mongo::Purpose;
use crate::mongo::temporary::TemporaryReplicaSet;
use crate::workspace::Workspace;

/// The arguments of `cargo xtask fuzz`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Search for 20 minutes instead of one.
    #[arg(long)]
    long: bool,
    /// The seed of all random choices.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Starts a database and searches.
pub(crate) fn execute(arguments: &Arguments, interrupt: &Interrupt) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::find()?;
    let mut build = workspace.cargo();
    build.args(["build", "--release", "--workspace", "--bin", "convene", "--bin", "fuzz", "--locked"]);
    ensure!(child::run(&mut build, interrupt)?.success(), "the search does not build");

    let mongo = TemporaryReplicaSet::start(&workspace, 1, Purpose::Benchmarks, interrupt)?;
    let mut command = Command::new(workspace.target().join("release/fuzz"));
    command
        .current_dir(workspace.root())
        .env("CONVENE_FUZZ_MONGODB_URI", mongo.uri())
        .env("CONVENE_FUZZ_BINARY", workspace.convene("release"))
        // The requests and the log are kept until the next run.
        .env("CONVENE_FUZZ_FOLDER", workspace.target().join("fuzz"))
        .env("CONVENE_FUZZ_SEED", arguments.seed.to_string())
        .env("CONVENE_FUZZ_LONG", if arguments.long { "1" } else { "0" });
    let status = child::run(&mut command, interrupt)?;
    ensure!(status.success(), "the search failed ({status})");
    Ok(ExitCode::SUCCESS)
}
