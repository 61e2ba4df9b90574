//! The plans of queries with many alternatives, and the parts of large results.

use bson::{Bson, Document, doc};
use convene_application::{
    ports::CatalogueQuery,
    testing::builders::{ChangeBuilder, EventBuilder, fresh_uuid},
};
use convene_domain::{
    id::{EventId, RegistrationId},
    occurrence::OccurrenceKey,
    time::interval::Interval,
};
use mongodb::event::command::CommandStartedEvent;
use time::{Duration, macros::datetime};

use crate::support::{Scenario, TestDatabase, by, waitlist_request_for};

/// The parts of a command that can be explained.
const PARTS: [&str; 10] =
    ["find", "filter", "sort", "limit", "projection", "hint", "aggregate", "pipeline", "delete", "deletes"];

/// The plan of a command, without the plans that were rejected.
pub(crate) async fn plan(database: &TestDatabase, event: &CommandStartedEvent) -> Bson {
    let command = event.command.iter().filter(|(name, _)| PARTS.contains(&name.as_str()));
    let mut command: Document = command.map(|(name, value)| (name.clone(), value.clone())).collect();
    if event.command_name == "aggregate" {
        command.insert("cursor", doc! {});
    }
    let explain = doc! { "explain": command, "verbosity": "executionStats" };
    database.raw().run_command(explain).await.unwrap().into()
}

/// Collects the values of this name, in any depth.
pub(crate) fn values(plan: &Bson, name: &str, found: &mut Vec<Bson>) {
    match plan {
        Bson::Document(document) => {
            for (key, value) in document.iter().filter(|(key, _)| *key != "rejectedPlans") {
                if key == name {
                    found.push(value.clone());
                }
                values(value, name, found);
            }
        }
        Bson::Array(items) => items.iter().for_each(|item| values(item, name, found)),
        _ => {}
    }
}

pub(crate) fn sum(plan: &Bson, name: &str) -> i64 {
    let mut found = Vec::new();
    values(plan, name, &mut found);
    found.iter().filter_map(|value| value.as_i64().or(value.as_i32().map(i64::from))).sum()
}

#[tokio::test]
async fn waitlist_positions_are_counted_in_an_index() {
    let (scenario, commands) = Scenario::watched().await;
    let event = scenario.event(EventBuilder::once(datetime!(2031-04-01 09:00)).seats(1).build()).await;
    let members = scenario.crowd(3).await;
    for member in &members {
        scenario.register(waitlist_request_for(&event, *member), &by(*member).build()).await.unwrap();
    }
    let registrations = scenario.database.collection("registrations");
    let last = registrations.find_one(doc! { "waitlistSequence": 2_i64 }).await.unwrap().unwrap();
    let copy = |sequence: i64| {
        let mut copy = last.clone();
        copy.insert("_id", RegistrationId::from_uuid(fresh_uuid()).to_string());
        copy.insert("member", format!("mbr_{sequence:032x}"));
        copy.insert("waitlistSequence", sequence);
        copy
    };
    registrations.insert_many((3..=500).map(copy)).await.unwrap();
    let waiting: Vec<Document> = {
        use futures::TryStreamExt;
        let all = registrations.find(doc! { "status": "WAITLISTED" }).sort(doc! { "waitlistSequence": 1 });
        all.await.unwrap().try_collect().await.unwrap()
    };
    let ids: Vec<_> =
        waiting.iter().map(|it| RegistrationId::parse(it.get_str("_id").unwrap()).unwrap()).collect();
    let asked: Vec<_> = ids.iter().step_by(50).copied().collect();
    commands.take();
    let scope = &scenario.tenant.scope;
    let found = scenario.database.ports.registrations.waitlist_positions(scope, &asked).await.unwrap();
    let positions: Vec<_> = asked.iter().map(|id| found[id]).collect();
    assert_eq!(positions, (0..10).map(|number| 50 * number + 1).collect::<Vec<_>>());
    let counting: Vec<_> = commands.take().into_iter().filter(|it| it.command_name == "aggregate").collect();
    assert_eq!(counting.len(), 1, "one command counts all");
    let plan = plan(&scenario.database, &counting[0]).await;
    let mut stages = Vec::new();
    values(&plan, "stage", &mut stages);
    assert!(stages.iter().all(|stage| stage.as_str() == Some("COUNT_SCAN")), "{stages:?}");
    assert!(stages.len() >= asked.len(), "{plan}");
    assert_eq!(sum(&plan, "totalDocsExamined"), 0, "{plan}");
    let examined = sum(&plan, "totalKeysExamined");
    assert!(examined <= 451 + 2 * 10, "no entry is counted twice: {examined}");
}

#[tokio::test]
async fn a_large_catalogue_is_read_in_parts() {
    let database = TestDatabase::prepared().await;
    let tenant = database.organization("tenant").await;
    let first = datetime!(2031-04-01 10:00);
    let change = ChangeBuilder::by("first-admin").build();
    let (ports, scope) = (&database.ports, &tenant.scope);
    let event = ports.events.create(scope, EventBuilder::daily(first, 3).build(), &change).await.unwrap();
    let moved = OccurrenceKey { event: event.id, original_start: first.as_utc() };
    ports.events.cancel_occurrence(scope, moved.into(), &change).await.unwrap();
    let events = database.collection("events");
    let mut original = events.find_one(doc! {}).await.unwrap().unwrap();
    let description = "é".repeat(10_000);
    let search = format!("{}\n{description}", original.get_str("title").unwrap());
    original.insert("searchBytes", i32::try_from(search.len()).unwrap());
    original.insert("search", search);
    original.insert("description", description);
    let copy = |_| {
        let mut copy = original.clone();
        copy.insert("_id", EventId::from_uuid(fresh_uuid()).to_string());
        copy
    };
    events.insert_many((0..200).map(copy)).await.unwrap();
    let window = Interval::new(first.as_utc(), first.as_utc() + Duration::DAY).unwrap();
    let query = CatalogueQuery { window, events: None };
    let mut parts = ports.catalogue.windows(scope, &[query]).await.unwrap();
    let (mut sizes, mut found, mut exceptions) = (Vec::new(), std::collections::HashSet::new(), 0);
    while let Some(part) = parts.next_part().await.unwrap() {
        sizes.push(part[0].events.len());
        for event in &part[0].events {
            assert!(found.insert(event.id), "an event belongs to one part");
        }
        for exception in &part[0].exceptions {
            assert!(part[0].events.iter().any(|event| event.id == exception.key.event));
            exceptions += 1;
        }
    }
    assert_eq!((found.len(), exceptions), (201, 1));
    // Each event takes some 40 KB.
    assert!(sizes.iter().all(|size| *size <= 105), "{sizes:?}");
}

#[tokio::test]
async fn the_exceptions_of_windows_far_apart_are_read_from_the_indexes_by_time() {
    let (database, commands) = TestDatabase::watched().await;
    let tenant = database.organization("tenant").await;
    let first = datetime!(2031-04-01 10:00);
    let change = ChangeBuilder::by("first-admin").build();
    let (ports, scope) = (&database.ports, &tenant.scope);
    let event = ports.events.create(scope, EventBuilder::daily(first, 3).build(), &change).await.unwrap();
    let key = OccurrenceKey { event: event.id, original_start: first.as_utc() };
    ports.events.cancel_occurrence(scope, key.into(), &change).await.unwrap();
    let occurrences = database.collection("occurrences");
    let original = occurrences.find_one(doc! {}).await.unwrap().unwrap();
    let copy = |day: i64| {
        let (start, mut copy) = (first.as_utc() + Duration::days(day), original.clone());
        let id = OccurrenceKey { event: event.id, original_start: start };
        let date = |time: time::UtcDateTime| bson::DateTime::from_millis(time.unix_timestamp() * 1_000);
        copy.insert("_id", id.to_string());
        copy.insert("startsAt", date(start));
        copy.insert("originalStart", date(start));
        copy.insert("endsAt", date(start + Duration::HOUR));
        copy
    };
    occurrences.insert_many((1..3_000).map(copy)).await.unwrap();
    // All occurrences of the months before and after are exceptions, too.
    let month = |day: i64| {
        let start = first.as_utc() + Duration::days(day);
        CatalogueQuery { window: Interval::new(start, start + Duration::days(31)).unwrap(), events: None }
    };
    let queries = [month(100), month(2_500)];
    commands.take();
    let mut parts = ports.catalogue.windows(scope, &queries).await.unwrap();
    let mut exceptions = [0; 2];
    while let Some(part) = parts.next_part().await.unwrap() {
        for (number, window) in exceptions.iter_mut().zip(&part) {
            *number += window.exceptions.len();
        }
    }
    assert_eq!(exceptions, [62, 62]);
    let of_occurrences = commands.take().into_iter().filter(|started| {
        let name = started.command.get_str(&started.command_name);
        name.is_ok_and(|name| name == "occurrences")
    });
    let of_occurrences: Vec<_> = of_occurrences.collect();
    assert_eq!(of_occurrences.len(), 8, "two indexes, two windows, for their sizes and for themselves");
    for started in &of_occurrences {
        let plan = plan(&database, started).await;
        let mut examined = Vec::new();
        values(&plan, "totalDocsExamined", &mut examined);
        // Each engine states the number in other places.
        let examined = examined.iter().filter_map(|it| it.as_i64().or(it.as_i32().map(i64::from))).max();
        let examined = examined.unwrap_or(i64::MAX);
        assert!(examined <= 70, "{examined} documents for at most 62: {plan}");
    }
}
