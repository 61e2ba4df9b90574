use std::{
    io::{self, Write},
    process::ExitCode,
};

use anyhow::Context;
use convene_api_graphql::{config::DatabaseConfig, wiring::RealignmentCommand};
use convene_application::{
    event::Realigned,
    failure::{Failure, Refusal},
};
use convene_domain::time::zone;

/// The long help of `convene update-occurrences`.
const HELP: &str = "\
An occurrence with registrations, or with values of its own, is stored with its times. A release with a new time-zone
database can give its date other times. This command moves such occurrences of all organizations, with the registrations
for them, the events of an organization together. Run it after all servers were replaced. They can go on serving meanwhile.

An event stays as it is if a member would lose a seat, because the member has another one at the new time, or because the
date has been registered for at both times. It is printed with the reason, and the command fails: an organizer decides about
the registrations with updateEvent, which docs/time-zones.md describes with the other reasons. Repeat the command at any time;
it moves what is left. A dry run tries events that are refused together once more alone; the command may move more of them.";

/// The arguments of `convene update-occurrences`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = HELP)]
pub(crate) struct Arguments {
    /// Print what would be moved, and change nothing
    #[arg(long)]
    dry_run: bool,
}

/// Moves the occurrences, and prints a line for events that move together and each event that is left, and the numbers.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let config = DatabaseConfig::read(&super::environment())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut counts = Counts::default();
    runtime.block_on(async {
        let command = RealignmentCommand::open(&config).await?;
        let each = |realigned| write_line(&counts.add(realigned, arguments.dry_run));
        let outcome = command.realign.execute(&command.operator, arguments.dry_run, each).await;
        command.close().await;
        outcome.context("not all events were examined; run the command again")
    })?;
    super::print(&counts.line(arguments.dry_run))?;
    Ok(if counts.left == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Writes a line to standard output at once. A pipe that was closed does not end the work.
fn write_line(line: &str) {
    writeln!(io::stdout(), "{line}").ok();
}

/// The numbers of events and registrations.
#[derive(Default)]
struct Counts {
    moved: u64,
    registrations: u64,
    left: u64,
}

impl Counts {
    /// Counts events. Returns their line.
    fn add(&mut self, realigned: Realigned, is_dry_run: bool) -> String {
        let Realigned { organization, events, moved_registrations } = realigned;
        let number = events.len() as u64;
        match moved_registrations {
            Ok(moved) => {
                self.moved += number;
                self.registrations += u64::from(moved);
                let done = if is_dry_run { "would move" } else { "moved" };
                let (events, registrations) =
                    (count(number, "event"), count(u64::from(moved), "registration"));
                format!("{done} {events} of {organization}: {registrations}")
            }
            Err(failure) => {
                self.left += number;
                let events: Vec<String> = events.iter().map(ToString::to_string).collect();
                format!("LEFT {} of {organization}: {}", events.join(", "), reason(failure))
            }
        }
    }

    fn line(&self, is_dry_run: bool) -> String {
        let version = zone::database_version();
        if self.moved + self.left == 0 {
            return format!("all stored occurrences have the times of the time-zone database {version}\n");
        }
        let done = if is_dry_run { "would be moved" } else { "moved" };
        let moved = count(self.moved, "event");
        let registrations = count(self.registrations, "registration");
        let left = count(self.left, "event");
        format!(
            "time-zone database {version}: {moved} {done} with {registrations}, {left} left as they are\n"
        )
    }
}

/// The reason for which an event is left as it is.
fn reason(failure: Failure) -> String {
    match failure {
        Failure::Refused(refusals) => refusals.iter().map(refusal).collect::<Vec<_>>().join("; "),
        Failure::Fault(fault) => format!("{:#}", anyhow::Error::from(fault)),
    }
}

/// A refusal, with the ids of the first registrations that the change would affect.
fn refusal(refusal: &Refusal) -> String {
    let code = refusal.code().as_str();
    match refusal {
        Refusal::RegistrationsAffected { registrations, .. } => {
            let ids: Vec<String> = registrations.iter().map(|one| one.id.to_string()).collect();
            format!("{code}: {refusal} ({})", ids.join(", "))
        }
        other => format!("{code}: {other}"),
    }
}

fn count(number: u64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
