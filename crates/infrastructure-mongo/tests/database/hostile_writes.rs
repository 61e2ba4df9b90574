//! Invalid writes that bypass the adapters: the database refuses them.

use bson::{Bson, Document, doc};
use convene_application::testing::builders::{ChangeBuilder, EventBuilder, IssueBuilder};
use mongodb::error::{Error, ErrorKind, WriteFailure};
use rstest::rstest;
use time::{Duration, macros::datetime};

use crate::support::TestDatabase;

/// The server's code for a document that fails its validator.
const REFUSED: i32 = 121;

fn is_refusal(error: &Error) -> bool {
    match error.kind.as_ref() {
        ErrorKind::Write(WriteFailure::WriteError(write)) => write.code == REFUSED,
        ErrorKind::Command(command) => command.code == REFUSED,
        ErrorKind::InsertMany(many) => many.write_errors.iter().flatten().any(|write| write.code == REFUSED),
        _ => false,
    }
}

pub(crate) fn assert_refused<T: std::fmt::Debug>(outcome: Result<T, Error>, what: &str) {
    match outcome {
        Err(error) => assert!(is_refusal(&error), "{what}: {error}"),
        Ok(done) => panic!("{what} was not refused: {done:?}"),
    }
}

/// Makes a database with at least one document in each collection.
async fn filled() -> TestDatabase {
    let database = TestDatabase::prepared().await;
    let tenant = database.organization("target").await;
    let change = ChangeBuilder::by("first-admin").key("key", 1).build();
    let change_of_event = ChangeBuilder::by("first-admin").build();
    let issue = IssueBuilder::new("Broken projector", tenant.admin()).build();
    database.ports.issues.create(&tenant.scope, issue, &change).await.unwrap();
    let event = EventBuilder::once(datetime!(2031-04-01 10:00)).opens(Duration::DAY).build();
    database.ports.events.create(&tenant.scope, event, &change_of_event).await.unwrap();
    database
}

#[rstest]
#[case("organizations", &[])]
#[case("members", &["email", "removedAt"])]
#[case("events", &["registrationOpensSeconds", "registrationClosesSeconds", "cancellationClosesSeconds", "materialized", "earlier"])]
#[case("issues", &["assignee", "event"])]
#[case("activity", &["requestId"])]
#[case("idempotency", &[])]
#[tokio::test]
async fn a_missing_null_mistyped_or_unknown_field_is_refused(#[case] name: &str, #[case] optional: &[&str]) {
    let database = filled().await;
    let collection = database.collection(name);
    let document = collection.find_one(doc! {}).await.unwrap().unwrap();
    let id = doc! { "_id": document.get("_id").unwrap() };
    let fields =
        document.keys().map(String::as_str).filter(|field| *field != "_id").chain(optional.iter().copied());
    for field in fields {
        if !optional.contains(&field) {
            let unset = collection.update_one(id.clone(), doc! { "$unset": { field: "" } }).await;
            assert_refused(unset, &format!("{name} without {field}"));
        }
        let is_nullable = ["recurrence", "lastEnd"].contains(&field);
        let null = (!is_nullable).then_some(Bson::Null);
        let others = [Bson::Boolean(true), Bson::Double(1.5), Bson::Document(doc! { "a": 1 })];
        for value in others.into_iter().chain(null) {
            let what = format!("{name} with {field} = {value}");
            assert_refused(collection.update_one(id.clone(), doc! { "$set": { field: value } }).await, &what);
        }
    }
    let unknown = collection.update_one(id, doc! { "$set": { "surprise": 1 } }).await;
    assert_refused(unknown, &format!("{name} with an unknown field"));
}

#[rstest]
#[case("organizations", doc! { "adminCount": 0 })]
#[case("organizations", doc! { "adminCount": 1_i64 << 40 })]
#[case("organizations", doc! { "slug": "" })]
#[case("organizations", doc! { "lastIssueNumber": -1 })]
#[case("members", doc! { "role": "OWNER" })]
#[case("members", doc! { "status": "active" })]
#[case("members", doc! { "organization": "somebody else's" })]
#[case("members", doc! { "displayName": "x".repeat(201) })]
#[case("events", doc! { "capacity": 0 })]
#[case("events", doc! { "capacity": 1_000_001 })]
#[case("events", doc! { "durationSeconds": 59 })]
#[case("events", doc! { "startsAt": "tomorrow" })]
#[case("events", doc! { "recurrence": { "rule": "FREQ=DAILY" } })]
#[case("events", doc! { "lastEnd": bson::DateTime::from_millis(0) })]
#[case("issues", doc! { "number": 0 })]
#[case("issues", doc! { "status": "CLOSED" })]
#[case("issues", doc! { "assignee": "first-admin" })]
#[case("activity", doc! { "action": "event.exploded" })]
#[case("activity", doc! { "changes": [{ "field": "a", "surprise": 1 }] })]
#[case("idempotency", doc! { "result": {} })]
#[tokio::test]
async fn invalid_values_are_refused(#[case] name: &str, #[case] values: Document) {
    let database = filled().await;
    let what = format!("{name} with {values}");
    let outcome = database.collection(name).update_one(doc! {}, doc! { "$set": values }).await;
    assert_refused(outcome, &what);
}

#[tokio::test]
async fn every_kind_of_write_is_validated() {
    let database = filled().await;
    let organizations = database.collection("organizations");
    let good = organizations.find_one(doc! {}).await.unwrap().unwrap();
    let mut bad = good.clone();
    bad.insert("adminCount", 0);
    let mut new = bad.clone();
    new.insert("_id", "org_00000000000000000000000000000000");
    let this = doc! { "_id": good.get("_id").unwrap() };
    let none = doc! { "_id": new.get("_id").unwrap() };
    let set = doc! { "$set": { "adminCount": 0 } };

    assert_refused(organizations.insert_one(new.clone()).await, "insert");
    assert_refused(organizations.insert_many([new.clone()]).await, "insert of many");
    assert_refused(organizations.update_one(this.clone(), set.clone()).await, "update");
    assert_refused(organizations.update_many(doc! {}, set.clone()).await, "update of many");
    assert_refused(organizations.update_one(this.clone(), vec![set.clone()]).await, "pipeline");
    assert_refused(
        organizations.update_one(this.clone(), doc! { "$inc": { "adminCount": -1 } }).await,
        "increment",
    );
    assert_refused(organizations.update_one(none.clone(), set.clone()).upsert(true).await, "upsert");
    assert_refused(organizations.replace_one(this.clone(), bad.clone()).await, "replacement");
    assert_refused(organizations.replace_one(none, new.clone()).upsert(true).await, "upserting replacement");
    assert_refused(organizations.find_one_and_update(this.clone(), set.clone()).await, "find and update");
    assert_refused(organizations.find_one_and_replace(this.clone(), bad).await, "find and replace");
    let merge = [set.clone(), doc! { "$merge": { "into": "organizations", "whenMatched": "replace" } }];
    assert_refused(organizations.aggregate(merge).await.map(drop), "merge");

    let mut session = database.client.start_session().await.unwrap();
    session.start_transaction().await.unwrap();
    let within = organizations.update_one(this.clone(), set).session(&mut session).await;
    assert_refused(within, "update in a transaction");
    drop(session);

    assert_eq!(organizations.find_one(this).await.unwrap(), Some(good), "nothing was changed");
}
