//! Callers that send one operation after the other for some seconds.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::bail;
use convene_stress::{Connection, Outcome, Population, cpu::Usage};

use crate::{
    bare,
    data::{Fixture, edit},
    request::{self, Operation, Part, Variant},
    settings::Settings,
};

/// The time before a measurement, in which caches fill.
const WARM_UP: Duration = Duration::from_millis(500);

/// The result of a measurement.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) variant: Variant,
    pub(crate) callers: usize,
    pub(crate) elapsed: Duration,
    /// Sorted ascending.
    pub(crate) latencies: Vec<Duration>,
    pub(crate) usage: Usage,
    /// The resident memory of Convene in bytes.
    pub(crate) memory: u64,
}

pub(crate) async fn run(
    fixture: &Fixture,
    settings: &Settings,
    part: Part,
    variant: Variant,
    callers: usize,
) -> anyhow::Result<Row> {
    drive(fixture, part, variant, callers, WARM_UP).await?;
    drive(fixture, part, variant, callers, settings.time).await
}

async fn drive(
    fixture: &Fixture,
    part: Part,
    variant: Variant,
    callers: usize,
    time: Duration,
) -> anyhow::Result<Row> {
    let usage = fixture.usage()?;
    let begun = Instant::now();
    let end = begun + time;
    let next = Arc::new(AtomicUsize::new(0));
    let calls = async {
        let running = (0..callers).map(|caller| call(fixture, part, variant, caller, end, Arc::clone(&next)));
        futures::future::try_join_all(running).await
    };
    let (latencies, ()) = tokio::try_join!(calls, write(fixture, part, end))?;
    let mut latencies: Vec<Duration> = latencies.into_iter().flatten().collect();
    let elapsed = begun.elapsed();
    latencies.sort_unstable();
    let usage = fixture.usage()?.since(usage);
    let memory = convene_stress::cpu::resident_bytes(fixture.server.id())?;
    Ok(Row { variant, callers, elapsed, latencies, usage, memory })
}

async fn call(
    fixture: &Fixture,
    part: Part,
    variant: Variant,
    caller: usize,
    end: Instant,
    next: Arc<AtomicUsize>,
) -> anyhow::Result<Vec<Duration>> {
    let mut connection = Connection::open(fixture.server.address()).await?;
    let own = Population::credentials(&fixture.population.members[0]);
    let requests = |operation| own.post(&request::body(operation, &fixture.tenth).to_string());
    let operations = [
        Operation::Page,
        Operation::Tenth,
        Operation::Titles,
        Operation::Search,
        Operation::Mine,
        Operation::Typename,
    ];
    let requests: Vec<(Operation, Vec<u8>)> =
        operations.into_iter().map(|operation| (operation, requests(operation))).collect();
    let mut latencies = Vec::new();
    while Instant::now() < end {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let operation =
            if variant == Variant::Typename { Operation::Typename } else { part.operation(number) };
        if variant == Variant::ConveneAfterWrite {
            change(fixture, &mut connection, number).await?;
        }
        let begun = Instant::now();
        match (variant, operation) {
            (Variant::BareTwo | Variant::BareOne, _) => {
                bare::call(fixture, variant, operation).await?;
            }
            (_, Operation::Register) => {
                // Refusals, such as one for an overlap, count as calls.
                let (members, occurrences) = (&fixture.population.members, &fixture.occurrences);
                let member = &members[1 + (number + caller) % (members.len() - 1)];
                let occurrence = &occurrences[(number / 10) % occurrences.len()];
                let request = request::register(&Population::credentials(member), occurrence);
                connection.send(&request).await?;
            }
            _ => {
                let request = requests.iter().find(|(named, _)| *named == operation);
                if let Some((_, request)) = request {
                    request::read(&mut connection, request).await?;
                }
            }
        }
        latencies.push(begun.elapsed());
    }
    Ok(latencies)
}

/// Edits an event every second, if the part has writes.
async fn write(fixture: &Fixture, part: Part, end: Instant) -> anyhow::Result<()> {
    if part != Part::Writes {
        return Ok(());
    }
    let mut connection = Connection::open(fixture.server.address()).await?;
    let mut number = 0;
    while Instant::now() + Duration::from_secs(1) < end {
        tokio::time::sleep(Duration::from_secs(1)).await;
        number += 1;
        change(fixture, &mut connection, number).await?;
    }
    Ok(())
}

/// Changes the location of an event.
async fn change(fixture: &Fixture, connection: &mut Connection, number: usize) -> anyhow::Result<()> {
    let answer = connection.send(&edit(fixture, number)).await?;
    match Outcome::read(&answer)? {
        Outcome::Done(_) => Ok(()),
        other => bail!("an event could not be changed: {other:?}"),
    }
}
