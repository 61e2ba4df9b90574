//! `cargo xtask test`: everything that CI checks, in one command.

use std::process::ExitCode;
use std::time::Instant;

use clap::ValueEnum;

use crate::interrupt::{Interrupt, Interrupted};
use crate::output::{complain, say};
use crate::workspace::Workspace;
use report::Report;
use steps::{Step, Surroundings};

mod counts;
mod report;
mod steps;

/// What `cargo xtask test` takes.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Check only this; may be given several times.
    #[arg(long, value_enum)]
    only: Vec<Step>,
    /// What to hand on to the test runner, such as a part of a test's name.
    #[arg(last = true)]
    filter: Vec<String>,
}

/// Takes the steps in their order up to the first that fails.
pub(crate) fn execute(arguments: &Arguments, interrupt: &Interrupt) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::find()?;
    let mut surroundings = Surroundings::new(&workspace, &arguments.filter, interrupt);
    let mut report = Report::default();
    let mut failure = None;
    for step in Step::value_variants() {
        if !arguments.only.is_empty() && !arguments.only.contains(step) {
            continue;
        }
        say(format!("\n== {}", step.title()));
        let start = Instant::now();
        let outcome = surroundings.take(*step);
        if outcome.as_ref().is_err_and(anyhow::Error::is::<Interrupted>) {
            return outcome.map(|_| ExitCode::FAILURE);
        }
        report.add(*step, &outcome, start.elapsed());
        if let Err(error) = outcome {
            failure = Some(error.context(format!("{} failed", step.title())));
            break;
        }
    }
    let counts = surroundings.counts();
    // Stops MongoDB before the last words.
    drop(surroundings);
    say(format!("\n{report}"));
    if let Some(error) = &failure {
        complain(format_args!("{error:#}"));
    }
    say(counts);
    Ok(if failure.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
