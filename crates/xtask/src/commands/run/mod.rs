//! `cargo xtask run`: everything on a machine that has Rust and Python, and nothing else.
//!
//! What has to survive between two runs lies under `.convene/`: the data and log of mongod, the secret that signs
//! the demo tokens, and the process id of the server.

use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail, ensure};

use crate::child;
use crate::interrupt::Interrupt;
use crate::output::say;
use crate::workspace::Workspace;
use convene::{Authentication, Convene};
use database::Database;

mod convene;
mod database;
mod secret;
mod server;
mod welcome;

/// How often the processes are looked at.
const TICK: Duration = Duration::from_millis(50);

/// What `cargo xtask run` takes.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Throw away the data of earlier runs first.
    #[arg(long)]
    fresh: bool,
    /// The port on 127.0.0.1 to serve at; 0 takes any that is free.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// How callers prove who they are: by a signed token, or by plain headers.
    #[arg(long, value_enum, default_value_t)]
    auth: Authentication,
}

/// Serves until Ctrl-C, or until one of the processes ends by itself.
pub(crate) fn execute(arguments: &Arguments, interrupt: &Interrupt) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::find()?;
    let state = workspace.state();
    let _alone = claim(&state)?;
    server::end_left_over(&state, &workspace.convene("release"));
    let port = server::free_port(arguments.port)?;

    let mut database = Database::open(&state, arguments.fresh, interrupt)?;
    say(format!("MongoDB is ready at {}", database.uri()));
    build(&workspace, interrupt)?;

    let convene = Convene::new(&workspace, &database, port, arguments.auth, secret::ensure(&state)?);
    database.seed_once(|| convene.seed(interrupt))?;
    let mut server = server::Server::start(&convene, &state)?;
    if let Some(status) = server.becomes_ready(interrupt)? {
        bail!("convene ended before it served ({status})");
    }
    say(welcome::message(&convene, &database)?);

    while interrupt.check().is_ok() {
        if let Some(status) = server.ended()? {
            say(format!("convene has ended ({status}); stopping MongoDB."));
            let code = status.code().and_then(|code| u8::try_from(code).ok());
            return Ok(code.map_or(ExitCode::FAILURE, ExitCode::from));
        }
        database.check_running()?;
        std::thread::sleep(TICK);
    }
    say("\nStopping; Ctrl-C again does not wait for requests in flight.");
    let status = server.stop(interrupt)?;
    drop(database);
    ensure!(status.success(), "convene did not stop in good order ({status})");
    say("Stopped. The data is kept for the next run.");
    Ok(ExitCode::SUCCESS)
}

/// Makes the folder of what is kept, and sees to it that no other run works on it.
fn claim(state: &Path) -> anyhow::Result<File> {
    fs::create_dir_all(state).with_context(|| format!("cannot create {}", state.display()))?;
    let lock = File::create(state.join("run.lock"))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => bail!("another `cargo xtask run` is at work in this clone"),
        Err(TryLockError::Error(error)) => Err(error).context("cannot lock .convene/run.lock"),
    }
}

fn build(workspace: &Workspace, interrupt: &Interrupt) -> anyhow::Result<()> {
    let mut command = workspace.cargo();
    command.args(["build", "--release", "--locked", "--workspace", "--bin", "convene"]);
    ensure!(child::run(&mut command, interrupt)?.success(), "convene does not build");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_clone_has_one_run() {
        let state = tempfile::tempdir().unwrap();
        let first = claim(state.path()).unwrap();
        assert!(claim(state.path()).unwrap_err().to_string().contains("another `cargo xtask run`"));
        drop(first);
        claim(state.path()).unwrap();
    }
}
