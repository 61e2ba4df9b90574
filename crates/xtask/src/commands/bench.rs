//! `cargo xtask bench`: the benchmarks of the workspace.

use std::process::ExitCode;

use anyhow::{bail, ensure};

use super::mongo::TEST_URI;
use crate::child;
use crate::interrupt::Interrupt;
use crate::mongo::Purpose;
use crate::mongo::temporary::TemporaryReplicaSet;
use crate::output::print_line;
use crate::workspace::{Benchmark, Workspace};

/// The package whose benchmarks need no database.
const PURE: &str = "convene-domain";

/// The arguments of `cargo xtask bench`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The benchmark to run; all of them by default.
    name: Option<String>,
    /// Arguments of the benchmark.
    #[arg(last = true)]
    rest: Vec<String>,
}

/// Runs the benchmarks in sequence, with one MongoDB for those that need it.
pub(crate) fn execute(arguments: &Arguments, interrupt: &Interrupt) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::find()?;
    let chosen = choose(workspace.benchmarks(), arguments.name.as_deref())?;
    let given = std::env::var(TEST_URI).ok();
    let mongo = if given.is_none() && chosen.iter().any(|benchmark| benchmark.package != PURE) {
        Some(TemporaryReplicaSet::start(&workspace, 1, Purpose::Benchmarks, interrupt)?)
    } else {
        None
    };
    if chosen.iter().any(|benchmark| benchmark.package != PURE) {
        // Program and benchmark are built together, so that they share their dependencies.
        let mut build = workspace.cargo();
        build.args(["build", "--release", "--workspace", "--locked", "--bin", "convene"]);
        build.args(chosen.iter().flat_map(|benchmark| ["--bench", &benchmark.name]));
        ensure!(child::run(&mut build, interrupt)?.success(), "the benchmarks do not build");
    }
    for benchmark in chosen {
        print_line(format!("== {}", benchmark.name));
        let mut command = workspace.cargo();
        // The whole workspace, so that no dependency is built twice with different features.
        command
            .args(["bench", "--workspace", "--locked", "--bench", &benchmark.name, "--"])
            .args(&arguments.rest)
            .env("CONVENE_BENCH_BINARY", workspace.convene("release"));
        if let Some(mongo) = &mongo {
            command.env(TEST_URI, mongo.uri());
        }
        let status = child::run(&mut command, interrupt)?;
        ensure!(status.success(), "the benchmark {} failed", benchmark.name);
    }
    Ok(ExitCode::SUCCESS)
}

fn choose(all: Vec<Benchmark>, name: Option<&str>) -> anyhow::Result<Vec<Benchmark>> {
    let names: Vec<_> = all.iter().map(|benchmark| benchmark.name.clone()).collect();
    let chosen: Vec<_> = all.into_iter().filter(|it| name.is_none_or(|name| it.name == name)).collect();
    match name {
        Some(name) if chosen.is_empty() => {
            bail!("there is no benchmark {name}; the benchmarks are: {}", names.join(", "))
        }
        _ => Ok(chosen),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<Benchmark> {
        ["recurrence", "registration"]
            .map(|name| Benchmark { package: "any".to_owned(), name: name.to_owned() })
            .into()
    }

    #[test]
    fn a_name_selects_one_and_no_name_selects_all() {
        assert_eq!(choose(all(), None).unwrap(), all());
        assert_eq!(choose(all(), Some("registration")).unwrap(), all()[1..]);
    }

    #[test]
    fn an_unknown_name_is_refused_with_a_list_of_names() {
        let error = choose(all(), Some("speed")).unwrap_err().to_string();
        assert!(
            error.contains("no benchmark speed") && error.contains("recurrence, registration"),
            "{error}"
        );
    }
}
