//! The time limits that commands have on the server.

use std::time::{Duration, Instant};

use bson::Document;
use convene_application::{
    authentication::Deadline,
    failure::{Failure, Fault},
    testing::builders::{ChangeBuilder, EventBuilder, IssueBuilder},
};
use convene_domain::time::interval::Interval;
use time::macros::{datetime, utc_datetime};

use super::{all_permits_are_returned, call_of};
use crate::support::{FailPoint, TestDatabase};

fn max_time(command: &Document) -> Option<i64> {
    let value = command.get("maxTimeMS")?;
    value.as_i64().or_else(|| value.as_i32().map(i64::from))
}

fn january() -> Interval {
    Interval::new(utc_datetime!(2031-01-01 00:00), utc_datetime!(2031-02-01 00:00)).unwrap()
}

#[tokio::test]
async fn every_command_has_a_time_limit_on_the_server_within_the_deadline_of_its_caller() {
    let (database, commands) = TestDatabase::watched().await;
    let tenant = database.organization("limits").await;
    commands.take();
    let scope = tenant.scope.called_by(tenant.admin(), Deadline::at(Instant::now() + Duration::from_secs(2)));
    let change = ChangeBuilder::by("first-admin").key("limited", 1).build();
    let issue = IssueBuilder::new("Limited", tenant.admin()).build();
    let issue = database.ports.issues.create(&scope, issue, &change).await.unwrap();
    let event = EventBuilder::daily(datetime!(2031-01-01 09:00), 3).build();
    database.ports.events.create(&scope, event, &ChangeBuilder::by("first-admin").build()).await.unwrap();
    database.ports.catalogue.window(&scope, january(), None).await.unwrap();
    database
        .ports
        .issues
        .delete(&scope, issue.id, None, &ChangeBuilder::by("first-admin").build())
        .await
        .unwrap();
    for started in commands.take() {
        // The limit of a commit is that of every commit, because it is set at the beginning.
        let longest = if started.command_name == "commitTransaction" { 3_000 } else { 2_000 };
        let limit = max_time(&started.command).unwrap_or(0);
        assert!((1..=longest).contains(&limit), "{} has {limit}", started.command_name);
    }
}

#[tokio::test]
async fn a_read_without_an_answer_to_its_commit_is_unavailable_and_not_unknown() {
    let database = TestDatabase::prepared().await;
    let tenant = database.organization("reader").await;
    let event = EventBuilder::daily(datetime!(2031-01-01 09:00), 3).build();
    let change = ChangeBuilder::by("first-admin").build();
    database.ports.events.create(&tenant.scope, event, &change).await.unwrap();
    let failing = FailPoint::on("commitTransaction", 1_000).hang_up().set(&database).await;
    let scope = call_of(&tenant, 1, Duration::from_millis(800));
    let outcome = database.ports.catalogue.window(&scope, january(), None).await;
    assert!(matches!(outcome, Err(Fault::Unavailable(_))), "{:?}", outcome.err());
    drop(failing);
    all_permits_are_returned(&database).await;
}

#[tokio::test]
async fn a_change_ends_at_the_deadline_of_its_caller_without_an_effect() {
    let database = TestDatabase::prepared().await;
    let tenant = database.organization("late").await;
    let failing = FailPoint::on("findAndModify", 1).slow(1_500).set(&database).await;
    let scope = call_of(&tenant, 1, Duration::from_millis(500));
    let change = ChangeBuilder::by("first-admin").build();
    let issue = IssueBuilder::new("Late", tenant.admin()).build();
    let started = Instant::now();
    let outcome = database.ports.issues.create(&scope, issue, &change).await;
    assert!(started.elapsed() < Duration::from_millis(1_400), "{:?}", started.elapsed());
    let Err(Failure::Fault(Fault::Unavailable(source))) = outcome else { panic!("{outcome:?}") };
    assert_eq!(source.to_string(), "the database did not answer by the deadline of the request");
    drop(failing);
    all_permits_are_returned(&database).await;
    assert_eq!(database.collection("issues").count_documents(bson::doc! {}).await.unwrap(), 0);
}
