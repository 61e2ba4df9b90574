use std::{path::PathBuf, process::ExitCode};

use anyhow::Context;
use convene_api_graphql::{
    config::DatabaseConfig,
    seed::{self, Plan},
    system::SystemClock,
    wiring::Backend,
};
use convene_application::{authentication::LocalOperator, ports::Clock};

/// The arguments of `convene seed`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A file, or a folder with files, in the format of seeds/README.md
    #[arg(value_name = "FILE or folder", default_value = "seeds")]
    path: PathBuf,
}

/// Loads the data and prints for each organization the numbers of created and unchanged items.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    // Problems of the files are reported before the database is opened.
    let seeds = seed::read(&arguments.path)?;
    let plans = seed::plan(&seeds, SystemClock.now())?;
    let config = DatabaseConfig::read(&super::environment())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(load(&plans, &config))
}

async fn load(plans: &[Plan<'_>], config: &DatabaseConfig) -> anyhow::Result<ExitCode> {
    let backend = Backend::open(config).await.context("the demo data were not loaded")?;
    let loaded = load_all(plans, &backend).await;
    backend.close().await;
    loaded
}

async fn load_all(plans: &[Plan<'_>], backend: &Backend) -> anyhow::Result<ExitCode> {
    let local = LocalOperator::new(backend.directory());
    for plan in plans {
        let services = &backend.services;
        let summary = seed::load(&services.use_cases, &local, &*services.clock, plan).await?;
        super::print(&format!("{summary}\n"))?;
    }
    Ok(ExitCode::SUCCESS)
}
