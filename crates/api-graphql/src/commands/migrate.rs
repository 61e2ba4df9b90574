use std::process::ExitCode;

use convene_api_graphql::{config::DatabaseConfig, wiring};

/// The arguments of `convene migrate`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Allow `CONVENE_ACTIVITY_RETENTION_DAYS` to be shorter than in the database: older entries of the activity log are deleted
    #[arg(long)]
    shorten_retention: bool,
}

/// Prepares the database and prints what was changed, so that `serve` can run as a database user without these rights.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let config = DatabaseConfig::read(&super::environment())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let changes = runtime.block_on(wiring::migrate(&config, arguments.shorten_retention))?;
    if changes.is_empty() {
        return super::print("the database is prepared: nothing had to be changed\n");
    }
    super::print(&format!("{}\nthe database is prepared\n", changes.join("\n")))
}
