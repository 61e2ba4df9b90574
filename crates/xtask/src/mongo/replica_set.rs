//! A replica set on this machine: one member for development, three for fault tests.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use bson::{Bson, doc};

use super::process::{Mongod, SET_NAME};
use super::wire::{self, CommandFailed, admin_command};
use super::{Purpose, provision};
use crate::interrupt::Interrupt;

/// The maximum time to elect a primary.
const ELECTION_TIMEOUT: Duration = Duration::from_secs(60);
/// The time for a running member of an earlier run to become writable.
const REUSE_TIMEOUT: Duration = Duration::from_secs(10);
/// The preferred port for development data, so that the configuration of clients stays valid.
const DEVELOPMENT_PORT: u16 = 27018;

/// The error code of MongoDB for a replica set that is already initiated.
const ALREADY_INITIALIZED: i32 = 23;

/// The running members, which are stopped when this is dropped.
#[derive(Debug)]
pub(crate) struct ReplicaSet {
    members: Vec<Mongod>,
}

impl ReplicaSet {
    /// Starts one member on the data in `folder`, which is kept. A member that a killed run left running is reused
    /// if it works, or else stopped.
    pub(crate) fn development(folder: &Path, interrupt: &Interrupt) -> anyhow::Result<Self> {
        let binary = provision::mongod()?;
        if let Some(member) = Mongod::left_over(&binary, folder, Purpose::Development) {
            let set = Self { members: vec![member] };
            if set.becomes_writable(REUSE_TIMEOUT, interrupt)? {
                return Ok(set);
            }
        }
        let member = Mongod::start(&binary, folder, Purpose::Development, Some(DEVELOPMENT_PORT), interrupt)?;
        Self::form(vec![member], interrupt)
    }

    /// Stops the mongod that a killed run left running on the data in `folder`.
    pub(crate) fn end_left_over(folder: &Path, purpose: Purpose) {
        drop(Mongod::left_over(Path::new("mongod"), folder, purpose));
    }

    /// Starts new members, each with a subfolder of `folder`.
    pub(crate) fn start_temporary(
        folder: &Path,
        members: usize,
        purpose: Purpose,
        interrupt: &Interrupt,
    ) -> anyhow::Result<Self> {
        let binary = provision::mongod()?;
        let start = |index: usize| {
            Mongod::start(&binary, &folder.join(format!("member-{index}")), purpose, None, interrupt)
        };
        Self::form((0..members).map(start).collect::<anyhow::Result<_>>()?, interrupt)
    }

    fn form(members: Vec<Mongod>, interrupt: &Interrupt) -> anyhow::Result<Self> {
        let set = Self { members };
        set.initiate()?;
        if !set.becomes_writable(ELECTION_TIMEOUT, interrupt)? {
            let log = set.members[0].log();
            anyhow::bail!("no primary after {} s; a log is {}", ELECTION_TIMEOUT.as_secs(), log.display());
        }
        Ok(set)
    }

    /// Initiates the set, or updates the configuration after a change of ports.
    fn initiate(&self) -> anyhow::Result<()> {
        let hosts: Vec<Bson> = (0_i32..)
            .zip(&self.members)
            .map(|(id, member)| doc! { "_id": id, "host": member.address() }.into())
            .collect();
        // The default of ten seconds is for real networks.
        let settings = doc! { "electionTimeoutMillis": 2000 };
        let config = doc! { "_id": SET_NAME, "members": &hosts, "settings": settings };
        let first = self.members[0].address();
        match admin_command(&first, &doc! { "replSetInitiate": config }) {
            Ok(_) => Ok(()),
            Err(error) if code_of(&error) == Some(ALREADY_INITIALIZED) => reconfigure(&first, &hosts),
            Err(error) => Err(error.context("cannot initiate the replica set")),
        }
    }

    fn becomes_writable(&self, limit: Duration, interrupt: &Interrupt) -> anyhow::Result<bool> {
        interrupt.poll(limit, || Ok(self.primary().map(|_| ()))).map(|primary| primary.is_some())
    }

    /// The index of the primary.
    pub(crate) fn primary(&self) -> Option<usize> {
        let takes_writes =
            |member: &Mongod| wire::hello(&member.address()).is_ok_and(|it| it.writable_primary);
        self.members.iter().position(takes_writes)
    }

    /// The connection string.
    pub(crate) fn uri(&self) -> String {
        let hosts: Vec<_> = self.members.iter().map(Mongod::address).collect();
        format!("mongodb://{}/?replicaSet={SET_NAME}", hosts.join(","))
    }

    pub(crate) fn members(&mut self) -> &mut [Mongod] {
        &mut self.members
    }

    /// Fails if a member has ended. The error contains the end of its log.
    pub(crate) fn check_running(&mut self) -> anyhow::Result<()> {
        self.members.iter_mut().try_for_each(Mongod::check_running)
    }
}

/// Updates the addresses of an existing set.
///
/// The command is forced, because a member that is not in its configuration cannot vote.
fn reconfigure(address: &str, hosts: &[Bson]) -> anyhow::Result<()> {
    let mut config = admin_command(address, &doc! { "replSetGetConfig": 1 })?
        .get_document("config")
        .context("the replica set has no configuration")?
        .clone();
    let known = config.get_array("members").cloned().unwrap_or_default();
    let host = |member: &Bson| member.as_document().and_then(|it| it.get_str("host").ok()).map(str::to_owned);
    if known.iter().map(host).eq(hosts.iter().map(host)) {
        return Ok(());
    }
    config.insert("members", hosts);
    let version = config.get_i32("version").unwrap_or(0);
    config.insert("version", version + 1);
    admin_command(address, &doc! { "replSetReconfig": config, "force": true })
        .context("cannot set the new port of the replica set")?;
    Ok(())
}

fn code_of(error: &anyhow::Error) -> Option<i32> {
    error.downcast_ref::<CommandFailed>().map(|failed| failed.code)
}
