//! What is checked, in which order, and how.

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
use crate::mongo::scratch::Throwaway;
use crate::output::say;
use crate::workspace::Workspace;

/// A check. They are taken in this order: what fails quickly comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Step {
    /// The code is formatted.
    Format,
    /// MongoDB can be found or fetched, and starts.
    Mongodb,
    /// Clippy has nothing to say.
    Clippy,
    /// Programs, tests and examples build.
    Build,
    /// The tests pass.
    Tests,
    /// The examples in the documentation pass.
    Doctests,
    /// docs/schema.graphql is what the code serves.
    Schema,
    /// The documentation builds without a warning.
    Docs,
    /// Dependencies are allowed: licences, sources, bans.
    Deny,
}

/// How a step went that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Passed,
    Skipped(&'static str),
}

/// What the steps share.
pub(super) struct Surroundings<'run> {
    workspace: &'run Workspace,
    filter: &'run [String],
    interrupt: &'run Interrupt,
    mongo: Option<Throwaway>,
    counts: Counts,
}

impl Step {
    /// Its name in headings and on the command line.
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
        }
    }
}

impl<'run> Surroundings<'run> {
    /// Nothing is started yet.
    pub(super) fn new(
        workspace: &'run Workspace,
        filter: &'run [String],
        interrupt: &'run Interrupt,
    ) -> Self {
        Self { workspace, filter, interrupt, mongo: None, counts: Counts::default() }
    }

    /// The tests that have run.
    pub(super) fn counts(&self) -> Counts {
        self.counts
    }

    /// Takes one step.
    ///
    /// All cargo calls are on the whole workspace and on the profile `dev`, so that each dependency is built
    /// once, with one set of features.
    pub(super) fn take(&mut self, step: Step) -> anyhow::Result<Outcome> {
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
        }
    }

    /// Starts the one MongoDB of all tests, unless the caller has brought one.
    fn start_mongo(&mut self) -> anyhow::Result<Outcome> {
        if let Ok(uri) = std::env::var(TEST_URI) {
            check_replica_set(&uri).with_context(|| format!("{TEST_URI} is of no use"))?;
            return Ok(Outcome::Skipped("CONVENE_TEST_MONGODB_URI is set"));
        }
        if self.mongo.is_none() {
            let mongo = Throwaway::start(self.workspace, 1, Purpose::Tests, self.interrupt)?;
            say(mongo.uri());
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
        // The numbers of an earlier run must not pass for those of this one.
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

    /// Runs tests with cargo's own harness, and counts them by its result lines.
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
        verdict(&command, status)
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
        verdict(command, status)
    }
}

fn verdict(command: &Command, status: std::process::ExitStatus) -> anyhow::Result<Outcome> {
    if status.success() {
        return Ok(Outcome::Passed);
    }
    let arguments: Vec<_> = command.get_args().map(|argument| argument.to_string_lossy()).collect();
    bail!("`cargo {}`: {status}", arguments.join(" "))
}
