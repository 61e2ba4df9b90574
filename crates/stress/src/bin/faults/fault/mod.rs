//! What can go wrong.

mod commands;
mod members;
mod servers;

use std::fmt;

use crate::scene::Scene;

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A `convene` process is killed, and started again.
    ConveneKilled,
    /// A `convene` process is asked to end, and started again.
    ConveneTerminated,
    /// Both `convene` processes stand still for a while.
    ConvenePaused,
    /// Clients hang up before they are answered.
    ClientsVanish,
    /// The primary is killed.
    PrimaryKilled,
    /// The primary steps down.
    PrimaryStepsDown,
    /// The primary stands still for long enough that another one is elected.
    PrimaryPaused,
    /// A secondary is killed.
    SecondaryKilled,
    /// Both secondaries stand still: nothing can be durable on a majority.
    MajorityLost,
    /// The connection is closed in place of a commit.
    CommitCut,
    /// A commit is done, and answered with a doubt.
    CommitUnsure,
    /// A commit is done, and not answered.
    CommitUnanswered,
    /// Writes meet others all the time.
    Conflicts,
    /// Connections to the database are cut at any command.
    ConnectionsCut,
    /// The database is slow.
    SlowDatabase,
    /// The database refuses writes as one that is not primary.
    NotPrimary,
    /// The database ends all sessions, and the transactions in them.
    SessionsKilled,
    /// The primary and a `convene` process are killed at once.
    BothKilled,
}

impl Fault {
    /// Every kind.
    pub(crate) const ALL: [Self; 18] = [
        Self::ConveneKilled,
        Self::CommitCut,
        Self::CommitUnsure,
        Self::CommitUnanswered,
        Self::Conflicts,
        Self::ConnectionsCut,
        Self::SlowDatabase,
        Self::NotPrimary,
        Self::SessionsKilled,
        Self::ClientsVanish,
        Self::ConveneTerminated,
        Self::ConvenePaused,
        Self::PrimaryStepsDown,
        Self::PrimaryKilled,
        Self::PrimaryPaused,
        Self::SecondaryKilled,
        Self::MajorityLost,
        Self::BothKilled,
    ];

    /// Lets it happen, and ends it.
    ///
    /// # Errors
    /// It did not happen: what was done showed no effect.
    pub(crate) async fn happen(self, scene: &Scene) -> anyhow::Result<()> {
        match self {
            Self::ConveneKilled => servers::kill(scene).await,
            Self::ConveneTerminated => servers::terminate(scene).await,
            Self::ConvenePaused => servers::pause(scene).await,
            Self::ClientsVanish => servers::vanish(scene).await,
            Self::PrimaryKilled => members::kill_primary(scene).await,
            Self::PrimaryStepsDown => members::step_down(scene).await,
            Self::PrimaryPaused => members::pause_primary(scene).await,
            Self::SecondaryKilled => members::kill_secondary(scene).await,
            Self::MajorityLost => members::pause_secondaries(scene).await,
            Self::CommitCut => commands::cut_commits(scene).await,
            Self::CommitUnsure => commands::doubt_commits(scene).await,
            Self::CommitUnanswered => commands::leave_commits_unanswered(scene).await,
            Self::Conflicts => commands::conflict(scene).await,
            Self::ConnectionsCut => commands::cut_connections(scene).await,
            Self::SlowDatabase => commands::slow_down(scene).await,
            Self::NotPrimary => commands::refuse_as_secondary(scene).await,
            Self::SessionsKilled => commands::kill_sessions(scene).await,
            Self::BothKilled => {
                let (primary, server) = tokio::join!(members::kill_primary(scene), servers::kill(scene));
                primary.and(server)
            }
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ConveneKilled => "`convene` killed, and started again",
            Self::ConveneTerminated => "`convene` terminated, and started again",
            Self::ConvenePaused => "both `convene` stopped for 2 s",
            Self::ClientsVanish => "clients hang up in the middle",
            Self::PrimaryKilled => "primary killed",
            Self::PrimaryStepsDown => "primary steps down",
            Self::PrimaryPaused => "primary stopped for 5 s",
            Self::SecondaryKilled => "secondary killed",
            Self::MajorityLost => "both secondaries stopped for 4 s",
            Self::CommitCut => "connection cut before a commit",
            Self::CommitUnsure => "commit done, answered with a doubt",
            Self::CommitUnanswered => "commit done, not answered for 4 s",
            Self::Conflicts => "write conflicts, three of ten writes",
            Self::ConnectionsCut => "connection cut, one of twenty commands",
            Self::SlowDatabase => "every command 100 ms slower",
            Self::NotPrimary => "\"not primary\", one of five writes",
            Self::SessionsKilled => "all sessions killed, ten times",
            Self::BothKilled => "primary and `convene` killed at once",
        })
    }
}
