//! Faults of the members of the replica set. What has died is started again by `cargo xtask faults`.

use std::time::Duration;

use anyhow::{Context, ensure};
use bson::doc;
use rustix::process::Signal;

use crate::{cluster::signal_process, scene::Scene};

/// SIGKILL; over as soon as there is another primary.
pub(super) async fn kill_primary(scene: &Scene) -> anyhow::Result<()> {
    let primary = scene.cluster.primary().await?;
    scene.cluster.signal(primary, Signal::KILL).await?;
    let next = scene.cluster.primary().await?;
    ensure!(next != primary, "the primary is alive");
    Ok(())
}

/// An order to step down; over as soon as there is another primary.
pub(super) async fn step_down(scene: &Scene) -> anyhow::Result<()> {
    let primary = scene.cluster.primary().await?;
    let order = doc! { "replSetStepDown": 10, "secondaryCatchUpPeriodSecs": 5, "force": true };
    scene.cluster.command(primary, order).await?;
    let next = scene.cluster.primary().await?;
    ensure!(next != primary, "the primary did not step down");
    Ok(())
}

/// SIGSTOP, and SIGCONT when another primary has been elected: there are two for a moment that believe to be it.
pub(super) async fn pause_primary(scene: &Scene) -> anyhow::Result<()> {
    let primary = scene.cluster.primary().await?;
    let process = scene.cluster.process(primary).await?;
    signal_process(process, Signal::STOP)?;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let next = scene.cluster.primary().await;
    signal_process(process, Signal::CONT)?;
    ensure!(next? != primary, "the primary did not stop");
    Ok(())
}

/// SIGKILL to one that follows.
pub(super) async fn kill_secondary(scene: &Scene) -> anyhow::Result<()> {
    let secondary = scene.cluster.secondaries().await?.first().copied().context("there is no secondary")?;
    scene.cluster.signal(secondary, Signal::KILL).await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    Ok(())
}

/// SIGSTOP to all that follow, SIGCONT four seconds later.
pub(super) async fn pause_secondaries(scene: &Scene) -> anyhow::Result<()> {
    let mut processes = Vec::new();
    for secondary in scene.cluster.secondaries().await? {
        processes.push(scene.cluster.process(secondary).await?);
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
