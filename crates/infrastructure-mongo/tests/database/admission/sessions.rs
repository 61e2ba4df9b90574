//! Sessions of calls that were given up.

use std::time::{Duration, Instant};

use bson::{Bson, Document};
use convene_application::{
    failure::Outcome,
    testing::builders::{ChangeBuilder, IssueBuilder},
};
use convene_domain::issue::Issue;
use futures::future::join_all;

use super::all_permits_are_returned;
use crate::support::{FailPoint, Tenant, TestDatabase};

async fn report(database: &TestDatabase, tenant: &Tenant) -> Outcome<Issue> {
    let issue = IssueBuilder::new("Broken projector", tenant.admin()).build();
    database.ports.issues.create(&tenant.scope, issue, &ChangeBuilder::by("first-admin").build()).await
}

fn session(command: &Document) -> Document {
    command.get_document("lsid").unwrap().clone()
}

/// Drops a call while this command of it is in flight, and then makes calls of another organization.
async fn drop_during(command: &str) {
    let (database, commands) = TestDatabase::watched().await;
    let (dropping, other) = (database.organization("dropping").await, database.organization("other").await);
    commands.take();
    let slow = FailPoint::on(command, 1).slow(1_500).set(&database).await;
    tokio::select! {
        outcome = report(&database, &dropping) => panic!("{outcome:?}"),
        () = slow.entered() => {}
    }
    let sent = commands.take();
    let in_flight = sent.iter().rfind(|sent| sent.command_name == command).unwrap();
    let busy = session(&in_flight.command);

    let started = Instant::now();
    let outcomes = join_all((0..8).map(|_| report(&database, &other))).await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    let elapsed = started.elapsed();
    let reused = commands.take().iter().any(|sent| session(&sent.command) == busy);
    assert!(!reused || elapsed > Duration::from_secs(1), "the session was reused while the server was busy");
    drop(slow);
    all_permits_are_returned(&database).await;
    // Nothing is left of the dropped call, not even a lock, unless it was committing.
    let numbered = report(&database, &dropping).await.unwrap();
    assert_eq!(numbered.number, if command == "commitTransaction" { 2 } else { 1 });
}

#[tokio::test]
async fn a_session_is_not_reused_while_the_first_command_of_a_dropped_call_runs() {
    drop_during("findAndModify").await;
}

#[tokio::test]
async fn a_session_is_not_reused_while_a_later_command_of_a_dropped_call_runs() {
    drop_during("insert").await;
}

#[tokio::test]
async fn a_session_is_not_reused_while_the_commit_of_a_dropped_call_runs() {
    drop_during("commitTransaction").await;
}

#[tokio::test]
async fn the_transaction_of_a_session_in_doubt_is_ended() {
    let (database, commands) = TestDatabase::watched().await;
    let tenant = database.organization("tenant").await;
    commands.take();
    let hanging = FailPoint::on("insert", 1).slow(60_000).set(&database).await;
    assert!(report(&database, &tenant).await.is_err());
    let sent = commands.take();
    let in_flight = sent.iter().rfind(|sent| sent.command_name == "insert").unwrap();
    let in_doubt = Bson::Document(session(&in_flight.command));
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let sent = commands.take();
        let ended = sent.iter().filter_map(|sent| sent.command.get_array("killSessions").ok());
        if ended.flatten().any(|id| *id == in_doubt) {
            break;
        }
        assert!(Instant::now() < deadline, "the session was not ended");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    drop(hanging);
    // The server does not hold the locks of the transaction for the time of the fail point.
    report(&database, &tenant).await.unwrap();
}
