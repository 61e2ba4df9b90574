//! `{ __typename }` and the bare route, in turns, in one process.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use convene_stress::{Connection, Population, Server, Storage, cpu, new_id};

use crate::{Settings, server::BARE};

const BODY: &str = r#"{"query":"{ __typename }"}"#;

/// The time before a measurement, in which caches fill.
const WARM_UP: Duration = Duration::from_millis(500);

/// The results of a variant over all rounds.
#[derive(Default)]
struct Row {
    calls: u64,
    elapsed: Duration,
    processor: Duration,
}

/// Measures both variants and prints their rates, their processor times and the ratio.
pub(crate) async fn compare(settings: Settings) -> anyhow::Result<()> {
    let uri = std::env::var("CONVENE_TEST_MONGODB_URI").context(
        "CONVENE_TEST_MONGODB_URI must name a MongoDB replica set; `cargo xtask bench` starts one",
    )?;
    let storage = Storage::prepare(&uri, &format!("convene_telemetry_{}", new_id().simple())).await?;
    let logs = tempfile::tempdir()?;
    let program = std::env::current_exe()?;
    let mut server = Server::start(&program, &uri, &storage.name, logs.path().join("server.log")).await?;
    let mut connection = Connection::open(server.address()).await?;
    let population = Population::create(&mut connection, &storage, settings.callers).await?;

    let variants = [("bare route", BARE), ("`{ __typename }`", "/graphql")];
    let mut rows = variants.map(|_| Row::default());
    for _ in 0..settings.rounds {
        for ((_, path), row) in variants.iter().zip(&mut rows) {
            drive(&server, &population, path, WARM_UP).await?;
            let before = cpu::process_usage(server.id())?;
            let started = Instant::now();
            row.calls += drive(&server, &population, path, Duration::from_secs(settings.seconds)).await?;
            row.elapsed += started.elapsed();
            row.processor += cpu::process_usage(server.id())?.saturating_sub(before);
        }
    }
    let mut text = String::from("| | calls/s | processor time of the server per call |\n|---|--:|--:|\n");
    for ((name, _), row) in variants.iter().zip(&rows) {
        let Row { calls, elapsed, processor } = row;
        let (rate, each) = (rate(*calls, *elapsed), microseconds(*processor, *calls));
        text.push_str(&format!("| {name} | {rate:.0} | {each:.1} µs |\n"));
    }
    let [bare, typename] = &rows;
    let rates = rate(typename.calls, typename.elapsed) / rate(bare.calls, bare.elapsed);
    let processor =
        microseconds(bare.processor, bare.calls) / microseconds(typename.processor, typename.calls);
    text.push_str(&format!("\nratio of the rates {rates:.2}, of the processor times {processor:.2}\n\n"));
    print(&text)?;
    ensure!(server.stop().await?.success(), "the server did not stop");
    storage.drop().await
}

/// Sends requests for some time, and returns their number.
async fn drive(server: &Server, population: &Population, path: &str, time: Duration) -> anyhow::Result<u64> {
    let end = Instant::now() + time;
    let callers = population.members.iter().map(|member| async move {
        let mut connection = Connection::open(server.address()).await?;
        let request = Population::credentials(member).request("POST", path, "", BODY);
        let mut calls = 0_u64;
        while Instant::now() < end {
            let answer = connection.send(&request).await?;
            ensure!(answer.starts_with(b"{\"data\":{\"__typename\":\"Query\""), "a call failed");
            calls += 1;
        }
        Ok(calls)
    });
    Ok(futures::future::try_join_all(callers).await?.into_iter().sum())
}

fn rate(calls: u64, elapsed: Duration) -> f64 {
    number(calls) / elapsed.as_secs_f64()
}

/// The time of one of these calls, in microseconds.
pub(crate) fn microseconds(time: Duration, calls: u64) -> f64 {
    time.as_secs_f64() * 1e6 / number(calls)
}

fn number(calls: u64) -> f64 {
    f64::from(u32::try_from(calls).unwrap_or(u32::MAX))
}

/// Writes to standard output.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    use std::io::Write;

    Ok(std::io::stdout().write_all(text.as_bytes())?)
}
