//! The check reports what no operation leaves behind.

use bson::doc;
use convene_application::testing::{FixedClock, builders::EventBuilder};
use convene_domain::occurrence::OccurrenceKey;
use time::{Duration, macros::datetime};

use crate::support::{Scenario, TestDatabase, by, first, request_for};

/// The names of the violated invariants.
async fn violated(scenario: &Scenario) -> Vec<&'static str> {
    let findings = scenario.report().await.findings;
    findings.into_iter().filter(|finding| finding.violations > 0).map(|finding| finding.invariant).collect()
}

#[tokio::test]
async fn past_days_of_an_event_that_did_not_exist_yet_are_reported() {
    let scenario = Scenario::new().await;
    let event = scenario.event(EventBuilder::weekly(datetime!(2031-02-03 10:00)).build()).await;
    assert_eq!(violated(&scenario).await, Vec::<&str>::new());
    // A copy of the schedule of the event from which this one was split off.
    let until = bson::DateTime::parse_rfc3339_str("2031-02-20T00:00:00Z").unwrap();
    let copied = doc! { "until": until };
    scenario.without_validator("events").await;
    let events = scenario.database.collection("events");
    let this = doc! { "_id": event.id.to_string() };
    events.update_one(this, doc! { "$set": { "earlier": [copied] } }).await.unwrap();
    let expected =
        "no day that has passed is listed twice: an event has no schedule from before its creation";
    assert_eq!(violated(&scenario).await, [expected, "every event can be read"]);
}

#[tokio::test]
async fn a_document_that_cannot_be_read_is_reported() {
    let scenario = Scenario::new().await;
    let event = scenario.event(EventBuilder::once(datetime!(2031-04-01 10:00)).build()).await;
    let events = scenario.database.collection("events");
    let this = doc! { "_id": event.id.to_string() };
    // The days are longer than the whole duration.
    events.update_one(this, doc! { "$set": { "durationDays": 1 } }).await.unwrap();
    assert_eq!(violated(&scenario).await, ["every event can be read"]);
}

#[tokio::test]
async fn an_original_start_that_is_used_twice_is_reported() {
    let scenario = Scenario::new().await;
    let event = scenario.event(EventBuilder::once(datetime!(2031-04-01 10:00)).build()).await;
    let member = scenario.member().await;
    let seat = scenario.register(request_for(&event, member), &by(member).build()).await.unwrap();
    scenario.cancel(&seat, &by(member).build()).await.unwrap();
    let mut copy = scenario.occurrence(first(&event)).await.unwrap();
    let start = event.series.first_start() + Duration::HOUR;
    let other = OccurrenceKey { event: event.id, original_start: start };
    copy.insert("_id", other.to_string());
    let occurrences = scenario.database.collection("occurrences");
    occurrences.insert_one(copy.clone()).await.unwrap();
    assert_eq!(violated(&scenario).await, ["no two occurrences of an event have the same original start"]);
    let this = doc! { "_id": other.to_string() };
    let dropped = doc! { "$set": { "isDropped": true, "status": "CANCELLED" } };
    occurrences.update_one(this, dropped).await.unwrap();
    assert_eq!(violated(&scenario).await, Vec::<&str>::new(), "a dropped occurrence is in nobody's way");
}

#[tokio::test]
async fn all_of_a_check_is_read_from_one_snapshot() {
    let (database, commands) = TestDatabase::watched().await;
    commands.take();
    database.ports.check(FixedClock::START).await.unwrap();
    let reads = commands.take().into_iter().filter(|event| event.command.contains_key("readConcern"));
    let concerns: Vec<_> =
        reads.map(|event| event.command.get_document("readConcern").unwrap().clone()).collect();
    // The first read chooses the time.
    let of_snapshot = concerns.iter().filter(|concern| concern.get_str("level").ok() == Some("snapshot"));
    assert!(of_snapshot.count() > 20, "{concerns:?}");
    let times: Vec<_> = concerns.iter().filter_map(|concern| concern.get("atClusterTime")).collect();
    assert!(times.len() > 20 && times.iter().all(|time| *time == times[0]), "{concerns:?}");
}
