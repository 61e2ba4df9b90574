//! Many members, many occurrences: the everyday load, and the price of the rules on it.

use anyhow::ensure;

use crate::{
    bare::{BatchedCaller, InsertCaller, TransactionCaller},
    contender::Seat,
    convene::HttpCaller,
    drive::{Measurement, Task, drive, median},
    settings::Settings,
    stage::{Side, Stage},
    table::{self, Row},
};

/// How many occurrences there are.
const OCCURRENCES: usize = 400;
/// More than ever ask.
const CAPACITY: usize = 1_000_000;
/// How many callers, and how many calls they make together.
const LOADS: [(usize, usize); 3] = [(1, 1_000), (16, 6_000), (64, 12_000)];

/// The names of the rows, in their order.
const WAYS: [&str; 6] = [
    "insertOne",
    "insertOne, all indexes",
    "transaction per call",
    "batches, bare driver",
    "convene",
    "convene, two processes",
];

/// Runs it.
pub(crate) async fn run(stage: &mut Stage, settings: &Settings) -> anyhow::Result<()> {
    let occurrences = stage.create_events(settings.scaled(OCCURRENCES), CAPACITY, false).await?;
    let mut seats = Seats { members: stage.cast.population.members.len(), occurrences, next: 0 };
    let mut rows = Vec::new();
    for (callers, calls) in LOADS {
        let calls = settings.scaled(calls);
        let mut measured: [Vec<Measurement>; WAYS.len()] = Default::default();
        // The ways take turns, so that a machine that grows slower or faster does so for all of them.
        for _ in 0..settings.rounds {
            for (way, measured) in measured.iter_mut().enumerate() {
                let tasks = seats.take(calls)?;
                let run = go(stage, way, callers, tasks).await?;
                ensure!(run.registered == calls, "{}: {:?}", WAYS[way], run.refused);
                measured.push(run);
            }
        }
        for (name, measured) in WAYS.into_iter().zip(measured) {
            rows.push(Row { name: name.to_owned(), callers, measurement: median(measured) });
        }
    }
    table::print("Spread load", WAYS[0], &rows)
}

async fn go(stage: &mut Stage, way: usize, callers: usize, tasks: Vec<Task>) -> anyhow::Result<Measurement> {
    let servers = stage.servers();
    match way {
        0 => drive(stage, InsertCaller::several(stage, callers, false).await?, tasks).await,
        1 => drive(stage, InsertCaller::several(stage, callers, true).await?, tasks).await,
        2 | 3 => {
            let run = if way == 2 {
                drive(stage, TransactionCaller::several(stage, callers), tasks).await?
            } else {
                drive(stage, BatchedCaller::several(stage, callers), tasks).await?
            };
            stage.expect(Side::Bare, &run);
            Ok(run)
        }
        _ => {
            let servers = if way == 4 { &servers[..1] } else { &servers[..] };
            let run = drive(stage, HttpCaller::several(callers, servers).await?, tasks).await?;
            stage.expect(Side::Convene, &run);
            Ok(run)
        }
    }
}

/// Pairs of a member and an occurrence, none of them twice, and neighbours with nothing in common.
struct Seats {
    members: usize,
    occurrences: Vec<usize>,
    next: usize,
}

impl Seats {
    fn take(&mut self, count: usize) -> anyhow::Result<Vec<Task>> {
        // Coprime to the number of occurrences at any scale that is a divisor of 100.
        const STRIDE: usize = 31;
        ensure!(self.next + count <= self.members * self.occurrences.len(), "there are not enough seats");
        let pair = |number: usize| {
            let (member, round) = (number % self.members, number / self.members);
            let occurrence = self.occurrences[(member * STRIDE + round) % self.occurrences.len()];
            Task { seat: Seat { member, occurrence }, give_back: false }
        };
        let tasks = (self.next..self.next + count).map(pair).collect();
        self.next += count;
        Ok(tasks)
    }
}
