//! Faults of single commands, injected with fail points of the primary that affect `convene` only.

use std::time::Duration;

use anyhow::ensure;
use bson::{Document, doc};

use crate::{cluster::hit_count, fixture::Fixture};

const DURATION: Duration = Duration::from_secs(2);
/// Error codes of MongoDB.
const SHUTDOWN_IN_PROGRESS: i32 = 91;
const WRITE_CONFLICT: i32 = 112;
const NOT_WRITABLE_PRIMARY: i32 = 10_107;

async fn with_fail_point(fixture: &Fixture, mode: Document, data: Document) -> anyhow::Result<()> {
    let primary = fixture.cluster.primary().await?;
    let hits = fixture.cluster.with_fail_point(primary, mode, data, DURATION).await?;
    ensure!(hits > 0, "no command hit the fail point");
    Ok(())
}

/// The commit is not executed.
pub(super) async fn close_connections_before_commits(fixture: &Fixture) -> anyhow::Result<()> {
    let data = doc! { "failCommands": ["commitTransaction"], "closeConnection": true };
    with_fail_point(fixture, doc! { "times": 20 }, data).await
}

/// The commit is executed, but reported as uncertain with a write concern error.
pub(super) async fn answer_commits_as_uncertain(fixture: &Fixture) -> anyhow::Result<()> {
    let doubt = doc! { "code": SHUTDOWN_IN_PROGRESS, "errmsg": "by a fault test" };
    let data = doc! { "failCommands": ["commitTransaction"], "writeConcernError": doubt };
    with_fail_point(fixture, doc! { "times": 20 }, data).await
}

/// The commit is executed, but its answer is delayed beyond every deadline.
pub(super) async fn leave_commits_unanswered(fixture: &Fixture) -> anyhow::Result<()> {
    const POINT: &str = "waitAfterCommandFinishesExecution";
    let primary = fixture.cluster.primary().await?;
    let on = doc! { "configureFailPoint": POINT, "mode": "alwaysOn", "data": { "commands": ["commitTransaction"] } };
    let before = fixture.cluster.command(primary, on).await?;
    tokio::time::sleep(DURATION * 2).await;
    let off = fixture.cluster.command(primary, doc! { "configureFailPoint": POINT, "mode": "off" }).await?;
    ensure!(hit_count(&off)? > hit_count(&before)?, "no commit hit the fail point");
    Ok(())
}

/// 30 % of the writes fail with a write conflict.
pub(super) async fn conflict(fixture: &Fixture) -> anyhow::Result<()> {
    let data = doc! {
        "failCommands": ["update", "insert"],
        "errorCode": WRITE_CONFLICT,
        "errorLabels": ["TransientTransactionError"],
    };
    with_fail_point(fixture, doc! { "activationProbability": 0.3 }, data).await
}

/// 5 % of the commands close the connection.
pub(super) async fn cut_connections(fixture: &Fixture) -> anyhow::Result<()> {
    let data = doc! {
        "failCommands": ["find", "aggregate", "update", "insert", "commitTransaction"],
        "closeConnection": true,
    };
    with_fail_point(fixture, doc! { "activationProbability": 0.05 }, data).await
}

/// Every command is delayed.
pub(super) async fn slow_down(fixture: &Fixture) -> anyhow::Result<()> {
    let data = doc! {
        "failCommands": ["find", "aggregate", "update", "insert", "commitTransaction"],
        "blockConnection": true,
        "blockTimeMS": 100,
    };
    with_fail_point(fixture, doc! { "times": 1_000_000 }, data).await
}

/// 20 % of the writes fail as on a member that has stepped down.
pub(super) async fn refuse_as_secondary(fixture: &Fixture) -> anyhow::Result<()> {
    let data = doc! {
        "failCommands": ["update", "insert", "commitTransaction"],
        "errorCode": NOT_WRITABLE_PRIMARY,
    };
    with_fail_point(fixture, doc! { "activationProbability": 0.2 }, data).await
}

/// Running transactions are aborted.
pub(super) async fn kill_sessions(fixture: &Fixture) -> anyhow::Result<()> {
    let primary = fixture.cluster.primary().await?;
    for _ in 0..10 {
        fixture.cluster.command(primary, doc! { "killAllSessions": [] }).await?;
        tokio::time::sleep(DURATION / 10).await;
    }
    Ok(())
}
