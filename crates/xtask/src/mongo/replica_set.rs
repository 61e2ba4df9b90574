//! A replica set of mongods on this machine, one member for work and three for fault tests.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use bson::{Bson, doc};

use super::process::{Mongod, SET_NAME};
use super::wire::{self, CommandFailed, admin_command};
use super::{Purpose, provision};
use crate::interrupt::Interrupt;

/// How long the members may take to elect a primary.
const ELECTION: Duration = Duration::from_secs(60);
/// How long a member left over by an earlier run may take to prove that it is of use.
const REUSE: Duration = Duration::from_secs(10);
/// The port tried first for a developer's data, so that bookmarks and clients keep working.
const DEVELOPMENT_PORT: u16 = 27018;

/// The server's code for a command that only makes sense before a replica set is initiated.
const ALREADY_INITIALIZED: i32 = 23;

/// Running mongods that form a replica set. Dropping it stops them.
#[derive(Debug)]
pub(crate) struct ReplicaSet {
    members: Vec<Mongod>,
}

impl ReplicaSet {
    /// One member on the data in `folder`, which is kept. A member left running by a killed run is taken over
    /// if it still works, and ended if it does not.
    pub(crate) fn development(folder: &Path, interrupt: &Interrupt) -> anyhow::Result<Self> {
        let binary = provision::mongod()?;
        if let Some(member) = Mongod::left_over(&binary, folder, Purpose::Development) {
            let set = Self { members: vec![member] };
            if set.becomes_writable(REUSE, interrupt)? {
                return Ok(set);
            }
        }
        let member = Mongod::start(&binary, folder, Purpose::Development, Some(DEVELOPMENT_PORT), interrupt)?;
        Self::form(vec![member], interrupt)
    }

    /// Ends the mongod that a killed run left on the data in `folder`, if there is one.
    pub(crate) fn end_left_over(folder: &Path, purpose: Purpose) {
        drop(Mongod::left_over(Path::new("mongod"), folder, purpose));
    }

    /// As many new members as asked for, each with a folder of its own below `folder`.
    pub(crate) fn throwaway(
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
        if !set.becomes_writable(ELECTION, interrupt)? {
            let log = set.members[0].log();
            anyhow::bail!("no primary after {} s; a log is {}", ELECTION.as_secs(), log.display());
        }
        Ok(set)
    }

    /// Tells the members of each other, or corrects what they remember where a port has changed since.
    fn initiate(&self) -> anyhow::Result<()> {
        let hosts: Vec<Bson> = (0_i32..)
            .zip(&self.members)
            .map(|(id, member)| doc! { "_id": id, "host": member.address() }.into())
            .collect();
        // The default of ten seconds without a primary before an election is for networks between houses.
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

    /// The number of the member that takes writes now.
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

    /// The members by number.
    pub(crate) fn members(&mut self) -> &mut [Mongod] {
        &mut self.members
    }

    /// Fails if a member has ended, with what its log says last.
    pub(crate) fn check_running(&mut self) -> anyhow::Result<()> {
        self.members.iter_mut().try_for_each(Mongod::check_running)
    }
}

/// Gives the members of an existing set their present addresses.
///
/// By force, because a member that does not find itself in its configuration takes part in no vote.
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
        .context("cannot give the replica set its new port")?;
    Ok(())
}

fn code_of(error: &anyhow::Error) -> Option<i32> {
    error.downcast_ref::<CommandFailed>().map(|failed| failed.code)
}
