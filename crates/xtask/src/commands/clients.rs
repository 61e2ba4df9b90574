//! `cargo xtask clients`: the program against the tools and libraries of its clients.
//!
//! The checks are the Node.js program `clients/check.js`, which gets its settings from its environment.

use std::process::{Command, ExitCode, Stdio};

use anyhow::ensure;

use crate::child;
use crate::interrupt::Interrupt;
use crate::mongo::Purpose;
use crate::mongo::temporary::TemporaryReplicaSet;
use crate::output::print_line;
use crate::workspace::Workspace;

/// The arguments of `cargo xtask clients`.
#[derive(clap::Args)]
pub(crate) struct Arguments {}

/// Builds the program, installs the packages, starts a database and runs the checks.
pub(crate) fn execute(_: &Arguments, interrupt: &Interrupt) -> anyhow::Result<ExitCode> {
    if let Some(missing) = ["node", "npm"].into_iter().find(|program| !is_installed(program)) {
        print_line(format!(
            "Skipped: {missing} is not installed. The client check needs Node.js 20 or later."
        ));
        return Ok(ExitCode::SUCCESS);
    }
    let workspace = Workspace::find()?;
    let folder = workspace.root().join("clients");
    let mut install = Command::new("npm");
    install.arg("ci").current_dir(&folder);
    ensure!(child::run(&mut install, interrupt)?.success(), "npm could not install the packages of clients/");

    let mut build = workspace.cargo();
    build.args(["build", "--workspace", "--bin", "convene", "--locked"]);
    ensure!(child::run(&mut build, interrupt)?.success(), "convene does not build");

    let mongo = TemporaryReplicaSet::start(&workspace, 1, Purpose::Tests, interrupt)?;
    let mut check = Command::new("node");
    check
        .arg(folder.join("check.js"))
        .current_dir(workspace.root())
        .env("CONVENE_CLIENTS_BINARY", workspace.convene("debug"))
        .env("CONVENE_CLIENTS_MONGODB_URI", mongo.uri())
        // The logs, reports and pictures are kept until the next run.
        .env("CONVENE_CLIENTS_FOLDER", workspace.target().join("clients"));
    let status = child::run(&mut check, interrupt)?;
    ensure!(status.success(), "the client check failed ({status})");
    Ok(ExitCode::SUCCESS)
}

fn is_installed(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null()).output().is_ok_and(|output| output.status.success())
}
