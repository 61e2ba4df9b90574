//! The effects of one request.

use std::{
    fs,
    io::{Read, Seek, SeekFrom},
    path::PathBuf,
    time::Duration,
};

use anyhow::{Context, bail};
use bson::{Document, doc};
use convene_stress::{Connection, Credentials, Server, Storage, corpus};
use serde_json::Value;

use crate::request::Request;

/// A property of a request that the search maximizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Goal {
    ResponseBytes,
    /// Of accepted documents.
    Cost,
    /// In microseconds.
    LongestPoll,
    /// In milliseconds.
    DatabaseCall,
    /// In microseconds.
    ProcessorTime,
}

impl Goal {
    pub(crate) const ALL: [Self; 5] =
        [Self::ResponseBytes, Self::Cost, Self::LongestPoll, Self::DatabaseCall, Self::ProcessorTime];

    /// Returns true if other work on the machine can increase the value, so that it has to be measured again.
    pub(crate) fn is_time(self) -> bool {
        matches!(self, Self::LongestPoll | Self::DatabaseCall | Self::ProcessorTime)
    }
}

/// The values of a request, in the order of [`Goal::ALL`].
pub(crate) type Values = [u64; 5];

/// Sends requests to the server, one at a time, and measures them.
pub(crate) struct Meter<'a> {
    pub(crate) server: &'a Server,
    pub(crate) storage: &'a Storage,
    pub(crate) log: PathBuf,
    /// The organization of the requests.
    pub(crate) slug: &'a str,
    pub(crate) organization: String,
    /// The part of the log that was read.
    pub(crate) read: u64,
    pub(crate) number: u64,
    pub(crate) connection: Option<Connection>,
}

impl Meter<'_> {
    /// Makes MongoDB record all commands.
    pub(crate) async fn prepare(&self) -> anyhow::Result<()> {
        let database = self.storage.client.database(&self.storage.name);
        database.run_command(doc! { "profile": 0 }).await?;
        self.storage.collection("system.profile").drop().await?;
        database
            .run_command(doc! { "create": "system.profile", "capped": true, "size": 16 * 1_024 * 1_024 })
            .await?;
        database.run_command(doc! { "profile": 2 }).await?;
        Ok(())
    }

    /// Measures a request. An answer that never comes is an error.
    pub(crate) async fn measure(&mut self, request: &Request) -> anyhow::Result<Values> {
        self.number += 1;
        let id = format!("fuzz-{}", self.number);
        #[expect(
            clippy::disallowed_methods,
            reason = "the harness is not part of the program and has no ports"
        )]
        let began = bson::DateTime::now();
        let before = processor_time(self.server.id())?;
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(Connection::open(self.server.address()).await?),
        };
        let bytes = request.bytes(&corpus::member(self.slug, 0), &id);
        let response = tokio::time::timeout(Duration::from_secs(30), connection.exchange(&bytes)).await;
        let response = match response.with_context(|| format!("no answer to {id}"))? {
            Ok(response) => response,
            Err(error) => {
                // The server closes a connection after a body that it refuses to read.
                self.connection = None;
                return if error.kind() == std::io::ErrorKind::UnexpectedEof {
                    Ok(Values::default())
                } else {
                    Err(error.into())
                };
            }
        };
        let processor = processor_time(self.server.id())?.saturating_sub(before);
        let cost = cost(&response.body);
        let poll = self.longest_poll(&id).await?;
        let call = self.longest_call(began).await?;
        Ok([u64::try_from(response.body.len())?, cost, poll, call, u64::try_from(processor.as_micros())?])
    }

    /// Reads the log line of a request.
    async fn longest_poll(&mut self, id: &str) -> anyhow::Result<u64> {
        for _ in 0..100 {
            let mut log = fs::File::open(&self.log)?;
            log.seek(SeekFrom::Start(self.read))?;
            let mut text = String::new();
            log.read_to_string(&mut text)?;
            let id = format!("\"{id}\"");
            let of_request = text.lines().filter(|line| line.contains(&id));
            let line = of_request.filter_map(|line| serde_json::from_str::<Value>(line).ok());
            let poll = line.filter_map(|line| line["longest_poll_us"].as_u64()).next();
            if let Some(poll) = poll {
                self.read += u64::try_from(text.len())?;
                return Ok(poll);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        bail!("no log line of {id}")
    }

    /// The longest command for the organization since then, in milliseconds.
    async fn longest_call(&self, since: bson::DateTime) -> anyhow::Result<u64> {
        let profile = self.storage.collection("system.profile");
        let recent = doc! { "ts": { "$gte": since }, "appName": { "$ne": "observer" } };
        let mut commands = profile.find(recent).sort(doc! { "millis": -1 }).await?;
        while commands.advance().await? {
            let command = Document::try_from(commands.current())?;
            if command.to_string().contains(&self.organization) {
                let millis =
                    command.get_i32("millis").map(i64::from).or_else(|_| command.get_i64("millis"))?;
                return Ok(u64::try_from(millis)?);
            }
        }
        Ok(0)
    }
}

/// The cost of a document that was executed, at least in part.
fn cost(body: &[u8]) -> u64 {
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return 0 };
    if body["data"].is_null() {
        0
    } else {
        body["extensions"]["cost"]["requested"].as_u64().unwrap_or_default()
    }
}

/// The processor time of a process, with the threads that run.
pub(crate) fn processor_time(process: u32) -> anyhow::Result<Duration> {
    let mut nanos = 0;
    for thread in fs::read_dir(format!("/proc/{process}/task"))? {
        // A thread may have ended. The first number is its time on a processor in nanoseconds.
        let Ok(text) = fs::read_to_string(thread?.path().join("schedstat")) else { continue };
        nanos +=
            text.split_whitespace().next().and_then(|number| number.parse::<u64>().ok()).unwrap_or_default();
    }
    Ok(Duration::from_nanos(nanos))
}

/// The bytes of the catalogues in the memory of a server, as it states them.
pub(crate) async fn catalogue_bytes(server: &Server) -> anyhow::Result<u64> {
    let mut connection = Connection::open(server.probe_address()).await?;
    let metrics = connection.send(&Credentials::operator().request("GET", "/metrics", "", "")).await?;
    let metrics = String::from_utf8(metrics)?;
    let value = metrics.lines().find_map(|line| line.strip_prefix("convene_catalogue_bytes "));
    Ok(value.context("the server does not state the bytes of its catalogues")?.parse()?)
}

/// The memory of a process in KiB.
pub(crate) fn memory(process: u32) -> anyhow::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next()).context("the process has no memory")?;
    Ok(number.parse()?)
}
