use std::process::ExitCode;

use convene_api_graphql::{config::DatabaseConfig, wiring};

/// Prepares the database and prints what was changed, so that `serve` can run as a database user without these rights.
pub(super) fn run() -> anyhow::Result<ExitCode> {
    let config = DatabaseConfig::read(&super::environment())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let changes = runtime.block_on(wiring::migrate(&config))?;
    if changes.is_empty() {
        return super::print("the database is prepared: nothing had to be changed\n");
    }
    super::print(&format!("{}\nthe database is prepared\n", changes.join("\n")))
}
