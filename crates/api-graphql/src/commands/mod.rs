//! The commands of `convene`, one file each.

mod check;
mod erase;
mod export;
mod healthcheck;
mod migrate;
mod personal_data;
mod schema;
mod seed;
mod serve;
mod token;
mod version;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::Subcommand;

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve until SIGTERM or Ctrl-C
    Serve(serve::Arguments),
    /// Load demo data: what is missing is added, what is there is left alone
    Seed(seed::Arguments),
    /// Check everything that must hold over the whole database; fails if anything does not
    Check(check::Arguments),
    /// Make the collections, their validators and indexes, or bring them up to date
    Migrate,
    /// Mint a token to call the server with
    Token(token::Arguments),
    /// Print everything that an organization holds about a person, as JSON
    Export(export::Arguments),
    /// Erase what an organization knows of a person
    Erase(erase::Arguments),
    /// Print the GraphQL schema
    Schema,
    /// Print the version of the program and of the time-zone database within it
    Version,
    /// Ask the server on this machine whether it can serve: for container engines
    Healthcheck,
}

impl Command {
    /// Does it.
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Serve(arguments) => serve::run(&arguments),
            Self::Seed(arguments) => seed::run(&arguments),
            Self::Check(arguments) => check::run(&arguments),
            Self::Migrate => migrate::run(),
            Self::Token(arguments) => token::run(&arguments),
            Self::Export(arguments) => export::run(&arguments),
            Self::Erase(arguments) => erase::run(&arguments),
            Self::Schema => schema::run(),
            Self::Version => version::run(),
            Self::Healthcheck => healthcheck::run(),
        }
    }
}

/// Writes to standard output. A reader that has gone, such as `head`, is no failure.
fn say(text: &str) -> anyhow::Result<ExitCode> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// Writes an error with its causes to standard error. Nothing can be done where not even that is possible.
pub(crate) fn complain(error: &anyhow::Error) {
    writeln!(io::stderr(), "convene: {error:#}").ok();
}
