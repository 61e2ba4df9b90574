//! `convene`: the server and the commands around it.

mod commands;

use std::process::ExitCode;

use clap::Parser;

use commands::Command;

/// Scheduling of events for many organizations, over GraphQL.
#[derive(Debug, Parser)]
#[command(name = "convene", version, disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    match Arguments::parse().command.run() {
        Ok(code) => code,
        Err(error) => {
            commands::complain(&error);
            ExitCode::FAILURE
        }
    }
}
