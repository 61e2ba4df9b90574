use std::process::ExitCode;

use convene_api_graphql::{
    config::{DatabaseConfig, Environment},
    wiring,
};

/// The arguments of `convene check`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Prints for each invariant the number of examined documents and the violations.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let config = DatabaseConfig::read(&Environment::of_process())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let report = runtime.block_on(wiring::check(&config))?;
    let text = if arguments.json {
        format!("{}\n", serde_json::to_string_pretty(&report)?)
    } else {
        report.to_string()
    };
    super::print(&text)?;
    Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
