use std::process::ExitCode;

use convene_domain::time::zone;

/// Prints the versions of the program and of its time-zone database.
pub(super) fn run() -> anyhow::Result<ExitCode> {
    let program = env!("CARGO_PKG_VERSION");
    super::print(&format!("convene {program}, time zones {}\n", zone::database_version()))
}
