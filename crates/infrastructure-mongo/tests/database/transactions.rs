use std::time::Duration;

use convene_application::{
    failure::{Failure, Fault, Field, Outcome, Refusal},
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
async fn a_transaction_is_retried_after_a_conflict() {
    let database = TestDatabase::prepared().await;
    let tenant = database.organization("conflict").await;
    let failing = FailPoint::on("findAndModify", 3).code(112, &[TRANSIENT]).set(&database).await;
    assert_reported_once(&database, report(&database, &tenant, issue(&tenant)).await).await;
    assert_eq!(failing.times_entered().await, 3);
}

#[tokio::test]
async fn a_commit_without_an_answer_is_repeated() {
    let database = TestDatabase::prepared().await;
    let tenant = database.organization("hang-up").await;
    // The driver itself sends a commit twice.
    let failing = FailPoint::on("commitTransaction", 4).hang_up().set(&database).await;
    assert_reported_once(&database, report(&database, &tenant, issue(&tenant)).await).await;
    assert_eq!(failing.times_entered().await, 4);
}

#[tokio::test]
async fn a_repeated_commit_changes_nothing() {
    let database = TestDatabase::prepared().await;
    let tenant = database.organization("unsure").await;
    let failing = FailPoint::on("commitTransaction", 3).done_but_unsure(64, &[UNKNOWN]).set(&database).await;
    assert_reported_once(&database, report(&database, &tenant, issue(&tenant)).await).await;
    assert_eq!(failing.times_entered().await, 3);
}

#[tokio::test]
async fn a_transaction_whose_commit_was_rolled_back_is_retried() {
    let database = TestDatabase::prepared().await;
    let tenant = database.organization("undone").await;
    let failing = FailPoint::on("commitTransaction", 2).code(251, &[TRANSIENT]).set(&database).await;
    assert_reported_once(&database, report(&database, &tenant, issue(&tenant)).await).await;
    assert_eq!(failing.times_entered().await, 2);
}

#[tokio::test]
async fn a_commit_that_is_never_answered_has_an_unknown_outcome() {
    let database = TestDatabase::prepared().await;
    let tenant = database.organization("silence").await;
    let _failing = FailPoint::on("commitTransaction", 1_000).hang_up().set(&database).await;
    let outcome =
        tokio::time::timeout(Duration::from_secs(8), report(&database, &tenant, issue(&tenant))).await;
    let outcome = outcome.expect("an answer within the deadline");
    assert!(matches!(outcome, Err(Failure::Fault(Fault::OutcomeUnknown(_)))), "{outcome:?}");
}

#[tokio::test]
async fn a_slow_database_is_unavailable_and_nothing_is_changed() {
    let database = TestDatabase::prepared().await;
    let tenant = database.organization("slow").await;
    let failing = FailPoint::on("insert", 1).slow(4_000).set(&database).await;
    let outcome = report(&database, &tenant, issue(&tenant)).await;
    let Err(Failure::Fault(Fault::Unavailable(source))) = outcome else { panic!("{outcome:?}") };
    assert_eq!(source.to_string(), "the database did not answer within 3s");
    drop(failing);
    assert_reported_once(&database, report(&database, &tenant, issue(&tenant)).await).await;
}

#[tokio::test]
async fn an_error_of_the_server_is_an_internal_fault_without_a_retry() {
    let database = TestDatabase::prepared().await;
    let tenant = database.organization("refused").await;
    let failing = FailPoint::on("insert", 10).code(8_000, &[]).set(&database).await;
    let outcome = report(&database, &tenant, issue(&tenant)).await;
    assert!(matches!(outcome, Err(Failure::Fault(Fault::Internal(_)))), "{outcome:?}");
    assert_eq!(failing.times_entered().await, 1, "there is no retry");
}

#[tokio::test]
async fn a_refusal_stores_nothing() {
    let database = TestDatabase::prepared().await;
    let tenant = database.organization("refusal").await;
    let unknown_member = MemberId::from_uuid(fresh_uuid());
    let unassignable = NewIssue { assignee: Some(unknown_member), ..issue(&tenant) };
    let refused = report(&database, &tenant, unassignable).await;
    assert!(
        matches!(&refused, Err(Failure::Refused(why)) if why[..] == [Refusal::not_found(Field::AssigneeId)]),
        "{refused:?}"
    );
    assert_reported_once(&database, report(&database, &tenant, issue(&tenant)).await).await;
}
