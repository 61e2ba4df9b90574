//! Lists read only documents that meet all conditions of their filter, for each filter and order.

use bson::{DateTime, Document, doc};
use convene_application::{
    page::{Direction, PageRequest},
    ports::{
        ActivityFilter, EventFilter, EventOrderField, EventPosition, IssueFilter, IssueOrderField,
        IssuePosition,
    },
    testing::builders::{ChangeBuilder, EventBuilder, IssueBuilder, first},
};
use convene_domain::{
    activity::Actor,
    event::EventStatus,
    id::{ActivityId, EventId, MemberId},
    issue::{IssuePriority, IssueStatus},
    time::Instant,
};
use time::macros::datetime;
use uuid::Uuid;

use crate::{
    plans::{plan, sum, values},
    support::{Commands, TestDatabase},
};

/// The documents of a collection.
const ITEMS: i32 = 240;

/// Copies the first document of a collection, and changes each copy.
async fn vary(database: &TestDatabase, collection: &str, vary: impl Fn(&mut Document, i32)) {
    let collection = database.collection(collection);
    let original = collection.find_one(doc! {}).sort(doc! { "_id": 1 }).await.unwrap().unwrap();
    let prefix = original.get_str("_id").unwrap()[..4].to_owned();
    let copy = |number: i32| {
        let mut copy = original.clone();
        copy.insert("_id", format!("{prefix}f{number:031x}"));
        vary(&mut copy, number);
        copy
    };
    collection.insert_many((0..ITEMS).map(copy)).await.unwrap();
}

/// Asserts that the recorded commands read no documents that they do not return. Counts return none. Returns the number of
/// found documents.
async fn assert_only_found_ones_are_read(database: &TestDatabase, commands: &Commands, what: &str) -> i64 {
    let mut all = 0;
    for event in commands.take() {
        let is_count = match event.command_name.as_str() {
            "find" => false,
            "aggregate" => event.command.to_string().contains("\"$count\""),
            _ => continue,
        };
        let plan = plan(database, &event).await;
        let mut returned = Vec::new();
        values(&plan, "nReturned", &mut returned);
        let found = if is_count { 0 } else { i64::from(returned[0].as_i32().unwrap()) };
        let read = sum(&plan, "totalDocsExamined");
        assert!(read <= found, "{what}: {read} documents are read, {found} found: {}", event.command);
        all += found;
    }
    all
}

/// All subsets of these numbers, as bits.
fn subsets(conditions: u32) -> impl Iterator<Item = impl Fn(u32) -> bool + Copy> {
    (0..1_u32 << conditions).map(|subset| move |condition: u32| subset >> condition & 1 == 1)
}

fn date(day: i32) -> DateTime {
    DateTime::from_millis(1_900_000_000_000 + 86_400_000 * i64::from(day))
}

fn instant(day: i32) -> Instant {
    Instant::from_unix_timestamp(date(day).timestamp_millis() / 1_000).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_of_issues_read_only_what_they_find() {
    let (database, commands) = TestDatabase::watched().await;
    let tenant = database.organization("filtered").await;
    let (ports, scope) = (&database.ports, &tenant.scope);
    let change = ChangeBuilder::by("first-admin").build();
    ports.issues.create(scope, IssueBuilder::new("Noise", tenant.admin()).build(), &change).await.unwrap();
    let member = |number: i32| MemberId::from_uuid(Uuid::from_u128(u128::from(number.unsigned_abs())));
    let about = EventId::from_uuid(Uuid::from_u128(1));
    vary(&database, "issues", |copy, number| {
        copy.insert("number", number + 2);
        copy.insert("status", ["OPEN", "IN_PROGRESS", "DONE"][usize::try_from(number % 3).unwrap()]);
        let rank = number / 3 % 3;
        copy.insert("priority", ["LOW", "MEDIUM", "HIGH"][usize::try_from(rank).unwrap()]);
        copy.insert("priorityRank", rank);
        copy.insert("createdBy", member(number / 2 % 2).to_string());
        copy.insert("updatedAt", date(number / 20));
        if number % 4 > 0 {
            copy.insert("assignee", member(number % 4).to_string());
        }
        if number % 5 > 0 {
            copy.insert("event", about.to_string());
        }
    })
    .await;
    commands.take();
    let mut found = 0;
    for has in subsets(5) {
        let filter = IssueFilter {
            statuses: has(0).then(|| vec![IssueStatus::Open, IssueStatus::Done]),
            priorities: has(1).then(|| vec![IssuePriority::Low, IssuePriority::High]),
            assignees: has(2).then(|| vec![member(3)]),
            created_by: has(3).then(|| member(1)),
            event: has(4).then_some(about),
            search: None,
        };
        for field in [IssueOrderField::Number, IssueOrderField::UpdatedAt, IssueOrderField::Priority] {
            let from = match field {
                IssueOrderField::Number => IssuePosition::Number(100),
                IssueOrderField::UpdatedAt => IssuePosition::UpdatedAt(instant(5), 110),
                IssueOrderField::Priority => IssuePosition::Priority(IssuePriority::Medium, 100),
            };
            for direction in [Direction::Forward, Direction::Backward] {
                for from in [None, Some(from)] {
                    let mut page: PageRequest<IssuePosition> = PageRequest { direction, from, ..first(5) };
                    page.order.field = field;
                    ports.issues.list(scope, filter.clone(), page).await.unwrap();
                }
            }
            let what = format!("{filter:?} by {field:?}");
            found += assert_only_found_ones_are_read(&database, &commands, &what).await;
        }
        ports.issues.count(scope, filter.clone()).await.unwrap();
        assert_only_found_ones_are_read(&database, &commands, &format!("the number of {filter:?}")).await;
    }
    assert!(found > 1_000, "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_of_events_read_only_what_they_find() {
    let (database, commands) = TestDatabase::watched().await;
    let tenant = database.organization("filtered").await;
    let (ports, scope) = (&database.ports, &tenant.scope);
    let change = ChangeBuilder::by("first-admin").build();
    let event = EventBuilder::weekly(datetime!(2031-03-10 09:00)).build();
    ports.events.create(scope, event, &change).await.unwrap();
    vary(&database, "events", |copy, number| {
        copy.insert("status", if number % 2 == 0 { "SCHEDULED" } else { "CANCELLED" });
        match number / 2 % 3 {
            0 => {}
            // The start has been moved to one of the dates.
            1 => drop(copy.insert(
                "recurrence",
                doc! { "rule": null, "exdates": [], "rdates": ["2031-03-11T09:00:00"] },
            )),
            _ => {
                copy.insert(
                    "recurrence",
                    doc! { "rule": null, "exdates": [], "rdates": [], "used": ["2031-03-11T09:00:00"] },
                );
                copy.insert("recurring", false);
            }
        }
        copy.insert("firstStart", date(number % 40));
        copy.insert("lastEnd", (number % 5 > 0).then(|| date(number % 40 + 7)));
        copy.insert("sortTitle", format!("{}", number / 30));
    })
    .await;
    commands.take();
    let mut found = 0;
    for has in subsets(5) {
        let filter = EventFilter {
            search: None,
            status: has(0).then_some(EventStatus::Cancelled),
            recurring: has(1).then(|| has(2)),
            from: has(3).then(|| instant(20)),
            to: has(4).then(|| instant(30)),
        };
        for field in [EventOrderField::CreatedAt, EventOrderField::StartsAt, EventOrderField::Title] {
            let id = EventId::parse(&format!("evt_f{:031x}", 100)).unwrap();
            let from = match field {
                EventOrderField::CreatedAt => EventPosition::CreatedAt(id),
                EventOrderField::StartsAt => EventPosition::StartsAt(instant(20), id),
                EventOrderField::Title => EventPosition::Title("3".to_owned(), id),
            };
            for direction in [Direction::Forward, Direction::Backward] {
                for from in [None, Some(from.clone())] {
                    let mut page: PageRequest<EventPosition> = PageRequest { direction, from, ..first(5) };
                    page.order.field = field;
                    ports.events.list(scope, filter.clone(), page, None).await.unwrap();
                }
            }
            let what = format!("{filter:?} by {field:?}");
            found += assert_only_found_ones_are_read(&database, &commands, &what).await;
        }
        ports.events.count(scope, filter.clone()).await.unwrap();
        assert_only_found_ones_are_read(&database, &commands, &format!("the number of {filter:?}")).await;
    }
    assert!(found > 1_000, "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_reads_only_what_it_finds() {
    let (database, commands) = TestDatabase::watched().await;
    let tenant = database.organization("filtered").await;
    let (ports, scope) = (&database.ports, &tenant.scope);
    let change = ChangeBuilder::by("first-admin").build();
    ports.issues.create(scope, IssueBuilder::new("Noise", tenant.admin()).build(), &change).await.unwrap();
    vary(&database, "activity", |copy, number| {
        copy.insert("action", ["issue.created", "issue.deleted"][usize::try_from(number % 2).unwrap()]);
        copy.insert("actor", format!("user-{}", number / 2 % 3));
        copy.insert("subject", format!("iss_{:032x}", number % 5));
        copy.insert("at", date(number / 10));
    })
    .await;
    commands.take();
    let mut found = 0;
    for has in subsets(5) {
        let filter = ActivityFilter {
            subject: has(0).then(|| format!("iss_{:032x}", 3)),
            actor: has(1).then(|| Actor::parse("user-1").unwrap()),
            action: has(2).then(|| "issue.deleted".to_owned()),
            from: has(3).then(|| instant(5)),
            to: has(4).then(|| instant(20)),
        };
        let id = ActivityId::parse(&format!("act_f{:031x}", 105)).unwrap();
        for direction in [Direction::Forward, Direction::Backward] {
            for from in [None, Some((instant(10), id))] {
                let page: PageRequest<(Instant, ActivityId)> = PageRequest { direction, from, ..first(5) };
                ports.activity_log.list(scope, filter.clone(), page).await.unwrap();
            }
        }
        found += assert_only_found_ones_are_read(&database, &commands, &format!("{filter:?}")).await;
    }
    assert!(found > 100, "{found}");
}
