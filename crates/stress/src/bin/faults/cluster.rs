//! The replica set, member by member.

use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use bson::{Document, doc};
use mongodb::{Client, options::ClientOptions};
use rustix::process::{Pid, Signal, kill_process};

/// How often a member is asked again.
const GLANCE: Duration = Duration::from_millis(100);
/// How long a member may take to answer before it counts as gone.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long the members may take to elect a primary.
const ELECTION: Duration = Duration::from_secs(20);
/// How `convene` names itself to the database.
const CONVENE: &str = "convene";

/// A member, reached directly.
struct Member {
    address: String,
    client: Client,
}

/// All members.
pub(crate) struct Cluster {
    members: Vec<Member>,
}

impl Cluster {
    /// The members at these addresses.
    pub(crate) async fn of(addresses: &[String]) -> anyhow::Result<Self> {
        ensure!(addresses.len() == 3, "there have to be three members");
        let mut members = Vec::new();
        for address in addresses {
            let mut options =
                ClientOptions::parse(format!("mongodb://{address}/?directConnection=true")).await?;
            options.app_name = Some("faults".to_owned());
            options.connect_timeout = Some(PATIENCE);
            options.server_selection_timeout = Some(PATIENCE);
            options.heartbeat_freq = Some(Duration::from_millis(500));
            members.push(Member { address: address.clone(), client: Client::with_options(options)? });
        }
        Ok(Self { members })
    }

    /// The number of the member that takes writes, as soon as there is one.
    pub(crate) async fn primary(&self) -> anyhow::Result<usize> {
        let latest = Instant::now() + ELECTION;
        while Instant::now() < latest {
            for member in 0..self.members.len() {
                if self.hello(member).await.is_some_and(|hello| is(&hello, "isWritablePrimary")) {
                    return Ok(member);
                }
            }
            tokio::time::sleep(GLANCE).await;
        }
        bail!("there is no primary")
    }

    /// The numbers of the others.
    pub(crate) async fn secondaries(&self) -> anyhow::Result<Vec<usize>> {
        let primary = self.primary().await?;
        Ok((0..self.members.len()).filter(|&member| member != primary).collect())
    }

    /// Waits until every member is there and either leads or follows.
    pub(crate) async fn whole(&self, limit: Duration) -> anyhow::Result<()> {
        let latest = Instant::now() + limit;
        'waiting: while Instant::now() < latest {
            let mut primaries = 0;
            for member in 0..self.members.len() {
                let hello = self.hello(member).await;
                let is = |field: &str| hello.as_ref().is_some_and(|hello| is(hello, field));
                if !is("isWritablePrimary") && !is("secondary") {
                    tokio::time::sleep(GLANCE).await;
                    continue 'waiting;
                }
                primaries += usize::from(is("isWritablePrimary"));
            }
            if primaries == 1 {
                return Ok(());
            }
            tokio::time::sleep(GLANCE).await;
        }
        bail!("the replica set is not whole after {limit:?}")
    }

    /// Sends a signal to the process of a member.
    pub(crate) async fn signal(&self, member: usize, signal: Signal) -> anyhow::Result<()> {
        signal_process(self.process(member).await?, signal)
    }

    /// The process of a member.
    pub(crate) async fn process(&self, member: usize) -> anyhow::Result<u32> {
        let status = self.command(member, doc! { "serverStatus": 1 }).await?;
        Ok(u32::try_from(status.get_i64("pid")?)?)
    }

    /// Runs a command on a member.
    pub(crate) async fn command(&self, member: usize, command: Document) -> anyhow::Result<Document> {
        let Member { address, client } = &self.members[member];
        let answer =
            tokio::time::timeout(ELECTION, async { client.database("admin").run_command(command).await });
        answer.await?.with_context(|| format!("{address} refused"))
    }

    /// Turns a fail point for commands of `convene` on, as the mode says, for a while, and answers with how many
    /// commands it met.
    pub(crate) async fn disturb(
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
        Ok(entered(&after)? - entered(&before)?)
    }

    async fn hello(&self, member: usize) -> Option<Document> {
        let client = &self.members[member].client;
        let hello = async { client.database("admin").run_command(doc! { "hello": 1 }).await };
        tokio::time::timeout(PATIENCE, hello).await.ok()?.ok()
    }
}

fn is(hello: &Document, field: &str) -> bool {
    hello.get_bool(field).is_ok_and(|is| is)
}

/// Sends a signal to a process.
pub(crate) fn signal_process(id: u32, signal: Signal) -> anyhow::Result<()> {
    let id = Pid::from_raw(i32::try_from(id)?).context("no process has this id")?;
    Ok(kill_process(id, signal)?)
}

/// How often a fail point was met since its server started.
pub(crate) fn entered(state: &Document) -> anyhow::Result<i64> {
    let count = state.get_i64("count").or_else(|_| state.get_i32("count").map(i64::from));
    count.with_context(|| format!("no count in {state}"))
}
