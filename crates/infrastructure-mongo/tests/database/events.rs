use bson::{Document, doc};
use convene_application::{
    ports::{EditScope, EventEdit, EventFilter, EventPatch, OnAffected},
    testing::{
        FixedClock,
        builders::{ChangeBuilder, EventBuilder},
    },
};
use convene_domain::event::Event;
use rstest::rstest;
use time::{
    Duration,
    macros::{datetime, utc_datetime},
};

use crate::support::{Tenant, TestDatabase};

async fn stored(database: &TestDatabase, tenant: &Tenant, event: &Event) -> Event {
    let mut found = database.ports.events.get_many(&tenant.scope, &[event.id]).await.unwrap();
    assert_eq!(found.len(), 1);
    found.remove(0)
}

async fn edited(database: &TestDatabase, tenant: &Tenant, event: &Event, patch: EventPatch) -> Event {
    let edit = EventEdit {
        event: event.id,
        expected_version: None,
        scope: EditScope::All,
        patch,
        on_affected: OnAffected::Refuse,
    };
    let change = ChangeBuilder::by("first-admin").build();
    database.ports.events.update(&tenant.scope, edit, &change).await.unwrap().now
}

#[rstest]
#[case::once(EventBuilder::once(datetime!(2031-04-01 10:00)))]
#[case::on_dates(EventBuilder::once(datetime!(2031-04-01 10:00)).with(datetime!(2031-04-03 18:30)))]
#[case::endless(EventBuilder::weekly(datetime!(2031-04-01 10:00)).zone("America/Sao_Paulo"))]
#[case::everything(
    EventBuilder::repeating(datetime!(2031-03-24 09:00), "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH;COUNT=20")
        .zone("Europe/Paris")
        .title("日本語 & <b>")
        .description("two\nlines")
        .without(datetime!(2031-03-27 09:00))
        .with(datetime!(2031-04-05 11:00))
        .lasting(Duration::days(31))
        .seats(1_000_000)
        .opens(Duration::days(31))
        .closes(Duration::hours(1))
        .cancellable_until(Duration::ZERO)
)]
#[tokio::test]
async fn an_event_is_read_as_it_was_stored(#[case] event: EventBuilder) {
    let database = TestDatabase::prepared().await;
    let tenant = database.organization("round-trip").await;
    let event = event.build();
    let change = ChangeBuilder::by("first-admin").build();
    database.ports.events.create(&tenant.scope, event.clone(), &change).await.unwrap();
    assert_eq!(stored(&database, &tenant, &event).await, event);
}

#[tokio::test]
async fn an_edit_is_stored_and_takes_the_next_revision() {
    let database = TestDatabase::prepared().await;
    let tenant = database.organization("edits").await;
    let change = ChangeBuilder::by("first-admin").build();
    // The event begins before the clock's start, so a new schedule keeps the earlier one.
    let event = EventBuilder::weekly(datetime!(2031-02-03 10:00)).opens(Duration::DAY).build();
    database.ports.events.create(&tenant.scope, event.clone(), &change).await.unwrap();
    let patch = EventPatch {
        starts_at: Some(datetime!(2031-02-03 11:00)),
        registration_opens: Some(None),
        ..EventPatch::default()
    };
    let after = edited(&database, &tenant, &event, patch).await;
    assert_eq!((after.version, after.earlier.len(), after.policy.opens), (2, 1, None));
    assert_eq!(stored(&database, &tenant, &event).await, after);

    let document = database.collection("events").find_one(doc! {}).await.unwrap().unwrap();
    let organization = database.collection("organizations").find_one(doc! {}).await.unwrap().unwrap();
    assert_eq!(document.get_i64("revision").unwrap(), 2);
    assert_eq!(organization.get_i64("revision").unwrap(), 2);
    assert!(!document.contains_key("registrationOpensSeconds"));

    let same = EventPatch { title: Some(after.title.clone()), ..EventPatch::default() };
    assert_eq!(edited(&database, &tenant, &event, same).await, after, "nothing changes");
    assert_eq!(database.logged("event.updated").await, 1);
}

#[tokio::test]
async fn stored_occurrences_follow_a_new_policy() {
    let database = TestDatabase::prepared().await;
    let tenant = database.organization("policy").await;
    let change = ChangeBuilder::by("first-admin").build();
    let event = EventBuilder::once(datetime!(2031-04-01 10:00)).build();
    database.ports.events.create(&tenant.scope, event.clone(), &change).await.unwrap();
    let lead = |hours| Some(Some(convene_domain::duration::LeadTime::new(Duration::hours(hours)).unwrap()));
    let patch = EventPatch {
        registration_opens: lead(48),
        registration_closes: lead(2),
        cancellation_closes: lead(3),
        ..EventPatch::default()
    };
    edited(&database, &tenant, &event, patch).await;
    let occurrence = database.collection("occurrences").find_one(doc! {}).await.unwrap().unwrap();
    let start = occurrence.get_datetime("startsAt").unwrap().timestamp_millis();
    let hours_before =
        |field: &str| (start - occurrence.get_datetime(field).unwrap().timestamp_millis()) / 3_600_000;
    assert_eq!(["opensAt", "closesAt", "cancellationClosesAt"].map(hours_before), [48, 2, 3]);

    edited(
        &database,
        &tenant,
        &event,
        EventPatch { registration_opens: Some(None), ..EventPatch::default() },
    )
    .await;
    let occurrence = database.collection("occurrences").find_one(doc! {}).await.unwrap().unwrap();
    assert_eq!(occurrence.get("opensAt"), Some(&bson::Bson::Null));
}

#[tokio::test]
async fn concurrent_edits_are_serialized() {
    let database = TestDatabase::prepared().await;
    let tenant = database.organization("at-once").await;
    let change = ChangeBuilder::by("first-admin").at(FixedClock::START).build();
    let event = EventBuilder::weekly(datetime!(2031-04-01 10:00)).build();
    database.ports.events.create(&tenant.scope, event.clone(), &change).await.unwrap();
    let edits = (1..=16).map(|seats| {
        let capacity = Some(convene_domain::capacity::Capacity::new(100 + seats).unwrap());
        edited(&database, &tenant, &event, EventPatch { capacity, ..EventPatch::default() })
    });
    let mut versions: Vec<u32> =
        futures::future::join_all(edits).await.into_iter().map(|event| event.version).collect();
    versions.sort_unstable();
    assert_eq!(versions, (2..=17).collect::<Vec<u32>>());
    assert_eq!(database.logged("event.updated").await, 16);
}

#[tokio::test]
async fn the_events_in_a_period_are_counted_without_their_texts() {
    let (database, commands) = TestDatabase::watched().await;
    let tenant = database.organization("tenant").await;
    let change = ChangeBuilder::by("first-admin").build();
    for day in [1, 8, 15] {
        let event = EventBuilder::weekly(datetime!(2031-04-01 10:00).replace_day(day).unwrap());
        let event = event.description(&"long ".repeat(1_999)).build();
        database.ports.events.create(&tenant.scope, event, &change).await.unwrap();
    }
    commands.take();
    let [from, to] = [utc_datetime!(2031-04-08 0:00), utc_datetime!(2031-04-09 0:00)].map(Some);
    let filter = EventFilter { from, to, ..EventFilter::default() };
    assert_eq!(database.ports.events.count(&tenant.scope, filter).await.unwrap(), Some(2));
    let mut read = 0;
    for sent in commands.take() {
        let of_driver = ["lsid", "$db", "$clusterTime", "txnNumber"];
        let parts = sent.command.into_iter().filter(|(name, _)| !of_driver.contains(&name.as_str()));
        let command: Document = parts.collect();
        let answer = database.raw().run_command(command).await.unwrap();
        read += bson::serialize_to_vec(&answer).unwrap().len();
    }
    assert!(read < 6_000, "{read} bytes of {} of texts", 3 * 9_995);
}
