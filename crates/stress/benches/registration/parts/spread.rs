//! Many members and many occurrences: the everyday load without contention.

use anyhow::ensure;

use crate::{
    bare::{BatchedCaller, InsertCaller, TransactionCaller},
    caller::Seat,
    convene::HttpCaller,
    drive::{Measurement, Task, drive, median},
    fixture::{Fixture, Side},
    settings::Settings,
    table::{self, Row},
};

const OCCURRENCES: usize = 400;
/// More than the number of requests.
const CAPACITY: usize = 1_000_000;
/// The number of callers and of calls.
const LOADS: [(usize, usize); 3] = [(1, 1_000), (16, 6_000), (64, 12_000)];

/// The names of the rows.
const VARIANTS: [&str; 6] = [
    "insertOne",
    "insertOne, all indexes",
    "transaction per call",
    "batches, bare driver",
    "convene",
    "convene, two processes",
];

pub(crate) async fn run(fixture: &mut Fixture, settings: &Settings) -> anyhow::Result<()> {
    let occurrences = fixture.create_events(settings.scaled(OCCURRENCES), CAPACITY, false).await?;
    let mut seats = Seats { members: fixture.data.population.members.len(), occurrences, next: 0 };
    let mut rows = Vec::new();
    for (callers, calls) in LOADS {
        let calls = settings.scaled(calls);
        let mut measured: [Vec<Measurement>; VARIANTS.len()] = Default::default();
        // The variants alternate, so that a change of the machine's speed affects all of them.
        for _ in 0..settings.rounds {
            for (variant, measured) in measured.iter_mut().enumerate() {
                let tasks = seats.take(calls)?;
                let run = run_variant(fixture, variant, callers, tasks).await?;
                ensure!(run.registered == calls, "{}: {:?}", VARIANTS[variant], run.refused);
                measured.push(run);
            }
        }
        for (name, measured) in VARIANTS.into_iter().zip(measured) {
            rows.push(Row { name: name.to_owned(), callers, measurement: median(measured) });
        }
    }
    table::print("Spread load", VARIANTS[0], &rows)
}

async fn run_variant(
    fixture: &mut Fixture,
    variant: usize,
    callers: usize,
    tasks: Vec<Task>,
) -> anyhow::Result<Measurement> {
    let servers = fixture.servers();
    match variant {
        0 => drive(fixture, InsertCaller::several(fixture, callers, false).await?, tasks).await,
        1 => drive(fixture, InsertCaller::several(fixture, callers, true).await?, tasks).await,
        2 | 3 => {
            let run = if variant == 2 {
                drive(fixture, TransactionCaller::several(fixture, callers), tasks).await?
            } else {
                drive(fixture, BatchedCaller::several(fixture, callers), tasks).await?
            };
            fixture.expect(Side::Bare, &run);
            Ok(run)
        }
        _ => {
            let servers = if variant == 4 { &servers[..1] } else { &servers[..] };
            let run = drive(fixture, HttpCaller::several(callers, servers).await?, tasks).await?;
            fixture.expect(Side::Convene, &run);
            Ok(run)
        }
    }
}

/// Distinct pairs of a member and an occurrence. Consecutive pairs share neither.
struct Seats {
    members: usize,
    occurrences: Vec<usize>,
    next: usize,
}

impl Seats {
    fn take(&mut self, count: usize) -> anyhow::Result<Vec<Task>> {
        // Coprime to the number of occurrences at every scale that divides 100.
        const STRIDE: usize = 31;
        ensure!(self.next + count <= self.members * self.occurrences.len(), "there are not enough seats");
        let pair = |number: usize| {
            let (member, round) = (number % self.members, number / self.members);
            let occurrence = self.occurrences[(member * STRIDE + round) % self.occurrences.len()];
            Task { seat: Seat { member, occurrence }, then_cancel: false }
        };
        let tasks = (self.next..self.next + count).map(pair).collect();
        self.next += count;
        Ok(tasks)
    }
}
