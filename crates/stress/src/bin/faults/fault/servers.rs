//! Faults of `convene` and of its clients.

use std::{sync::atomic::Ordering, time::Duration};

use rustix::process::Signal;

use crate::{
    cluster::signal_process,
    fleet::SERVERS,
    history::{Attempt, Ending},
    scene::Scene,
};

/// A terminated server goes on accepting requests for half a second; what is sent so long after it was told is in
/// any case early enough to be answered.
const ACCEPTING: u64 = 200_000;

/// SIGKILL, then a new process.
pub(super) async fn kill(scene: &Scene) -> anyhow::Result<()> {
    signal_process(scene.fleet.process(0).await, Signal::KILL)?;
    tokio::time::sleep(Duration::from_millis(500)).await;
    scene.fleet.restart(0).await
}

/// SIGTERM, then a new process: the old one answers everybody who has asked, and ends with success.
pub(super) async fn terminate(scene: &Scene) -> anyhow::Result<()> {
    const SERVER: usize = 1;
    let (before, generation) = (scene.history.mark(), scene.fleet.place(SERVER).generation);
    let status = scene.fleet.stop(SERVER).await?;
    if !status.success() {
        scene.history.violation(format!("a terminated convene ended with {status}"));
    }
    // The callers write down what they saw.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let attempts = scene.history.between(&before, &scene.history.mark());
    let early = |attempt: &&Attempt| {
        (attempt.server, attempt.generation) == (SERVER, generation) && attempt.sent < before.time + ACCEPTING
    };
    let unanswered = |attempt: &&Attempt| matches!(attempt.ending, Ending::Broken { .. } | Ending::Silent);
    let cut = attempts.iter().filter(early).filter(unanswered).count();
    if cut > 0 {
        scene.history.violation(format!("a terminated convene left {cut} requests in flight unanswered"));
    }
    scene.fleet.restart(SERVER).await
}

/// SIGSTOP to all, SIGCONT two seconds later.
pub(super) async fn pause(scene: &Scene) -> anyhow::Result<()> {
    let mut processes = Vec::new();
    for server in 0..SERVERS {
        processes.push(scene.fleet.process(server).await);
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

/// For two seconds, three of ten requests are broken off by their clients.
pub(super) async fn vanish(scene: &Scene) -> anyhow::Result<()> {
    let before = scene.history.mark();
    scene.rude.store(true, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_secs(2)).await;
    scene.rude.store(false, Ordering::Relaxed);
    let attempts = scene.history.between(&before, &scene.history.mark());
    anyhow::ensure!(attempts.iter().any(|attempt| attempt.ending == Ending::HungUp), "nobody hung up");
    Ok(())
}
