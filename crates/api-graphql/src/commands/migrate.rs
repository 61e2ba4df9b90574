use std::process::ExitCode;

use convene_api_graphql::{
    config::{DatabaseConfig, Environment},
    wiring,
};

/// Prepares the database, so that `serve` can run as a database user without these rights.
pub(super) fn run() -> anyhow::Result<ExitCode> {
    let config = DatabaseConfig::read(&Environment::of_process())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(wiring::migrate(&config))?;
    super::print("the database is prepared\n")
}
