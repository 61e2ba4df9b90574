//! Faults of single commands, by the fail points of the primary. Only `convene` meets them.

use std::time::Duration;

use anyhow::ensure;
use bson::{Document, doc};

use crate::{cluster::entered, scene::Scene};

/// How long they last.
const WHILE: Duration = Duration::from_secs(2);
/// The server's codes.
const SHUTDOWN_IN_PROGRESS: i32 = 91;
const WRITE_CONFLICT: i32 = 112;
const NOT_WRITABLE_PRIMARY: i32 = 10_107;

async fn disturb(scene: &Scene, mode: Document, data: Document) -> anyhow::Result<()> {
    let primary = scene.cluster.primary().await?;
    let met = scene.cluster.disturb(primary, mode, data, WHILE).await?;
    ensure!(met > 0, "no command met the fail point");
    Ok(())
}

/// Nothing is done.
pub(super) async fn cut_commits(scene: &Scene) -> anyhow::Result<()> {
    let data = doc! { "failCommands": ["commitTransaction"], "closeConnection": true };
    disturb(scene, doc! { "times": 20 }, data).await
}

/// It is done, but the server says that it may be rolled back.
pub(super) async fn doubt_commits(scene: &Scene) -> anyhow::Result<()> {
    let doubt = doc! { "code": SHUTDOWN_IN_PROGRESS, "errmsg": "by a fault test" };
    let data = doc! { "failCommands": ["commitTransaction"], "writeConcernError": doubt };
    disturb(scene, doc! { "times": 20 }, data).await
}

/// It is done, and the server keeps that to itself for longer than anybody waits.
pub(super) async fn leave_commits_unanswered(scene: &Scene) -> anyhow::Result<()> {
    const POINT: &str = "waitAfterCommandFinishesExecution";
    let primary = scene.cluster.primary().await?;
    let on = doc! { "configureFailPoint": POINT, "mode": "alwaysOn", "data": { "commands": ["commitTransaction"] } };
    let before = scene.cluster.command(primary, on).await?;
    tokio::time::sleep(WHILE * 2).await;
    let off = scene.cluster.command(primary, doc! { "configureFailPoint": POINT, "mode": "off" }).await?;
    ensure!(entered(&off)? > entered(&before)?, "no commit met the fail point");
    Ok(())
}

/// Three of ten writes meet another transaction.
pub(super) async fn conflict(scene: &Scene) -> anyhow::Result<()> {
    let data = doc! {
        "failCommands": ["update", "insert"],
        "errorCode": WRITE_CONFLICT,
        "errorLabels": ["TransientTransactionError"],
    };
    disturb(scene, doc! { "activationProbability": 0.3 }, data).await
}

/// One of twenty commands ends with its connection.
pub(super) async fn cut_connections(scene: &Scene) -> anyhow::Result<()> {
    let data = doc! {
        "failCommands": ["find", "aggregate", "update", "insert", "commitTransaction"],
        "closeConnection": true,
    };
    disturb(scene, doc! { "activationProbability": 0.05 }, data).await
}

/// Every command waits first.
pub(super) async fn slow_down(scene: &Scene) -> anyhow::Result<()> {
    let data = doc! {
        "failCommands": ["find", "aggregate", "update", "insert", "commitTransaction"],
        "blockConnection": true,
        "blockTimeMS": 100,
    };
    disturb(scene, doc! { "times": 1_000_000 }, data).await
}

/// One of five writes is refused as by a member that has stepped down.
pub(super) async fn refuse_as_secondary(scene: &Scene) -> anyhow::Result<()> {
    let data = doc! {
        "failCommands": ["update", "insert", "commitTransaction"],
        "errorCode": NOT_WRITABLE_PRIMARY,
    };
    disturb(scene, doc! { "activationProbability": 0.2 }, data).await
}

/// Transactions are aborted under the hands of those who run them.
pub(super) async fn kill_sessions(scene: &Scene) -> anyhow::Result<()> {
    let primary = scene.cluster.primary().await?;
    for _ in 0..10 {
        scene.cluster.command(primary, doc! { "killAllSessions": [] }).await?;
        tokio::time::sleep(WHILE / 10).await;
    }
    Ok(())
}
