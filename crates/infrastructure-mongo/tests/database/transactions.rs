use std::time::Duration;

use convene_application::{
    failure::{Failure, Fault, Outcome, Refusal},
    ports::NewIssue,
    testing::builders::{ChangeBuilder, IssueBuilder, fresh_uuid},
};
use convene_domain::{id::MemberId, issue::Issue};

use crate::support::{FailPoint, Tenant, TestDatabase};

const TRANSIENT: &str = "TransientTransactionError";
const UNKNOWN: &str = "UnknownTransactionCommitResult";

async fn report(database: &TestDatabase, tenant: &Tenant, issue: NewIssue) -> Outcome<Issue> {
    let change = ChangeBuilder::by("first-admin").build();
    database.ports.issues.create(&tenant.scope, issue, &change).await
}

fn issue(tenant: &Tenant) -> NewIssue {
    IssueBuilder::new("Broken projector", tenant.admin()).build()
}

async fn assert_reported_once(database: &TestDatabase, outcome: Outcome<Issue>) {
    assert_eq!(outcome.unwrap().number, 1);
    assert_eq!(database.collection("issues").count_documents(bson::doc! {}).await.unwrap(), 1);
    assert_eq!(database.logged("issue.created").await, 1);
}

#[tokio::test]
async fn a_transaction_that_was_in_the_way_of_another_is_run_again() {
    let database = TestDatabase::prepared().await;
    let tenant = database.organization("conflict").await;
    let failing = FailPoint::on("findAndModify", 3).code(112, &[TRANSIENT]).set(&database).await;
    assert_reported_once(&database, report(&database, &tenant, issue(&tenant)).await).await;
    assert_eq!(failing.times_entered().await, 3);
}

#[tokio::test]
async fn a_commit_that_was_not_heard_is_sent_again() {
    let database = TestDatabase::prepared().await;
    let tenant = database.organization("hang-up").await;
    // The driver itself tries twice.
    let failing = FailPoint::on("commitTransaction", 4).hang_up().set(&database).await;
    assert_reported_once(&database, report(&database, &tenant, issue(&tenant)).await).await;
    assert_eq!(failing.times_entered().await, 4);
}

#[tokio::test]
async fn a_commit_that_was_done_but_not_confirmed_is_not_done_twice() {
    let database = TestDatabase::prepared().await;
    let tenant = database.organization("unsure").await;
    let failing = FailPoint::on("commitTransaction", 3).done_but_unsure(64, &[UNKNOWN]).set(&database).await;
    assert_reported_once(&database, report(&database, &tenant, issue(&tenant)).await).await;
    assert_eq!(failing.times_entered().await, 3);
}

#[tokio::test]
async fn a_commit_that_was_undone_is_run_again_as_a_whole() {
    let database = TestDatabase::prepared().await;
    let tenant = database.organization("undone").await;
    let failing = FailPoint::on("commitTransaction", 2).code(251, &[TRANSIENT]).set(&database).await;
    assert_reported_once(&database, report(&database, &tenant, issue(&tenant)).await).await;
    assert_eq!(failing.times_entered().await, 2);
}

#[tokio::test]
async fn nobody_knows_the_outcome_of_a_commit_that_is_never_heard() {
    let database = TestDatabase::prepared().await;
    let tenant = database.organization("silence").await;
    let _failing = FailPoint::on("commitTransaction", 1_000).hang_up().set(&database).await;
    let outcome =
        tokio::time::timeout(Duration::from_secs(8), report(&database, &tenant, issue(&tenant))).await;
    let outcome = outcome.expect("an answer within the deadline");
    assert!(matches!(outcome, Err(Failure::Fault(Fault::OutcomeUnknown(_)))), "{outcome:?}");
}

#[tokio::test]
async fn a_database_that_takes_too_long_is_unavailable_and_nothing_is_changed() {
    let database = TestDatabase::prepared().await;
    let tenant = database.organization("slow").await;
    let failing = FailPoint::on("insert", 1).slow(4_000).set(&database).await;
    let outcome = report(&database, &tenant, issue(&tenant)).await;
    assert!(matches!(outcome, Err(Failure::Fault(Fault::Unavailable(_)))), "{outcome:?}");
    drop(failing);
    assert_reported_once(&database, report(&database, &tenant, issue(&tenant)).await).await;
}

#[tokio::test]
async fn what_the_server_refuses_is_an_internal_fault_at_once() {
    let database = TestDatabase::prepared().await;
    let tenant = database.organization("refused").await;
    let failing = FailPoint::on("insert", 10).code(8_000, &[]).set(&database).await;
    let outcome = report(&database, &tenant, issue(&tenant)).await;
    assert!(matches!(outcome, Err(Failure::Fault(Fault::Internal(_)))), "{outcome:?}");
    assert_eq!(failing.times_entered().await, 1, "it is not tried again");
}

#[tokio::test]
async fn a_refusal_leaves_nothing() {
    let database = TestDatabase::prepared().await;
    let tenant = database.organization("refusal").await;
    let stranger = MemberId::from_uuid(fresh_uuid());
    let unassignable = NewIssue { assignee: Some(stranger), ..issue(&tenant) };
    let refused = report(&database, &tenant, unassignable).await;
    assert!(
        matches!(&refused, Err(Failure::Refused(why)) if *why == [Refusal::not_found("assigneeId")]),
        "{refused:?}"
    );
    assert_reported_once(&database, report(&database, &tenant, issue(&tenant)).await).await;
}
