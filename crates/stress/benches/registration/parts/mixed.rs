//! Members register, and every second one cancels at once.

use anyhow::ensure;

use crate::{
    bare::TransactionCaller,
    contender::Seat,
    convene::HttpCaller,
    drive::{Task, drive, median},
    settings::Settings,
    stage::{Side, Stage},
    table::{self, Row},
};

const CALLERS: usize = 64;
const OCCURRENCES: usize = 50;
const REGISTRATIONS: usize = 6_000;
const WAYS: [&str; 3] = ["transaction per call", "convene", "convene, two processes"];

/// Runs it.
pub(crate) async fn run(stage: &mut Stage, settings: &Settings) -> anyhow::Result<()> {
    let members = stage.cast.population.members.len();
    let servers = stage.servers();
    let mut rows = Vec::new();
    let mut measured = [const { Vec::new() }; WAYS.len()];
    for _ in 0..settings.rounds {
        for (way, measured) in measured.iter_mut().enumerate() {
            let occurrences = stage.create_events(settings.scaled(OCCURRENCES), 1_000_000, false).await?;
            let count = settings.scaled(REGISTRATIONS).min(members * occurrences.len());
            let tasks: Vec<Task> = (0..count)
                .map(|number| {
                    let occurrence = occurrences[(number + number / members) % occurrences.len()];
                    Task { seat: Seat { member: number % members, occurrence }, give_back: number % 2 == 1 }
                })
                .collect();
            let run = if way == 0 {
                drive(stage, TransactionCaller::several(stage, CALLERS), tasks).await?
            } else {
                let servers = if way == 1 { &servers[..1] } else { &servers[..] };
                drive(stage, HttpCaller::several(CALLERS, servers).await?, tasks).await?
            };
            ensure!(
                (run.registered, run.cancelled) == (count, count / 2),
                "{}: {} registered, {} cancelled, {:?} refused",
                WAYS[way],
                run.registered,
                run.cancelled,
                run.refused
            );
            stage.expect(if way == 0 { Side::Bare } else { Side::Convene }, &run);
            measured.push(run);
        }
    }
    for (name, measured) in WAYS.into_iter().zip(measured) {
        rows.push(Row { name: name.to_owned(), callers: CALLERS, measurement: median(measured) });
    }
    table::print("Registrations, every second one cancelled at once", WAYS[0], &rows)
}
