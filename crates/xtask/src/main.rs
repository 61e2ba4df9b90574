//! Development tasks: run, test and measure Convene.
//!
//! `cargo xtask --help` lists the commands. Each has a file under `commands/`. `mongo/` finds or downloads MongoDB.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::interrupt::{Interrupt, Interrupted};

mod child;
mod commands;
mod interrupt;
mod mongo;
mod output;
mod workspace;

/// Development tasks of Convene.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve Convene with MongoDB and demo data until Ctrl-C.
    Run(commands::run::Arguments),
    /// Run the checks of CI that need only Rust, Python and MongoDB.
    Test(commands::test::Arguments),
    /// Run all benchmarks, or one.
    Bench(commands::bench::Arguments),
    /// Write the GraphQL schema to docs/schema.graphql.
    Schema(commands::schema::Arguments),
    /// Run a temporary MongoDB for tests until Ctrl-C.
    Mongo(commands::mongo::Arguments),
    /// Inject faults into a replica set of three members under load, and check that no acknowledged change is lost.
    Faults(commands::faults::Arguments),
    /// Run the tools and libraries of clients against the program. Needs Node.js; Python and Chromium are optional.
    Clients(commands::clients::Arguments),
    /// Search for the requests of a member that cost a server most, while another organization is served.
    Fuzz(commands::fuzz::Arguments),
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
        Command::Clients(arguments) => commands::clients::execute(&arguments, &interrupt),
        Command::Fuzz(arguments) => commands::fuzz::execute(&arguments, &interrupt),
    });
    outcome.unwrap_or_else(|error| {
        if let Some(interrupted) = error.downcast_ref::<Interrupted>() {
            return interrupted.exit_code();
        }
        output::print_error(format_args!("error: {error:#}"));
        ExitCode::FAILURE
    })
}
