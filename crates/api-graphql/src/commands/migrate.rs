use std::process::ExitCode;

use convene_api_graphql::{
    config::{DatabaseConfig, Environment},
    wiring,
};

/// Prepares the database and ends, so that `serve` can run with a user who may not.
pub(super) fn run() -> anyhow::Result<ExitCode> {
    let config = DatabaseConfig::read(&Environment::of_process())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(wiring::migrate(&config))?;
    super::say("the database is prepared\n")
}
