//! Faults of `convene` and its clients.

use std::{sync::atomic::Ordering, time::Duration};

use rustix::process::Signal;

use crate::{
    cluster::signal_process,
    fixture::Fixture,
    history::{Attempt, AttemptOutcome},
    servers::SERVERS,
};

/// A terminated server accepts requests for another 500 ms, so a request within this time (in microseconds) must be
/// answered.
const ACCEPTING: u64 = 200_000;

/// Sends SIGKILL and starts a new process.
pub(super) async fn kill(fixture: &Fixture) -> anyhow::Result<()> {
    signal_process(fixture.servers.process(0).await, Signal::KILL)?;
    tokio::time::sleep(Duration::from_millis(500)).await;
    fixture.servers.restart(0).await
}

/// Sends SIGTERM and starts a new process. The old one must answer all requests and exit with success.
pub(super) async fn terminate(fixture: &Fixture) -> anyhow::Result<()> {
    const SERVER: usize = 1;
    let (before, generation) = (fixture.history.mark(), fixture.servers.endpoint(SERVER).generation);
    let status = fixture.servers.stop(SERVER).await?;
    if !status.success() {
        fixture.history.violation(format!("a terminated convene ended with {status}"));
    }
    // The callers record their last attempts.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let attempts = fixture.history.between(&before, &fixture.history.mark());
    let early = |attempt: &&Attempt| {
        (attempt.server, attempt.generation) == (SERVER, generation) && attempt.sent < before.time + ACCEPTING
    };
    let unanswered = |attempt: &&Attempt| {
        matches!(attempt.outcome, AttemptOutcome::ConnectionBroken { .. } | AttemptOutcome::TimedOut)
    };
    let cut = attempts.iter().filter(early).filter(unanswered).count();
    if cut > 0 {
        fixture.history.violation(format!("a terminated convene left {cut} requests in flight unanswered"));
    }
    fixture.servers.restart(SERVER).await
}

/// Sends SIGSTOP to all servers, and SIGCONT after two seconds.
pub(super) async fn pause(fixture: &Fixture) -> anyhow::Result<()> {
    let mut processes = Vec::new();
    for server in 0..SERVERS {
        processes.push(fixture.servers.process(server).await);
    }
    for &process in &processes {
        signal_process(process, Signal::STOP)?;
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    for process in processes {
        signal_process(process, Signal::CONT)?;
    }
    Ok(())
}

/// For two seconds, clients disconnect during 30 % of the requests.
pub(super) async fn disconnect_clients(fixture: &Fixture) -> anyhow::Result<()> {
    let before = fixture.history.mark();
    fixture.disconnecting.store(true, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_secs(2)).await;
    fixture.disconnecting.store(false, Ordering::Relaxed);
    let attempts = fixture.history.between(&before, &fixture.history.mark());
    anyhow::ensure!(
        attempts.iter().any(|attempt| attempt.outcome == AttemptOutcome::Disconnected),
        "no client disconnected"
    );
    Ok(())
}
