//! One member requests many overlapping occurrences concurrently and gets one of them.

use anyhow::ensure;

use crate::{
    bare::TransactionCaller,
    caller::{CONFLICT, Caller, Seat},
    convene::HttpCaller,
    drive::{Measurement, Task, drive, median},
    fixture::{Fixture, Side},
    settings::Settings,
    table::{self, Row},
};

/// The number of occurrences and of concurrent calls.
const OVERLAPPING: usize = 64;
/// The number of members, who run one after the other.
const MEMBERS: usize = 20;
const VARIANTS: [&str; 3] = ["transaction per call", "convene", "convene, two processes"];

pub(crate) async fn run(fixture: &mut Fixture, settings: &Settings) -> anyhow::Result<()> {
    let occurrences = fixture.create_events(OVERLAPPING, 1_000, true).await?;
    let members = settings.scaled(MEMBERS).min(fixture.data.population.members.len() / VARIANTS.len());
    ensure!(members > 0, "there are too few members at this scale");
    let servers = fixture.servers();
    let mut rows = Vec::new();
    for (variant, name) in VARIANTS.into_iter().enumerate() {
        let mut measured = Vec::new();
        for member in (0..members).map(|number| number * VARIANTS.len() + variant) {
            let tasks: Vec<Task> = occurrences
                .iter()
                .map(|&occurrence| Task { seat: Seat { member, occurrence }, then_cancel: false })
                .collect();
            let run = if variant == 0 {
                run_once(fixture, TransactionCaller::several(fixture, OVERLAPPING), tasks).await?
            } else {
                let servers = if variant == 1 { &servers[..1] } else { &servers[..] };
                run_once(fixture, HttpCaller::several(OVERLAPPING, servers).await?, tasks).await?
            };
            fixture.expect(if variant == 0 { Side::Bare } else { Side::Convene }, &run);
            measured.push(run);
        }
        rows.push(Row { name: name.to_owned(), callers: OVERLAPPING, measurement: median(measured) });
    }
    table::print("One member's 64 overlapping calls", VARIANTS[0], &rows)
}

/// Exactly one call must succeed.
async fn run_once<C: Caller>(
    fixture: &Fixture,
    callers: Vec<C>,
    tasks: Vec<Task>,
) -> anyhow::Result<Measurement> {
    let run = drive(fixture, callers, tasks).await?;
    let conflicts = run.refused.get(CONFLICT).copied().unwrap_or_default();
    ensure!(
        (run.registered, conflicts) == (1, OVERLAPPING - 1),
        "{} registered, {:?} refused",
        run.registered,
        run.refused
    );
    Ok(run)
}
