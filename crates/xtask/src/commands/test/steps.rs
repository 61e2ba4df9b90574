//! The steps of `cargo xtask test`.

use std::fs;
use std::process::Command;

use anyhow::{Context, bail};
use clap::ValueEnum;

use super::counts::Counts;
use crate::child;
use crate::commands::mongo::TEST_URI;
use crate::commands::schema;
use crate::interrupt::Interrupt;
use crate::mongo::Purpose;
use crate::mongo::check_replica_set;
use crate::mongo::temporary::TemporaryReplicaSet;
use crate::output::print_line;
use crate::workspace::Workspace;

/// A step. The steps run in this order; fast ones come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Step {
    /// The code is formatted.
    Format,
    /// MongoDB is found or downloaded, and starts.
    Mongodb,
    /// Clippy reports nothing.
    Clippy,
    /// Programs, tests and examples build.
    Build,
    /// The tests pass.
    Tests,
    /// The examples in the documentation pass.
    Doctests,
    /// docs/schema.graphql equals the schema of the code.
    Schema,
    /// The documentation builds without a warning.
    Docs,
    /// The licences and sources of the dependencies are allowed.
    Deny,
    /// No dependency is unused.
    Machete,
}

/// The outcome of a step that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Passed,
    Skipped(&'static str),
}

/// Runs steps; contains what they share.
pub(super) struct Runner<'run> {
    workspace: &'run Workspace,
    filter: &'run [String],
    interrupt: &'run Interrupt,
    mongo: Option<TemporaryReplicaSet>,
    counts: Counts,
}

impl Step {
    /// The name in headings and on the command line.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Format => "format",
            Self::Mongodb => "mongodb",
            Self::Clippy => "clippy",
            Self::Build => "build",
            Self::Tests => "tests",
            Self::Doctests => "doctests",
            Self::Schema => "schema",
            Self::Docs => "docs",
            Self::Deny => "deny",
            Self::Machete => "machete",
        }
    }
}

impl<'run> Runner<'run> {
    pub(super) fn new(
        workspace: &'run Workspace,
        filter: &'run [String],
        interrupt: &'run Interrupt,
    ) -> Self {
        Self { workspace, filter, interrupt, mongo: None, counts: Counts::default() }
    }

    /// The tests that have run so far.
    pub(super) fn counts(&self) -> Counts {
        self.counts
    }

    /// Runs one step.
    ///
    /// All cargo calls use the whole workspace and the profile `dev`, so that each dependency is built once, with
    /// one set of features.
    pub(super) fn run_step(&mut self, step: Step) -> anyhow::Result<Outcome> {
        match step {
            Step::Format => self.cargo("fmt --all --check"),
            Step::Mongodb => self.start_mongo(),
            Step::Clippy => self.cargo("clippy --workspace --all-targets --locked -- -D warnings"),
            Step::Build => self.cargo("build --workspace --bins --tests --examples --locked"),
            Step::Tests => self.tests(),
            Step::Doctests => self.harness("test --workspace --doc --locked", &[]),
            Step::Schema => schema::check(self.workspace).map(|()| Outcome::Passed),
            Step::Docs => {
                let mut command = self.command("doc --workspace --no-deps --locked");
                self.run(command.env("RUSTDOCFLAGS", "-D warnings"))
            }
            Step::Deny if self.workspace.has_subcommand("deny") => {
                self.cargo("deny --locked check bans licenses sources")
            }
            Step::Deny => Ok(Outcome::Skipped("cargo-deny is not installed")),
            Step::Machete if self.workspace.has_subcommand("machete") => self.cargo("machete"),
            Step::Machete => Ok(Outcome::Skipped("cargo-machete is not installed")),
        }
    }

    /// Starts the MongoDB of all tests, unless an external one is set.
    fn start_mongo(&mut self) -> anyhow::Result<Outcome> {
        if let Ok(uri) = std::env::var(TEST_URI) {
            check_replica_set(&uri).with_context(|| format!("{TEST_URI} is not usable"))?;
            return Ok(Outcome::Skipped("CONVENE_TEST_MONGODB_URI is set"));
        }
        if self.mongo.is_none() {
            let mongo = TemporaryReplicaSet::start(self.workspace, 1, Purpose::Tests, self.interrupt)?;
            print_line(mongo.uri());
            self.mongo = Some(mongo);
        }
        Ok(Outcome::Passed)
    }

    fn tests(&mut self) -> anyhow::Result<Outcome> {
        self.start_mongo()?;
        if !self.workspace.has_subcommand("nextest") {
            return self.harness("test --workspace --lib --bins --tests --examples --locked", self.filter);
        }
        let report = self.workspace.target().join("nextest/default/junit.xml");
        // A report of an earlier run must not be counted.
        if report.exists() {
            fs::remove_file(&report)?;
        }
        let mut command = self.command("nextest run --workspace --locked");
        let outcome = self.run(command.args(self.filter));
        let counts = fs::read_to_string(&report).ok().and_then(|report| Counts::from_junit(&report));
        self.counts += counts.unwrap_or_default();
        if let Some(mongo) = &mut self.mongo {
            mongo.set().check_running()?;
        }
        outcome
    }

    /// Runs tests with `cargo test` and counts them by its result lines.
    fn harness(&mut self, arguments: &str, filter: &[String]) -> anyhow::Result<Outcome> {
        let mut command = self.command(arguments);
        command.arg("--no-fail-fast");
        if !filter.is_empty() {
            command.arg("--").args(filter);
        }
        let counts = &mut self.counts;
        let status = child::run_reading(&mut command, self.interrupt, |line| {
            *counts += Counts::from_result_line(line).unwrap_or_default();
        })?;
        step_outcome(&command, status)
    }

    fn cargo(&self, arguments: &str) -> anyhow::Result<Outcome> {
        self.run(&mut self.command(arguments))
    }

    fn command(&self, arguments: &str) -> Command {
        let mut command = self.workspace.cargo();
        command.args(arguments.split(' '));
        if let Some(mongo) = &self.mongo {
            command.env(TEST_URI, mongo.uri());
        }
        command
    }

    fn run(&self, command: &mut Command) -> anyhow::Result<Outcome> {
        let status = child::run(command, self.interrupt)?;
        step_outcome(command, status)
    }
}

fn step_outcome(command: &Command, status: std::process::ExitStatus) -> anyhow::Result<Outcome> {
    if status.success() {
        return Ok(Outcome::Passed);
    }
    let arguments: Vec<_> = command.get_args().map(|argument| argument.to_string_lossy()).collect();
    bail!("`cargo {}`: {status}", arguments.join(" "))
}
