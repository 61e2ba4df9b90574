//! `cargo xtask mongo`: a throwaway MongoDB for tests that are run by hand.

use std::process::ExitCode;
use std::time::Duration;

use crate::interrupt::Interrupt;
use crate::mongo::Purpose;
use crate::mongo::scratch::Throwaway;
use crate::output::say;
use crate::workspace::Workspace;

/// The variable from which the tests learn where MongoDB is.
pub(crate) const TEST_URI: &str = "CONVENE_TEST_MONGODB_URI";

/// What `cargo xtask mongo` takes.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many members the replica set has.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=7))]
    members: u8,
}

/// Starts it, says how to reach it, and stays until Ctrl-C.
pub(crate) fn execute(arguments: &Arguments, interrupt: &Interrupt) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::find()?;
    let mut mongo = Throwaway::start(&workspace, usize::from(arguments.members), Purpose::Tests, interrupt)?;
    say(format!("export {TEST_URI}='{}'", mongo.uri()));
    say("Ctrl-C ends it, and its data with it.");
    while interrupt.check().is_ok() {
        mongo.set().check_running()?;
        std::thread::sleep(Duration::from_millis(200));
    }
    Ok(ExitCode::SUCCESS)
}
