//! One member asks for many occurrences of the same hour at once, and can be at one of them.

use anyhow::ensure;

use crate::{
    bare::TransactionCaller,
    contender::{CLASH, Contender, Seat},
    convene::HttpCaller,
    drive::{Measurement, Task, drive, median},
    settings::Settings,
    stage::{Side, Stage},
    table::{self, Row},
};

/// How many occurrences, and how many calls at once.
const OVERLAPPING: usize = 64;
/// How many members do this, one after the other.
const MEMBERS: usize = 20;
const WAYS: [&str; 3] = ["transaction per call", "convene", "convene, two processes"];

/// Runs it.
pub(crate) async fn run(stage: &mut Stage, settings: &Settings) -> anyhow::Result<()> {
    let occurrences = stage.create_events(OVERLAPPING, 1_000, true).await?;
    let members = settings.scaled(MEMBERS).min(stage.cast.population.members.len() / WAYS.len());
    ensure!(members > 0, "there are too few members at this scale");
    let servers = stage.servers();
    let mut rows = Vec::new();
    for (way, name) in WAYS.into_iter().enumerate() {
        let mut measured = Vec::new();
        for member in (0..members).map(|number| number * WAYS.len() + way) {
            let tasks: Vec<Task> = occurrences
                .iter()
                .map(|&occurrence| Task { seat: Seat { member, occurrence }, give_back: false })
                .collect();
            let run = if way == 0 {
                once(stage, TransactionCaller::several(stage, OVERLAPPING), tasks).await?
            } else {
                let servers = if way == 1 { &servers[..1] } else { &servers[..] };
                once(stage, HttpCaller::several(OVERLAPPING, servers).await?, tasks).await?
            };
            stage.expect(if way == 0 { Side::Bare } else { Side::Convene }, &run);
            measured.push(run);
        }
        rows.push(Row { name: name.to_owned(), callers: OVERLAPPING, measurement: median(measured) });
    }
    table::print("One member's 64 overlapping calls", WAYS[0], &rows)
}

/// Of all calls, one must win.
async fn once<C: Contender>(stage: &Stage, callers: Vec<C>, tasks: Vec<Task>) -> anyhow::Result<Measurement> {
    let run = drive(stage, callers, tasks).await?;
    let clashes = run.refused.get(CLASH).copied().unwrap_or_default();
    ensure!(
        (run.registered, clashes) == (1, OVERLAPPING - 1),
        "{} registered, {:?} refused",
        run.registered,
        run.refused
    );
    Ok(run)
}
