//! `cargo xtask run`: Convene with MongoDB and demo data, on any machine with Rust and Python.
//!
//! The folder `.convene/` keeps the state between runs: the data and log of mongod, the secret of the demo tokens,
//! and the process id of the server.

use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail, ensure};

use crate::child;
use crate::interrupt::Interrupt;
use crate::output::print_line;
use crate::workspace::Workspace;
use convene::{Authentication, Convene};
use database::Database;

mod convene;
mod database;
mod secret;
mod server;
mod startup_message;

const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// The profile that `convene` is built with.
const PROFILE: &str = "demo";

/// The arguments of `cargo xtask run`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Delete the data of earlier runs first.
    #[arg(long)]
    fresh: bool,
    /// The port on 127.0.0.1; 0 selects a free one.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// The authentication of callers: signed tokens or plain headers.
    #[arg(long, value_enum, default_value_t)]
    auth: Authentication,
}

/// Serves until Ctrl-C or until one of the processes ends.
pub(crate) fn execute(arguments: &Arguments, interrupt: &Interrupt) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::find()?;
    let state = workspace.state();
    let _lock = lock_state(&state)?;
    server::end_left_over(&state, &workspace.convene(PROFILE));
    let port = server::free_port(arguments.port)?;

    let mut database = Database::open(&state, arguments.fresh, interrupt)?;
    print_line(format!("MongoDB is ready at {}", database.uri()));
    build(&workspace, interrupt)?;

    let convene = Convene::new(&workspace, &database, port, arguments.auth, secret::ensure(&state)?);
    database.seed_once(|| convene.seed(interrupt))?;
    let mut server = server::Server::start(&convene, &state)?;
    if let Some(status) = server.wait_until_ready(interrupt)? {
        bail!("convene ended before it served ({status})");
    }
    print_line(startup_message::message(&convene, &database)?);

    while interrupt.check().is_ok() {
        if let Some(status) = server.ended()? {
            print_line(format!("convene has ended ({status}); stopping MongoDB."));
            let code = status.code().and_then(|code| u8::try_from(code).ok());
            return Ok(code.map_or(ExitCode::FAILURE, ExitCode::from));
        }
        database.check_running()?;
        std::thread::sleep(POLL_INTERVAL);
    }
    print_line("\nStopping; Ctrl-C again does not wait for requests in flight.");
    let status = server.stop(interrupt)?;
    drop(database);
    ensure!(status.success(), "convene did not stop cleanly ({status})");
    print_line("Stopped. The data is kept for the next run.");
    Ok(ExitCode::SUCCESS)
}

/// Creates the state folder and locks it against other runs.
fn lock_state(state: &Path) -> anyhow::Result<File> {
    fs::create_dir_all(state).with_context(|| format!("cannot create {}", state.display()))?;
    let lock = File::create(state.join("run.lock"))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => {
            bail!("another `cargo xtask run` uses {}", state.display())
        }
        Err(TryLockError::Error(error)) => Err(error).context("cannot lock .convene/run.lock"),
    }
}

fn build(workspace: &Workspace, interrupt: &Interrupt) -> anyhow::Result<()> {
    if !workspace.convene(PROFILE).exists() {
        print_line("Building Convene, which takes some minutes the first time.");
    }
    let mut command = workspace.cargo();
    command.args([
        "build",
        "--profile",
        PROFILE,
        "--locked",
        "--package",
        "convene-api-graphql",
        "--bin",
        "convene",
    ]);
    ensure!(child::run(&mut command, interrupt)?.success(), "convene does not build");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_allows_one_run_at_a_time() {
        let state = tempfile::tempdir().unwrap();
        let first = lock_state(state.path()).unwrap();
        assert!(lock_state(state.path()).unwrap_err().to_string().contains("another `cargo xtask run`"));
        drop(first);
        lock_state(state.path()).unwrap();
    }
}
