use bson::{Document, doc};
use futures::TryStreamExt;

use crate::support::TestDatabase;

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
    assert_eq!(before.len(), 9);
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
async fn a_validator_that_is_out_of_date_is_replaced() {
    let database = TestDatabase::prepared().await;
    let before = state(&database).await;
    let loosened = doc! { "collMod": "members", "validator": {}, "validationLevel": "off" };
    database.raw().run_command(loosened).await.unwrap();
    assert_ne!(state(&database).await, before);
    database.ports.prepare().await.unwrap();
    assert_eq!(state(&database).await, before);
    let refused = database.collection("members").insert_one(doc! { "_id": "nobody" }).await;
    assert!(refused.is_err(), "validation is on again");
}

#[tokio::test]
async fn every_index_begins_with_the_organization() {
    let database = TestDatabase::prepared().await;
    // These are looked up before there is a scope, or are the database's own.
    let exempt = ["_id_", "one_organization_per_slug", "one_founding_per_key", "expires"];
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
