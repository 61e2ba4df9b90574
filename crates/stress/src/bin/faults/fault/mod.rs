//! The kinds of fault.

mod commands;
mod members;
mod servers;

use std::fmt;

use crate::fixture::Fixture;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A `convene` process is killed and restarted.
    ConveneKilled,
    /// A `convene` process is terminated and restarted.
    ConveneTerminated,
    /// Both `convene` processes are stopped for a while.
    ConvenePaused,
    /// Clients disconnect before they get an answer.
    ClientsDisconnect,
    PrimaryKilled,
    PrimaryStepsDown,
    /// The primary is stopped until another one is elected.
    PrimaryPaused,
    SecondaryKilled,
    /// Both secondaries are stopped, so that no write reaches a majority.
    MajorityLost,
    /// The connection is closed instead of a commit.
    CommitCut,
    /// A commit is executed and reported as uncertain.
    CommitUncertain,
    /// A commit is executed and not answered.
    CommitUnanswered,
    /// Many writes fail with a write conflict.
    Conflicts,
    /// Connections to the database are closed at any command.
    ConnectionsCut,
    SlowDatabase,
    /// The database refuses writes as a secondary does.
    NotPrimary,
    /// The database ends all sessions with their transactions.
    SessionsKilled,
    /// The primary and a `convene` process are killed together.
    BothKilled,
}

impl Fault {
    pub(crate) const ALL: [Self; 18] = [
        Self::ConveneKilled,
        Self::CommitCut,
        Self::CommitUncertain,
        Self::CommitUnanswered,
        Self::Conflicts,
        Self::ConnectionsCut,
        Self::SlowDatabase,
        Self::NotPrimary,
        Self::SessionsKilled,
        Self::ClientsDisconnect,
        Self::ConveneTerminated,
        Self::ConvenePaused,
        Self::PrimaryStepsDown,
        Self::PrimaryKilled,
        Self::PrimaryPaused,
        Self::SecondaryKilled,
        Self::MajorityLost,
        Self::BothKilled,
    ];

    /// Injects the fault and ends it.
    ///
    /// # Errors
    /// The fault had no effect.
    pub(crate) async fn inject(self, fixture: &Fixture) -> anyhow::Result<()> {
        match self {
            Self::ConveneKilled => servers::kill(fixture).await,
            Self::ConveneTerminated => servers::terminate(fixture).await,
            Self::ConvenePaused => servers::pause(fixture).await,
            Self::ClientsDisconnect => servers::disconnect_clients(fixture).await,
            Self::PrimaryKilled => members::kill_primary(fixture).await,
            Self::PrimaryStepsDown => members::step_down(fixture).await,
            Self::PrimaryPaused => members::pause_primary(fixture).await,
            Self::SecondaryKilled => members::kill_secondary(fixture).await,
            Self::MajorityLost => members::pause_secondaries(fixture).await,
            Self::CommitCut => commands::close_connections_before_commits(fixture).await,
            Self::CommitUncertain => commands::answer_commits_as_uncertain(fixture).await,
            Self::CommitUnanswered => commands::leave_commits_unanswered(fixture).await,
            Self::Conflicts => commands::conflict(fixture).await,
            Self::ConnectionsCut => commands::cut_connections(fixture).await,
            Self::SlowDatabase => commands::slow_down(fixture).await,
            Self::NotPrimary => commands::refuse_as_secondary(fixture).await,
            Self::SessionsKilled => commands::kill_sessions(fixture).await,
            Self::BothKilled => {
                let (primary, server) = tokio::join!(members::kill_primary(fixture), servers::kill(fixture));
                primary.and(server)
            }
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ConveneKilled => "`convene` killed and restarted",
            Self::ConveneTerminated => "`convene` terminated and restarted",
            Self::ConvenePaused => "both `convene` stopped for 2 s",
            Self::ClientsDisconnect => "clients disconnect during requests",
            Self::PrimaryKilled => "primary killed",
            Self::PrimaryStepsDown => "primary steps down",
            Self::PrimaryPaused => "primary stopped for 5 s",
            Self::SecondaryKilled => "secondary killed",
            Self::MajorityLost => "both secondaries stopped for 4 s",
            Self::CommitCut => "connection closed before a commit",
            Self::CommitUncertain => "commit executed, reported as uncertain",
            Self::CommitUnanswered => "commit executed, not answered for 4 s",
            Self::Conflicts => "write conflicts, 30 % of the writes",
            Self::ConnectionsCut => "connection closed, 5 % of the commands",
            Self::SlowDatabase => "every command 100 ms slower",
            Self::NotPrimary => "\"not primary\", 20 % of the writes",
            Self::SessionsKilled => "all sessions killed, ten times",
            Self::BothKilled => "primary and `convene` killed together",
        })
    }
}
