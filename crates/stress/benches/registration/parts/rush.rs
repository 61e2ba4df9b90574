//! Everybody wants the same occurrence in the same second, and a tenth of them can have it.

use anyhow::ensure;

use crate::{
    bare::{BatchedCaller, TransactionCaller},
    contender::{FULL, Seat},
    convene::HttpCaller,
    drive::{Measurement, Task, drive, median},
    settings::Settings,
    stage::{Side, Stage},
    table::{self, Row},
};

/// Ten members for each seat.
const SEATS: usize = 500;
const CALLERS: [usize; 2] = [64, 256];
const WAYS: [&str; 4] = ["transaction per call", "batches, bare driver", "convene", "convene, two processes"];

/// Runs it.
pub(crate) async fn run(stage: &mut Stage, settings: &Settings) -> anyhow::Result<()> {
    let mut rows = Vec::new();
    for callers in CALLERS {
        for (way, name) in WAYS.into_iter().enumerate() {
            // What takes a minute does not vary by much.
            let rounds = if way == 0 { 1 } else { settings.rounds };
            let mut measured = Vec::new();
            for _ in 0..rounds {
                measured.push(rush(stage, way, callers, settings.scaled(SEATS)).await?);
            }
            rows.push(Row { name: name.to_owned(), callers, measurement: median(measured) });
        }
    }
    table::print("A rush: ten members for each seat of one occurrence", WAYS[0], &rows)
}

async fn rush(stage: &mut Stage, way: usize, callers: usize, seats: usize) -> anyhow::Result<Measurement> {
    let occurrence = stage.create_events(1, seats, false).await?[0];
    let wanted: Vec<Seat> =
        (0..stage.cast.population.members.len()).map(|member| Seat { member, occurrence }).collect();
    let tasks: Vec<Task> = wanted.iter().map(|&seat| Task { seat, give_back: false }).collect();
    let servers = stage.servers();
    let (side, run) = match way {
        0 => (Side::Bare, drive(stage, TransactionCaller::several(stage, callers), tasks).await?),
        1 => (Side::Bare, drive(stage, BatchedCaller::several(stage, callers), tasks).await?),
        _ => {
            let servers = if way == 2 { &servers[..1] } else { &servers[..] };
            (Side::Convene, drive(stage, HttpCaller::several(callers, servers).await?, tasks).await?)
        }
    };
    stage.expect(side, &run);
    let full = run.refused.get(FULL).copied().unwrap_or_default();
    ensure!(
        run.registered == seats && run.registered + full == wanted.len(),
        "{}: {} registered, {:?} refused",
        WAYS[way],
        run.registered,
        run.refused
    );
    ensure!(
        usize::try_from(stage.taken(side, &wanted).await?)? == seats,
        "{}: not {seats} are stored",
        WAYS[way]
    );
    Ok(run)
}
