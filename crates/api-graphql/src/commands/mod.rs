//! The commands of `convene`, one file each.

mod allocation;
mod arguments;
mod check;
mod deleted;
mod demo_caller;
mod erase;
mod export;
mod healthcheck;
mod jobs;
mod migrate;
mod open_files;
mod personal_data;
mod schema;
mod seed;
mod serve;
mod token;
mod update_occurrences;
mod version;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::Subcommand;
use convene_api_graphql::{config::Environment, wiring};

/// A command of the program.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve until SIGTERM or Ctrl-C
    Serve(serve::Arguments),
    /// Load demo data: add missing data and leave existing data unchanged
    Seed(seed::Arguments),
    /// Check the invariants of the whole database; fails if one is violated
    Check(check::Arguments),
    /// Create or update the collections, validators and indexes
    Migrate(migrate::Arguments),
    /// After an update of the time-zone database: move stored occurrences, and the seats, to their new times
    UpdateOccurrences(update_occurrences::Arguments),
    /// Issue a token for calls to the server
    Token(token::Arguments),
    /// Print the data that an organization stores about a person, as JSON
    Export(export::Arguments),
    /// Erase the data that an organization stores about a person
    Erase(erase::Arguments),
    /// Print the GraphQL schema
    Schema,
    /// Print the versions of the program and of its time-zone database
    Version,
    /// Check the readiness of the server on this machine, for container engines
    Healthcheck,
}

impl Command {
    /// Runs the command.
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Serve(arguments) => serve::run(&arguments),
            Self::Seed(arguments) => seed::run(&arguments),
            Self::Check(arguments) => check::run(&arguments),
            Self::Migrate(arguments) => migrate::run(&arguments),
            Self::UpdateOccurrences(arguments) => update_occurrences::run(&arguments),
            Self::Token(arguments) => token::run(&arguments),
            Self::Export(arguments) => export::run(&arguments),
            Self::Erase(arguments) => erase::run(&arguments),
            Self::Schema => schema::run(),
            Self::Version => version::run(),
            Self::Healthcheck => healthcheck::run(),
        }
    }
}

/// Reads the environment, and warns of variables that are no settings.
fn environment() -> Environment {
    let environment = Environment::of(std::env::vars_os(), wiring::check_uri);
    print_unknown(&environment);
    environment
}

/// Writes the variables that are probably misspelt settings to standard error: with the default instead of the value that was
/// meant, a command may act on another database.
fn print_unknown(environment: &Environment) {
    for name in environment.unknown() {
        writeln!(io::stderr(), "convene: warning: {name} is not a setting").ok();
    }
}

/// Writes to standard output. A closed pipe, for example of `head`, is not a failure.
fn print(text: &str) -> anyhow::Result<ExitCode> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// Writes an error with its causes to standard error.
pub(crate) fn print_error(error: &anyhow::Error) {
    writeln!(io::stderr(), "convene: {error:#}").ok();
}
