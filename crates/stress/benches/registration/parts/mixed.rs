//! Members register, and every second one cancels immediately.

use anyhow::ensure;

use crate::{
    bare::TransactionCaller,
    caller::Seat,
    convene::HttpCaller,
    drive::{Task, drive, median},
    fixture::{Fixture, Side},
    settings::Settings,
    table::{self, Row},
};

const CALLERS: usize = 64;
const OCCURRENCES: usize = 50;
const REGISTRATIONS: usize = 6_000;
const VARIANTS: [&str; 3] = ["transaction per call", "convene", "convene, two processes"];

pub(crate) async fn run(fixture: &mut Fixture, settings: &Settings) -> anyhow::Result<()> {
    let members = fixture.data.population.members.len();
    let servers = fixture.servers();
    let mut rows = Vec::new();
    let mut measured = [const { Vec::new() }; VARIANTS.len()];
    for _ in 0..settings.rounds {
        for (variant, measured) in measured.iter_mut().enumerate() {
            let occurrences = fixture.create_events(settings.scaled(OCCURRENCES), 1_000_000, false).await?;
            let count = settings.scaled(REGISTRATIONS).min(members * occurrences.len());
            let tasks: Vec<Task> = (0..count)
                .map(|number| {
                    let occurrence = occurrences[(number + number / members) % occurrences.len()];
                    Task { seat: Seat { member: number % members, occurrence }, then_cancel: number % 2 == 1 }
                })
                .collect();
            let run = if variant == 0 {
                drive(fixture, TransactionCaller::several(fixture, CALLERS), tasks).await?
            } else {
                let servers = if variant == 1 { &servers[..1] } else { &servers[..] };
                drive(fixture, HttpCaller::several(CALLERS, servers).await?, tasks).await?
            };
            ensure!(
                (run.registered, run.cancelled) == (count, count / 2),
                "{}: {} registered, {} cancelled, {:?} refused",
                VARIANTS[variant],
                run.registered,
                run.cancelled,
                run.refused
            );
            fixture.expect(if variant == 0 { Side::Bare } else { Side::Convene }, &run);
            measured.push(run);
        }
    }
    for (name, measured) in VARIANTS.into_iter().zip(measured) {
        rows.push(Row { name: name.to_owned(), callers: CALLERS, measurement: median(measured) });
    }
    table::print("Registrations, every second one cancelled at once", VARIANTS[0], &rows)
}
