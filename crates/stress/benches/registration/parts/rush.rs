//! All members request the same occurrence concurrently, and a tenth of them gets a seat.

use anyhow::ensure;

use crate::{
    bare::{BatchedCaller, TransactionCaller},
    caller::{FULL, Seat},
    convene::HttpCaller,
    drive::{Measurement, Task, drive, median},
    fixture::{Fixture, Side},
    settings::Settings,
    table::{self, Row},
};

const SEATS: usize = 500;
const CALLERS: [usize; 2] = [64, 256];
const VARIANTS: [&str; 4] =
    ["transaction per call", "batches, bare driver", "convene", "convene, two processes"];

pub(crate) async fn run(fixture: &mut Fixture, settings: &Settings) -> anyhow::Result<()> {
    let mut rows = Vec::new();
    for callers in CALLERS {
        for (variant, name) in VARIANTS.into_iter().enumerate() {
            // This variant takes a minute and varies little.
            let rounds = if variant == 0 { 1 } else { settings.rounds };
            let mut measured = Vec::new();
            for _ in 0..rounds {
                measured.push(rush(fixture, variant, callers, settings.scaled(SEATS)).await?);
            }
            rows.push(Row { name: name.to_owned(), callers, measurement: median(measured) });
        }
    }
    table::print("A rush: ten members for each seat of one occurrence", VARIANTS[0], &rows)
}

async fn rush(
    fixture: &mut Fixture,
    variant: usize,
    callers: usize,
    seats: usize,
) -> anyhow::Result<Measurement> {
    let occurrence = fixture.create_events(1, seats, false).await?[0];
    let wanted: Vec<Seat> =
        (0..fixture.data.population.members.len()).map(|member| Seat { member, occurrence }).collect();
    let tasks: Vec<Task> = wanted.iter().map(|&seat| Task { seat, then_cancel: false }).collect();
    let servers = fixture.servers();
    let (side, run) = match variant {
        0 => (Side::Bare, drive(fixture, TransactionCaller::several(fixture, callers), tasks).await?),
        1 => (Side::Bare, drive(fixture, BatchedCaller::several(fixture, callers), tasks).await?),
        _ => {
            let servers = if variant == 2 { &servers[..1] } else { &servers[..] };
            (Side::Convene, drive(fixture, HttpCaller::several(callers, servers).await?, tasks).await?)
        }
    };
    fixture.expect(side, &run);
    let full = run.refused.get(FULL).copied().unwrap_or_default();
    ensure!(
        run.registered == seats && run.registered + full == wanted.len(),
        "{}: {} registered, {:?} refused",
        VARIANTS[variant],
        run.registered,
        run.refused
    );
    ensure!(
        usize::try_from(fixture.taken(side, &wanted).await?)? == seats,
        "{}: not {seats} are stored",
        VARIANTS[variant]
    );
    Ok(run)
}
