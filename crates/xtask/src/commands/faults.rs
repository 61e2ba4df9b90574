//! `cargo xtask faults`: fault injection into a replica set of three members under load.
//!
//! The load and its checks are the binary `faults` of convene-stress. It gets the addresses of the members from its
//! environment and sends signals to their processes. This command restarts dead members, as the service manager of
//! a server would.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::ensure;

use crate::child::{self, ChildGroup};
use crate::interrupt::Interrupt;
use crate::mongo::Purpose;
use crate::mongo::process::Mongod;
use crate::mongo::replica_set::ReplicaSet;
use crate::mongo::temporary::TemporaryReplicaSet;
use crate::output::print_line;
use crate::workspace::Workspace;

/// A set of three members tolerates the loss of one.
const MEMBERS: usize = 3;
/// The time until a dead member is restarted: long enough for the election of a new primary.
const DOWNTIME: Duration = Duration::from_secs(5);

/// The arguments of `cargo xtask faults`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Run at least 100,000 operations.
    #[arg(long)]
    long: bool,
}

/// Starts the members, runs the harness, and restarts dead members.
pub(crate) fn execute(arguments: &Arguments, interrupt: &Interrupt) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::find()?;
    let mut build = workspace.cargo();
    build.args(["build", "--release", "--workspace", "--bin", "convene", "--bin", "faults", "--locked"]);
    ensure!(child::run(&mut build, interrupt)?.success(), "the fault harness does not build");

    let mut mongo = TemporaryReplicaSet::start(&workspace, MEMBERS, Purpose::Tests, interrupt)?;
    let mut command = std::process::Command::new(workspace.target().join("release/faults"));
    command
        .current_dir(workspace.root())
        .env("CONVENE_FAULTS_MONGODB_URI", mongo.uri())
        // The `host:port` of each member. The harness reads their process ids with `serverStatus`.
        .env("CONVENE_FAULTS_MEMBERS", addresses(mongo.set()).join(","))
        .env("CONVENE_FAULTS_BINARY", workspace.convene("release"))
        // The history and the logs are kept until the next run.
        .env("CONVENE_FAULTS_FOLDER", workspace.target().join("faults"))
        .env("CONVENE_FAULTS_LONG", if arguments.long { "1" } else { "0" });
    let mut harness = ChildGroup::spawn(&mut command)?;
    let mut dead_since = [None; MEMBERS];
    loop {
        if let Some(status) = harness.ended()? {
            ensure!(status.success(), "the fault harness failed ({status})");
            return Ok(ExitCode::SUCCESS);
        }
        interrupt.check()?;
        restart_dead_members(mongo.set(), &mut dead_since, interrupt)?;
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn addresses(set: &mut ReplicaSet) -> Vec<String> {
    set.members().iter().map(Mongod::address).collect()
}

/// Restarts the members that have been dead for the downtime.
fn restart_dead_members(
    set: &mut ReplicaSet,
    dead_since: &mut [Option<Instant>],
    interrupt: &Interrupt,
) -> anyhow::Result<()> {
    for (member, dead_since) in set.members().iter_mut().zip(dead_since) {
        if member.is_running() {
            *dead_since = None;
        } else if dead_since.get_or_insert_with(Instant::now).elapsed() >= DOWNTIME {
            print_line(format!("Restarting {}.", member.address()));
            member.restart(interrupt)?;
        }
    }
    Ok(())
}
