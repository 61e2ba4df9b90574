//! The members of the replica set.

use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use bson::{Document, doc};
use mongodb::{Client, options::ClientOptions};
use rustix::process::{Pid, Signal, kill_process};

const POLL_INTERVAL: Duration = Duration::from_millis(100);
const COMMAND_TIMEOUT: Duration = Duration::from_secs(2);
const ELECTION_TIMEOUT: Duration = Duration::from_secs(20);
/// The application name of `convene`.
const CONVENE: &str = "convene";

/// A member with a direct connection.
struct Member {
    address: String,
    client: Client,
}

pub(crate) struct Cluster {
    members: Vec<Member>,
}

impl Cluster {
    pub(crate) async fn connect_to(addresses: &[String]) -> anyhow::Result<Self> {
        ensure!(addresses.len() == 3, "three members are required");
        let mut members = Vec::new();
        for address in addresses {
            let mut options =
                ClientOptions::parse(format!("mongodb://{address}/?directConnection=true")).await?;
            options.app_name = Some("faults".to_owned());
            options.connect_timeout = Some(COMMAND_TIMEOUT);
            options.server_selection_timeout = Some(COMMAND_TIMEOUT);
            options.heartbeat_freq = Some(Duration::from_millis(500));
            members.push(Member { address: address.clone(), client: Client::with_options(options)? });
        }
        Ok(Self { members })
    }

    /// Waits for a primary and returns its index.
    pub(crate) async fn primary(&self) -> anyhow::Result<usize> {
        let latest = Instant::now() + ELECTION_TIMEOUT;
        while Instant::now() < latest {
            for member in 0..self.members.len() {
                if self.hello(member).await.is_some_and(|hello| is(&hello, "isWritablePrimary")) {
                    return Ok(member);
                }
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
        bail!("there is no primary")
    }

    /// The indexes of the secondaries.
    pub(crate) async fn secondaries(&self) -> anyhow::Result<Vec<usize>> {
        let primary = self.primary().await?;
        Ok((0..self.members.len()).filter(|&member| member != primary).collect())
    }

    /// Waits until one member is the primary and all others are secondaries.
    pub(crate) async fn wait_until_healthy(&self, limit: Duration) -> anyhow::Result<()> {
        let latest = Instant::now() + limit;
        'waiting: while Instant::now() < latest {
            let mut primaries = 0;
            for member in 0..self.members.len() {
                let hello = self.hello(member).await;
                let is = |field: &str| hello.as_ref().is_some_and(|hello| is(hello, field));
                if !is("isWritablePrimary") && !is("secondary") {
                    tokio::time::sleep(POLL_INTERVAL).await;
                    continue 'waiting;
                }
                primaries += usize::from(is("isWritablePrimary"));
            }
            if primaries == 1 {
                return Ok(());
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
        bail!("the replica set is not healthy after {limit:?}")
    }

    pub(crate) async fn signal(&self, member: usize, signal: Signal) -> anyhow::Result<()> {
        signal_process(self.process(member).await?, signal)
    }

    /// The process id of a member.
    pub(crate) async fn process(&self, member: usize) -> anyhow::Result<u32> {
        let status = self.command(member, doc! { "serverStatus": 1 }).await?;
        Ok(u32::try_from(status.get_i64("pid")?)?)
    }

    pub(crate) async fn command(&self, member: usize, command: Document) -> anyhow::Result<Document> {
        let Member { address, client } = &self.members[member];
        let answer = tokio::time::timeout(ELECTION_TIMEOUT, async {
            client.database("admin").run_command(command).await
        });
        answer.await?.with_context(|| format!("{address} refused"))
    }

    /// Enables a fail point for commands of `convene` for a while, and returns the number of affected commands.
    pub(crate) async fn with_fail_point(
        &self,
        member: usize,
        mode: Document,
        data: Document,
        duration: Duration,
    ) -> anyhow::Result<i64> {
        let mut data = data;
        data.insert("appName", CONVENE);
        let point = |mode: bson::Bson| doc! { "configureFailPoint": "failCommand", "mode": mode, "data": data.clone() };
        let before = self.command(member, point(mode.into())).await?;
        tokio::time::sleep(duration).await;
        let after = self.command(member, point("off".into())).await?;
        Ok(hit_count(&after)? - hit_count(&before)?)
    }

    async fn hello(&self, member: usize) -> Option<Document> {
        let client = &self.members[member].client;
        let hello = async { client.database("admin").run_command(doc! { "hello": 1 }).await };
        tokio::time::timeout(COMMAND_TIMEOUT, hello).await.ok()?.ok()
    }
}

fn is(hello: &Document, field: &str) -> bool {
    hello.get_bool(field).is_ok_and(|is| is)
}

pub(crate) fn signal_process(id: u32, signal: Signal) -> anyhow::Result<()> {
    let id = Pid::from_raw(i32::try_from(id)?).context("no process has this id")?;
    Ok(kill_process(id, signal)?)
}

/// The number of times that a fail point was hit since the server started.
pub(crate) fn hit_count(state: &Document) -> anyhow::Result<i64> {
    let count = state.get_i64("count").or_else(|_| state.get_i32("count").map(i64::from));
    count.with_context(|| format!("no count in {state}"))
}
