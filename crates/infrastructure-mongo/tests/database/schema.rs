use std::time::Duration;

use bson::{Document, doc};
use convene_application::failure::Fault;
use convene_infrastructure_mongo::schema::{PrepareError, Retention, RetentionConflict, SchemaSettings};
use futures::TryStreamExt;

use crate::support::{FailPoint, TestDatabase};

const DAY: Duration = Duration::from_secs(86_400);

async fn state(database: &TestDatabase) -> Vec<(String, Document, Vec<String>)> {
    let collections: Vec<_> = database.raw().list_collections().await.unwrap().try_collect().await.unwrap();
    let mut state = Vec::new();
    for collection in collections {
        let mut indexes = database.collection(&collection.name).list_index_names().await.unwrap();
        indexes.sort();
        state.push((collection.name, collection.options.validator.unwrap_or_default(), indexes));
    }
    state.sort_by(|a, b| a.0.cmp(&b.0));
    state
}

#[tokio::test]
async fn preparing_twice_changes_nothing() {
    let database = TestDatabase::prepared().await;
    let before = state(&database).await;
    assert_eq!(before.len(), 12);
    assert!(before.iter().all(|(_, validator, _)| !validator.is_empty()));
    database.ports.prepare().await.unwrap();
    assert_eq!(state(&database).await, before);
}

#[tokio::test]
async fn several_processes_prepare_at_once() {
    let database = TestDatabase::empty(|_| {}).await;
    let processes = [database.another_process().await, database.another_process().await];
    let outcomes = futures::join!(database.ports.prepare(), processes[0].prepare(), processes[1].prepare());
    assert!(matches!(outcomes, (Ok(()), Ok(()), Ok(()))), "{outcomes:?}");
    let after = state(&database).await;
    database.ports.prepare().await.unwrap();
    assert_eq!(state(&database).await, after);
}

#[tokio::test]
async fn an_outdated_validator_is_replaced() {
    let database = TestDatabase::prepared().await;
    let before = state(&database).await;
    let loosened = doc! { "collMod": "members", "validator": {}, "validationLevel": "off" };
    database.raw().run_command(loosened).await.unwrap();
    assert_ne!(state(&database).await, before);
    database.ports.prepare().await.unwrap();
    assert_eq!(state(&database).await, before);
    let refused = database.collection("members").insert_one(doc! { "_id": "nobody" }).await;
    assert!(refused.is_err(), "validation is enabled");
}

#[tokio::test]
async fn every_index_begins_with_the_organization() {
    let database = TestDatabase::prepared().await;
    // These serve lookups without a tenant scope, or belong to the database itself.
    let exempt = ["_id_", "one_organization_per_slug", "one_use_per_operator_key", "by_deletion", "expires"];
    for (name, _, _) in state(&database).await {
        let indexes: Vec<_> =
            database.collection(&name).list_indexes().await.unwrap().try_collect().await.unwrap();
        for index in indexes {
            let index_name = index.options.and_then(|options| options.name).unwrap();
            let first = index.keys.keys().next().cloned();
            assert!(
                exempt.contains(&index_name.as_str()) || first.as_deref() == Some("organization"),
                "{name}.{index_name}"
            );
        }
    }
}

/// Reads the retention of each index that deletes documents, by collection.
async fn retentions(database: &TestDatabase) -> Vec<(String, Duration)> {
    let mut kept = Vec::new();
    for (name, _, _) in state(database).await {
        let mut indexes = database.collection(&name).list_indexes().await.unwrap();
        while let Some(index) = indexes.try_next().await.unwrap() {
            let after = index.options.and_then(|options| options.expire_after);
            kept.extend(after.map(|after| (name.clone(), after)));
        }
    }
    kept
}

#[tokio::test]
async fn the_retention_of_the_log_follows_the_settings() {
    let database = TestDatabase::prepared().await;
    let idempotency = (String::from("idempotency"), DAY);
    let jobs = (String::from("jobs"), DAY + DAY / 24);
    let revisions = (String::from("revisions"), DAY);
    let activity = |days| (String::from("activity"), days * DAY);
    assert_eq!(
        retentions(&database).await,
        [activity(400), idempotency.clone(), jobs.clone(), revisions.clone()]
    );
    for (days, may_shorten_retention) in [(30, true), (800, false), (800, true)] {
        let settings = SchemaSettings { activity_retention: days * DAY, may_shorten_retention };
        database.ports.prepare_with(&settings).await.unwrap();
        assert_eq!(
            retentions(&database).await,
            [activity(days), idempotency.clone(), jobs.clone(), revisions.clone()]
        );
    }
}

/// A setting that was forgotten must not delete entries.
#[tokio::test]
async fn a_shorter_retention_is_refused_before_anything_is_changed() {
    let database = TestDatabase::prepared().await;
    let long = SchemaSettings { activity_retention: 3_650 * DAY, ..SchemaSettings::default() };
    database.ports.prepare_with(&long).await.unwrap();
    database.raw().run_command(doc! { "collMod": "members", "validator": {} }).await.unwrap();
    let before = (state(&database).await, retentions(&database).await);
    let (stored, wanted) = (Retention::For(3_650 * DAY), Retention::For(400 * DAY));
    let refused = database.ports.prepare().await.unwrap_err();
    assert!(
        matches!(refused, PrepareError::Retention(it) if it == RetentionConflict { stored, wanted }),
        "{refused:?}"
    );
    assert_eq!((state(&database).await, retentions(&database).await), before);
    // Whoever drops the index keeps all entries.
    database.collection("activity").drop_index("expires").await.unwrap();
    for settings in [long, SchemaSettings::default()] {
        let refused = database.ports.prepare_with(&settings).await.unwrap_err();
        let unlimited = |it: RetentionConflict| it.stored == Retention::Unlimited && it.deletes();
        assert!(matches!(refused, PrepareError::Retention(it) if unlimited(it)), "{refused:?}");
    }
    let confirmed = SchemaSettings { may_shorten_retention: true, ..SchemaSettings::default() };
    database.ports.prepare_with(&confirmed).await.unwrap();
    assert!(retentions(&database).await.contains(&(String::from("activity"), 400 * DAY)));
}

#[tokio::test]
async fn a_retention_that_the_user_may_not_change_is_not_a_missing_right() {
    let database = TestDatabase::prepared().await;
    let failing = FailPoint::on("collMod", 1).code(13, &[]).set(&database).await;
    let longer = SchemaSettings { activity_retention: 3_650 * DAY, ..SchemaSettings::default() };
    let refused = database.ports.prepare_with(&longer).await.unwrap_err();
    assert_eq!(failing.times_entered().await, 1);
    let differs = |it: RetentionConflict| it.stored == Retention::For(400 * DAY) && !it.deletes();
    assert!(matches!(refused, PrepareError::Retention(it) if differs(it)), "{refused:?}");
}

#[tokio::test]
async fn a_user_who_may_not_read_is_noticed_by_the_probe() {
    let database = TestDatabase::prepared().await;
    database.ports.probe().await.unwrap();
    let failing = FailPoint::on("find", 1).code(13, &[]).set(&database).await;
    let refused = database.ports.probe().await;
    assert_eq!(failing.times_entered().await, 1);
    assert!(matches!(refused, Err(Fault::Internal(_))), "{refused:?}");
}

#[tokio::test]
async fn preparing_a_prepared_database_only_reads() {
    let (database, commands) = TestDatabase::watched().await;
    database.ports.prepare().await.unwrap();
    let sent = commands.take();
    let reads = ["listCollections", "listIndexes"];
    let others: Vec<_> = sent.iter().filter(|event| !reads.contains(&event.command_name.as_str())).collect();
    assert!(others.is_empty(), "{others:?}");
    assert_eq!(
        sent.len(),
        14,
        "one read of the collections, one of the indexes of each, and one of the retention"
    );
}
