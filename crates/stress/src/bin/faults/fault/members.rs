//! Faults of the members of the replica set. `cargo xtask faults` restarts dead members.

use std::time::Duration;

use anyhow::{Context, ensure};
use bson::doc;
use rustix::process::Signal;

use crate::{cluster::signal_process, fixture::Fixture};

/// Sends SIGKILL and waits for another primary.
pub(super) async fn kill_primary(fixture: &Fixture) -> anyhow::Result<()> {
    let primary = fixture.cluster.primary().await?;
    fixture.cluster.signal(primary, Signal::KILL).await?;
    let next = fixture.cluster.primary().await?;
    ensure!(next != primary, "the primary was not replaced");
    Ok(())
}

/// Makes the primary step down and waits for another one.
pub(super) async fn step_down(fixture: &Fixture) -> anyhow::Result<()> {
    let primary = fixture.cluster.primary().await?;
    let order = doc! { "replSetStepDown": 10, "secondaryCatchUpPeriodSecs": 5, "force": true };
    fixture.cluster.command(primary, order).await?;
    let next = fixture.cluster.primary().await?;
    ensure!(next != primary, "the primary did not step down");
    Ok(())
}

/// Sends SIGSTOP, and SIGCONT after the election of another primary. For a moment two members regard themselves as
/// the primary.
pub(super) async fn pause_primary(fixture: &Fixture) -> anyhow::Result<()> {
    let primary = fixture.cluster.primary().await?;
    let process = fixture.cluster.process(primary).await?;
    signal_process(process, Signal::STOP)?;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let next = fixture.cluster.primary().await;
    signal_process(process, Signal::CONT)?;
    ensure!(next? != primary, "the primary did not stop");
    Ok(())
}

/// Sends SIGKILL to a secondary.
pub(super) async fn kill_secondary(fixture: &Fixture) -> anyhow::Result<()> {
    let secondary = fixture.cluster.secondaries().await?.first().copied().context("there is no secondary")?;
    fixture.cluster.signal(secondary, Signal::KILL).await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    Ok(())
}

/// Sends SIGSTOP to all secondaries, and SIGCONT after four seconds.
pub(super) async fn pause_secondaries(fixture: &Fixture) -> anyhow::Result<()> {
    let mut processes = Vec::new();
    for secondary in fixture.cluster.secondaries().await? {
        processes.push(fixture.cluster.process(secondary).await?);
    }
    for &process in &processes {
        signal_process(process, Signal::STOP)?;
    }
    tokio::time::sleep(Duration::from_secs(4)).await;
    for process in processes {
        signal_process(process, Signal::CONT)?;
    }
    Ok(())
}
