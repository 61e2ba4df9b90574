//! Callers of another organization, who register and cancel without pauses.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::bail;
use convene_stress::{CANCEL, Connection, Credentials, Organization, Outcome, REGISTER, call, text};
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// The time after which a call counts as failed.
const ANSWER_TIME: Duration = Duration::from_secs(30);

/// The calls of some time.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    /// Sorted ascending.
    pub(crate) times: Vec<Duration>,
    pub(crate) failures: Vec<String>,
}

impl Calls {
    /// Zero if there was no call.
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.times.len() * percent).div_ceil(100).max(1);
        self.times.get(rank - 1).copied().unwrap_or_default()
    }
}

/// The running callers.
pub(crate) struct Neighbour {
    stop: Arc<AtomicBool>,
    running: JoinSet<anyhow::Result<Vec<Call>>>,
}

struct Call {
    begun: Instant,
    ended: Instant,
    failure: Option<String>,
}

impl Neighbour {
    pub(crate) fn start(address: SocketAddr, organization: &Organization) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let mut running = JoinSet::new();
        for caller in &organization.callers {
            let occurrences = organization.occurrences.clone();
            running.spawn(repeat(address, caller.clone(), occurrences, Arc::clone(&stop)));
        }
        Self { stop, running }
    }

    /// Awaits some work, then stops the callers. Returns the calls that overlapped the work in time.
    pub(crate) async fn during<T>(mut self, work: impl Future<Output = T>) -> anyhow::Result<(T, Calls)> {
        let begun = Instant::now();
        let result = work.await;
        let ended = Instant::now();
        self.stop.store(true, Ordering::Relaxed);
        let mut calls = Calls::default();
        while let Some(caller) = self.running.join_next().await {
            for call in caller?? {
                if call.ended > begun && call.begun < ended {
                    calls.times.push(call.ended - call.begun);
                    calls.failures.extend(call.failure);
                }
            }
        }
        calls.times.sort_unstable();
        Ok((result, calls))
    }
}

async fn repeat(
    address: SocketAddr,
    caller: Credentials,
    occurrences: Vec<String>,
    stop: Arc<AtomicBool>,
) -> anyhow::Result<Vec<Call>> {
    let mut client =
        Client { address, caller, connection: Connection::open(address).await?, calls: Vec::new() };
    for occurrence in occurrences.iter().cycle() {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        if let Some(payload) = client.call(REGISTER, &json!({ "occurrenceId": occurrence })).await? {
            let id = text(&payload, "/registration/id")?;
            client.call(CANCEL, &json!({ "registrationId": id })).await?;
        }
    }
    Ok(client.calls)
}

struct Client {
    address: SocketAddr,
    caller: Credentials,
    connection: Connection,
    calls: Vec<Call>,
}

impl Client {
    /// Sends a mutation, and returns its payload if it succeeded.
    async fn call(&mut self, document: &str, input: &Value) -> anyhow::Result<Option<Value>> {
        let request = self.caller.post(&call(document, input));
        let begun = Instant::now();
        let sent = tokio::time::timeout(ANSWER_TIME, self.connection.send(&request)).await;
        let ended = Instant::now();
        let outcome = match sent {
            Ok(Ok(body)) => Outcome::read(&body)?,
            Ok(Err(_)) | Err(_) => {
                self.connection = Connection::open(self.address).await?;
                Outcome::Failed(format!("no answer: {sent:?}"))
            }
        };
        let (payload, failure) = match outcome {
            Outcome::Done(payload) => (Some(payload), None),
            Outcome::Failed(failure) => (None, Some(failure)),
            // After a failed cancellation, the member still has the seat.
            Outcome::Refused(code) if code == "ALREADY_REGISTERED" => (None, None),
            Outcome::Refused(code) => bail!("{document} was refused: {code}"),
        };
        self.calls.push(Call { begun, ended, failure });
        Ok(payload)
    }
}
