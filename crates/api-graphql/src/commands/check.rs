use std::{
    fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use convene_api_graphql::{
    config::DatabaseConfig,
    system,
    wiring::{self, Report},
};

/// The arguments of `convene check`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Also write the time, the number of violations, and whether `convene update-occurrences` is due to this file, as metrics for Prometheus
    #[arg(long, value_name = "FILE")]
    metrics: Option<PathBuf>,
}

/// Prints for each invariant the number of examined documents and the violations. An update that is due is none.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let config = DatabaseConfig::read(&super::environment())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let report = runtime.block_on(wiring::check(&config))?;
    if let Some(file) = &arguments.metrics {
        let metrics = metrics(&report, system::unix_time());
        replace(file, &metrics).with_context(|| format!("cannot write {}", file.display()))?;
    }
    let text = if arguments.json {
        format!("{}\n", serde_json::to_string_pretty(&report)?)
    } else {
        report.to_string()
    };
    super::print(&text)?;
    Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The metrics of a check, in the text format of Prometheus.
fn metrics(report: &Report, finished: i64) -> String {
    let violations = report.violations();
    let update_due = u8::from(report.update_due.is_some());
    format!(
        "# HELP convene_check_finished_timestamp_seconds Time at which `convene check` has finished\n\
         # TYPE convene_check_finished_timestamp_seconds gauge\n\
         convene_check_finished_timestamp_seconds {finished}\n\
         # HELP convene_check_violations Violations that it found\n\
         # TYPE convene_check_violations gauge\n\
         convene_check_violations {violations}\n\
         # HELP convene_check_update_due 1 if `convene update-occurrences` is due\n\
         # TYPE convene_check_update_due gauge\n\
         convene_check_update_due {update_due}\n"
    )
}

/// Replaces a file as a whole, so that nobody reads a part of it.
fn replace(file: &Path, text: &str) -> io::Result<()> {
    let mut new = file.as_os_str().to_owned();
    new.push(".new");
    fs::write(&new, text)?;
    fs::rename(&new, file)
}
