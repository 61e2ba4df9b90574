//! `convene`: the server and the commands around it.

mod commands;

use std::process::ExitCode;

use clap::Parser;

use commands::Command;

/// A request makes many small values, and often another thread frees them: this allocator is made for that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
            commands::print_error(&error);
            ExitCode::FAILURE
        }
    }
}
