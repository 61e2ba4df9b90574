//! Callers that send requests without pauses.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::bail;
use convene_stress::{CANCEL, Connection, Credentials, Organization, Outcome, REGISTER, call, text};
use serde_json::{Value, json};
use tokio::task::JoinSet;

const RUN: Duration = Duration::from_secs(6);
/// Calls before this time do not count.
const BEGIN: Duration = Duration::from_secs(1);

const READS: [&str; 3] = [
    "{ events(first: 10) { nodes { id title description } } }",
    "{ occurrences(from: \"2080-01-01T00:00:00Z\", to: \"2080-01-31T00:00:00Z\", first: 20) \
     { nodes { id startsAt availableSeats event { title } viewerRegistration { status } } } }",
    "{ viewer { role registrations(first: 20) { nodes { id status occurrence { startsAt } } } } }",
];

/// The requests of the callers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Load {
    Reads,
    /// Each one is cancelled afterwards.
    Registrations,
}

/// The times of calls, sorted ascending.
#[derive(Debug, Default)]
pub(crate) struct Calls(Vec<Duration>);

impl Load {
    pub(crate) const ALL: [Self; 2] = [Self::Reads, Self::Registrations];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Reads => "pages of events, occurrences and own registrations",
            Self::Registrations => "registrations and cancellations",
        }
    }
}

impl Calls {
    pub(crate) fn rate(&self) -> f64 {
        self.0.len() as f64 / (RUN - BEGIN).as_secs_f64()
    }

    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0.get(rank - 1).copied().unwrap_or_default()
    }
}

/// Runs all callers of an organization.
pub(crate) async fn run(
    address: SocketAddr,
    load: Load,
    organization: &Organization,
) -> anyhow::Result<Calls> {
    let mut running = JoinSet::new();
    for (number, caller) in organization.callers.iter().enumerate() {
        let (caller, occurrences) = (caller.clone(), organization.occurrences.clone());
        running.spawn(repeat(address, load, number, caller, occurrences));
    }
    let mut calls = Calls::default();
    while let Some(ended) = running.join_next().await {
        calls.0.extend(ended??);
    }
    calls.0.sort_unstable();
    Ok(calls)
}

async fn repeat(
    address: SocketAddr,
    load: Load,
    number: usize,
    caller: Credentials,
    occurrences: Vec<String>,
) -> anyhow::Result<Vec<Duration>> {
    let mut connection = Connection::open(address).await?;
    let (begun, mut times) = (Instant::now(), Vec::new());
    for (occurrence, read) in occurrences.iter().cycle().zip(READS.iter().cycle()).skip(number) {
        if begun.elapsed() >= RUN {
            break;
        }
        let timed = match load {
            Load::Reads => {
                vec![timed(&mut connection, &caller, &json!({ "query": read }).to_string()).await?.1]
            }
            Load::Registrations => {
                let body = call(REGISTER, &json!({ "occurrenceId": occurrence }));
                let (body, registering) = timed(&mut connection, &caller, &body).await?;
                let id = match Outcome::read(&body)? {
                    Outcome::Done(payload) => text(&payload, "/registration/id")?.to_owned(),
                    other => bail!("a registration was answered with {other:?}"),
                };
                let (body, cancelling) =
                    timed(&mut connection, &caller, &call(CANCEL, &json!({ "registrationId": id }))).await?;
                if !matches!(Outcome::read(&body)?, Outcome::Done(_)) {
                    bail!("a cancellation was answered with {}", String::from_utf8_lossy(&body));
                }
                vec![registering, cancelling]
            }
        };
        if begun.elapsed() >= BEGIN {
            times.extend(timed);
        }
    }
    Ok(times)
}

/// Sends a request that must succeed, and returns the response and its time.
async fn timed(
    connection: &mut Connection,
    caller: &Credentials,
    body: &str,
) -> anyhow::Result<(Vec<u8>, Duration)> {
    let begun = Instant::now();
    let body = connection.send(&caller.post(body)).await?;
    let time = begun.elapsed();
    let answer: Value = serde_json::from_slice(&body)?;
    if !answer["errors"].is_null() {
        bail!("a call failed: {}", answer["errors"]);
    }
    Ok((body, time))
}
