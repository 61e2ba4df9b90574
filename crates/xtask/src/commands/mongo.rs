//! `cargo xtask mongo`: a temporary MongoDB for tests that are run by hand.

use std::process::ExitCode;
use std::time::Duration;

use crate::interrupt::Interrupt;
use crate::mongo::Purpose;
use crate::mongo::temporary::TemporaryReplicaSet;
use crate::output::print_line;
use crate::workspace::Workspace;

/// The variable with the connection string for the tests.
pub(crate) const TEST_URI: &str = "CONVENE_TEST_MONGODB_URI";

/// The arguments of `cargo xtask mongo`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The number of members of the replica set.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=7))]
    members: u8,
}

/// Starts MongoDB, prints its connection string, and waits for Ctrl-C.
pub(crate) fn execute(arguments: &Arguments, interrupt: &Interrupt) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::find()?;
    let mut mongo =
        TemporaryReplicaSet::start(&workspace, usize::from(arguments.members), Purpose::Tests, interrupt)?;
    print_line(format!("export {TEST_URI}='{}'", mongo.uri()));
    print_line("Ctrl-C stops it and deletes its data.");
    while interrupt.check().is_ok() {
        mongo.set().check_running()?;
        std::thread::sleep(Duration::from_millis(200));
    }
    Ok(ExitCode::SUCCESS)
}
