//! Another organization, whose calls must not suffer.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use convene_stress::{Connection, Credentials, corpus};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::measure::memory;

const CALLERS: usize = 4;
const PAUSE: Duration = Duration::from_millis(100);
const ANSWER_TIME: Duration = Duration::from_secs(20);
const DOCUMENTS: [&str; 4] = [
    "{ viewer { role } }",
    "{ events(first: 10) { nodes { id title description } } }",
    "{ issues(first: 20) { nodes { id title description } } }",
    "{ occurrences(from: \"2031-01-01T00:00:00Z\", to: \"2031-01-31T00:00:00Z\", first: 20) \
     { nodes { id startsAt availableSeats event { title } } } }",
];

/// The calls of the other organization, and the state of the server during them.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// Sorted ascending.
    pub(crate) latencies: Vec<Duration>,
    pub(crate) failures: Vec<String>,
    /// The largest memory of the server in KiB.
    pub(crate) memory: u64,
}

impl Watch {
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.latencies.len() * percent).div_ceil(100).max(1);
        self.latencies.get(rank - 1).copied().unwrap_or_default()
    }

    fn add(&mut self, other: Self) {
        self.latencies.extend(other.latencies);
        self.latencies.sort_unstable();
        self.failures.extend(other.failures);
        self.memory = self.memory.max(other.memory);
    }
}

/// A running watch.
pub(crate) struct Neighbour {
    stop: Arc<AtomicBool>,
    running: JoinSet<anyhow::Result<Watch>>,
}

impl Neighbour {
    /// Starts the calls of this organization, and the probes.
    pub(crate) fn start(address: SocketAddr, probes: SocketAddr, process: u32, slug: &'static str) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let mut running = JoinSet::new();
        for number in 0..CALLERS {
            running.spawn(call(address, corpus::member(slug, number), number, Arc::clone(&stop)));
        }
        running.spawn(probe(probes, process, Arc::clone(&stop)));
        Self { stop, running }
    }

    pub(crate) async fn stop(mut self) -> anyhow::Result<Watch> {
        self.stop.store(true, Ordering::Relaxed);
        let mut watch = Watch::default();
        while let Some(ended) = self.running.join_next().await {
            watch.add(ended??);
        }
        Ok(watch)
    }
}

/// Sends each document of a usual call once, so that caches have what every server has after a while.
pub(crate) async fn warm_up(address: SocketAddr, slug: &str) -> anyhow::Result<()> {
    let mut connection = Connection::open(address).await?;
    for document in DOCUMENTS {
        let request = corpus::member(slug, 0).post(&json!({ "query": document }).to_string());
        drop(connection.send(&request).await?);
    }
    Ok(())
}

async fn call(
    address: SocketAddr,
    caller: Credentials,
    number: usize,
    stop: Arc<AtomicBool>,
) -> anyhow::Result<Watch> {
    let mut watch = Watch::default();
    let mut connection = Connection::open(address).await?;
    for document in DOCUMENTS.iter().cycle().skip(number) {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let request = caller.post(&json!({ "query": document }).to_string());
        let begun = Instant::now();
        match tokio::time::timeout(ANSWER_TIME, connection.exchange(&request)).await {
            Ok(Ok(response)) => {
                let body: Value = serde_json::from_slice(&response.body)?;
                if response.status != 200 || !body["errors"].is_null() {
                    watch.failures.push(format!("{} {}", response.status, body["errors"]));
                }
            }
            failed => {
                watch.failures.push(format!("{failed:?}"));
                connection = Connection::open(address).await?;
            }
        }
        watch.latencies.push(begun.elapsed());
        tokio::time::sleep(PAUSE).await;
    }
    Ok(watch)
}

async fn probe(address: SocketAddr, process: u32, stop: Arc<AtomicBool>) -> anyhow::Result<Watch> {
    let mut watch = Watch::default();
    let mut connection = Connection::open(address).await?;
    let request = Credentials::operator().request("GET", "/readyz", "", "");
    while !stop.load(Ordering::Relaxed) {
        match tokio::time::timeout(ANSWER_TIME, connection.exchange(&request)).await {
            Ok(Ok(response)) if response.status == 200 => {}
            failed => watch.failures.push(format!("/readyz: {failed:?}")),
        }
        watch.memory = watch.memory.max(memory(process)?);
        tokio::time::sleep(PAUSE / 4).await;
    }
    Ok(watch)
}
