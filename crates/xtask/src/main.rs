//! One command for each job around Convene: run it, test it, measure it.
//!
//! `cargo xtask --help` lists the commands; each has its file under `commands/`. Everything that a command
//! needs beyond Rust and Python is found or fetched by `mongo/`.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::interrupt::{Interrupt, Interrupted};

mod child;
mod commands;
mod interrupt;
mod mongo;
mod output;
mod workspace;

/// One command for each job around Convene.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve Convene on this machine, with a MongoDB and demo data; Ctrl-C stops all of it.
    Run(commands::run::Arguments),
    /// Check everything that CI checks, on a real MongoDB.
    Test(commands::test::Arguments),
    /// Run the benchmarks: all of them, or one by its name.
    Bench(commands::bench::Arguments),
    /// Write docs/schema.graphql, the GraphQL schema that the code serves.
    Schema(commands::schema::Arguments),
    /// Keep a throwaway MongoDB up for tests that are run by hand, until Ctrl-C.
    Mongo(commands::mongo::Arguments),
    /// Break a replica set of three members under load, and check that no acknowledged change is lost.
    Faults(commands::faults::Arguments),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = Interrupt::install().and_then(|interrupt| match arguments.command {
        Command::Run(arguments) => commands::run::execute(&arguments, &interrupt),
        Command::Test(arguments) => commands::test::execute(&arguments, &interrupt),
        Command::Bench(arguments) => commands::bench::execute(&arguments, &interrupt),
        Command::Schema(arguments) => commands::schema::execute(&arguments, &interrupt),
        Command::Mongo(arguments) => commands::mongo::execute(&arguments, &interrupt),
        Command::Faults(arguments) => commands::faults::execute(&arguments, &interrupt),
    });
    outcome.unwrap_or_else(|error| {
        if let Some(interrupted) = error.downcast_ref::<Interrupted>() {
            return interrupted.exit_code();
        }
        output::complain(format_args!("error: {error:#}"));
        ExitCode::FAILURE
    })
}
