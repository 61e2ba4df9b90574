//! Dry runs of large changes, compared with everything that is stored.

use std::collections::BTreeMap;

use bson::{Document, doc};
use convene_application::testing::builders::{ChangeBuilder, EventBuilder};
use futures::TryStreamExt;
use time::macros::datetime;

use crate::support::{Held, Scenario, days};

/// All documents of all collections.
async fn everything(scenario: &Scenario) -> BTreeMap<String, Vec<Document>> {
    let mut all = BTreeMap::new();
    for name in scenario.database.raw().list_collection_names().await.unwrap() {
        let collection = scenario.database.collection(&name);
        let documents = collection.find(doc! {}).sort(doc! { "_id": 1 }).await.unwrap();
        all.insert(name, documents.try_collect().await.unwrap());
    }
    all
}

#[tokio::test]
async fn a_dry_run_in_steps_is_answered_like_the_change_and_stores_nothing() {
    let scenario = Scenario::new().await;
    let ports = scenario.database.ports.in_steps_of(5);
    let event = scenario.event(EventBuilder::daily(datetime!(2031-04-01 10:00), 20).seats(3).build()).await;
    let beside = scenario.event(EventBuilder::daily(datetime!(2031-04-01 10:30), 20).seats(3).build()).await;
    let (crowd, waiting) = (scenario.crowd(3).await, scenario.crowd(2).await);
    scenario.hold(Held { event: &event, starts: &days(&event, 20), seated: &crowd, waiting: &waiting }).await;
    // Those who have the seats of the first event get seats of the second one when their time becomes free.
    scenario.hold(Held { event: &beside, starts: &days(&beside, 20), seated: &[], waiting: &crowd }).await;
    let change = ChangeBuilder::by("first-admin").key("cancel", 1);
    let scope = &scenario.tenant.scope;

    let before = everything(&scenario).await;
    let dry = ports.members.remove(scope, crowd[0], &change.clone().dry_run().build()).await.unwrap();
    assert_eq!((dry.cancelled_registrations, dry.remaining_registrations), (40, 0));
    let dry = ports.events.cancel(scope, event.id, &change.clone().dry_run().build()).await.unwrap();
    assert_eq!((dry.cancelled_registrations, dry.remaining_registrations), (100, 0));
    assert_eq!(dry.promoted_registrations, 60, "in steps, too");
    assert_eq!(everything(&scenario).await, before);

    let change = change.build();
    for _ in 0..2 {
        assert_eq!(ports.events.cancel(scope, event.id, &change).await.unwrap(), dry);
    }
    let change = ChangeBuilder::by("first-admin").key("delete", 1);
    let before = everything(&scenario).await;
    let dry = ports.events.delete(scope, event.id, &change.clone().dry_run().build()).await.unwrap();
    assert_eq!(everything(&scenario).await, before);
    assert_eq!(ports.events.delete(scope, event.id, &change.build()).await.unwrap(), dry);
    scenario.assert_sound().await;
}
