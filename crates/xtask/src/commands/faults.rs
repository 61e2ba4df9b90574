//! `cargo xtask faults`: a replica set of three members, broken under load.
//!
//! The load and its checks are the binary `faults` of convene-stress. It learns from its environment where the
//! members are, and breaks them with signals. This command restarts members that have died, as the operating
//! system of a server would.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::ensure;

use crate::child::{self, ChildGroup};
use crate::interrupt::Interrupt;
use crate::mongo::Purpose;
use crate::mongo::process::Mongod;
use crate::mongo::replica_set::ReplicaSet;
use crate::mongo::scratch::Throwaway;
use crate::output::say;
use crate::workspace::Workspace;

/// How many members a set needs to survive the loss of one.
const MEMBERS: usize = 3;
/// How long a dead member stays away: long enough for the others to elect a new primary.
const ABSENCE: Duration = Duration::from_secs(5);

/// What `cargo xtask faults` takes.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Go on for long enough to meet rare orders of events.
    #[arg(long)]
    long: bool,
}

/// Starts the members, runs the harness, and restarts what it kills.
pub(crate) fn execute(arguments: &Arguments, interrupt: &Interrupt) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::find()?;
    let mut build = workspace.cargo();
    build.args(["build", "--release", "--workspace", "--bin", "convene", "--bin", "faults", "--locked"]);
    ensure!(child::run(&mut build, interrupt)?.success(), "the fault harness does not build");

    let mut mongo = Throwaway::start(&workspace, MEMBERS, Purpose::Tests, interrupt)?;
    let mut command = std::process::Command::new(workspace.target().join("release/faults"));
    command
        .current_dir(workspace.root())
        .env("CONVENE_FAULTS_MONGODB_URI", mongo.uri())
        // host:port of each member; its process id changes with every restart and is in `serverStatus`.
        .env("CONVENE_FAULTS_MEMBERS", addresses(mongo.set()).join(","))
        .env("CONVENE_FAULTS_BINARY", workspace.convene("release"))
        // The history of what was asked and answered, and the logs, stay there until the next run.
        .env("CONVENE_FAULTS_FOLDER", workspace.target().join("faults"))
        .env("CONVENE_FAULTS_LONG", if arguments.long { "1" } else { "0" });
    let mut harness = ChildGroup::spawn(&mut command)?;
    let mut absent_since = [None; MEMBERS];
    loop {
        if let Some(status) = harness.ended()? {
            ensure!(status.success(), "the fault harness failed ({status})");
            return Ok(ExitCode::SUCCESS);
        }
        interrupt.check()?;
        revive(mongo.set(), &mut absent_since, interrupt)?;
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn addresses(set: &mut ReplicaSet) -> Vec<String> {
    set.members().iter().map(Mongod::address).collect()
}

/// Starts the members again that have been dead for long enough.
fn revive(
    set: &mut ReplicaSet,
    absent_since: &mut [Option<Instant>],
    interrupt: &Interrupt,
) -> anyhow::Result<()> {
    for (member, absent_since) in set.members().iter_mut().zip(absent_since) {
        if member.is_running() {
            *absent_since = None;
        } else if absent_since.get_or_insert_with(Instant::now).elapsed() >= ABSENCE {
            say(format!("Starting {} again.", member.address()));
            member.restart(interrupt)?;
        }
    }
    Ok(())
}
