//! `cargo xtask test`: the checks of CI that need only Rust, Python and MongoDB.

use std::process::ExitCode;
use std::time::Instant;

use clap::ValueEnum;

use crate::interrupt::{Interrupt, Interrupted};
use crate::output::{print_error, print_line};
use crate::workspace::Workspace;
use report::Report;
use steps::{Runner, Step};

mod counts;
mod report;
mod steps;

/// The arguments of `cargo xtask test`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Run only this step; may be repeated.
    #[arg(long, value_enum)]
    only: Vec<Step>,
    /// Arguments of the test runner, such as a part of a test's name.
    #[arg(last = true)]
    filter: Vec<String>,
}

/// Runs the steps in order until the first failure.
pub(crate) fn execute(arguments: &Arguments, interrupt: &Interrupt) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::find()?;
    let mut runner = Runner::new(&workspace, &arguments.filter, interrupt);
    let mut report = Report::default();
    let mut failure = None;
    for step in Step::value_variants() {
        if !arguments.only.is_empty() && !arguments.only.contains(step) {
            continue;
        }
        print_line(format!("\n== {}", step.title()));
        let start = Instant::now();
        let outcome = runner.run_step(*step);
        if outcome.as_ref().is_err_and(anyhow::Error::is::<Interrupted>) {
            return outcome.map(|_| ExitCode::FAILURE);
        }
        report.add(*step, &outcome, start.elapsed());
        if let Err(error) = outcome {
            failure = Some(error.context(format!("{} failed", step.title())));
            break;
        }
    }
    let counts = runner.counts();
    // Stops MongoDB before the report is printed.
    drop(runner);
    print_line(format!("\n{report}"));
    if let Some(error) = &failure {
        print_error(format_args!("{error:#}"));
    }
    print_line(counts);
    Ok(if failure.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
