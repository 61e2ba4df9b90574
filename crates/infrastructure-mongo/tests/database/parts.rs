//! Lists with conditions that no index answers.

use std::fmt::Debug;

use bson::{DateTime, Document, doc};
use convene_application::{
    failure::Fault,
    limits::EXAMINED_OBJECTS,
    page::{BoundedPage, Direction, PageRequest, SortKey},
    ports::{
        ActivityFilter, EventFilter, EventOrderField, EventPosition, IssueFilter, IssueOrderField,
        IssuePosition, RegistrationBook, RegistrationFilter, RegistrationOrderField, RegistrationPosition,
    },
    testing::builders::{ChangeBuilder, EventBuilder, IssueBuilder, first, occurrence_key, register},
};
use convene_domain::{
    event::EventStatus,
    issue::IssueStatus,
    registration::{Registration, RegistrationStatusKind},
    time::Instant,
};
use convene_infrastructure_mongo::registration::BookSettings;
use time::{Duration, macros::datetime};

use crate::support::{Commands, TestDatabase};

/// Several parts.
const ITEMS: usize = 2 * EXAMINED_OBJECTS + EXAMINED_OBJECTS / 2;

/// The items of a page.
const PAGE: u8 = 2;

/// The items that match are this far apart.
const APART: usize = 1_500;

/// Copies the object of a collection. `vary` changes each copy; `matches` those few that the filter finds.
async fn multiply(
    database: &TestDatabase,
    collection: &str,
    vary: impl Fn(&mut Document, i32),
    matches: impl Fn(&mut Document),
) {
    let collection = database.collection(collection);
    let original = collection.find_one(doc! {}).sort(doc! { "_id": 1 }).await.unwrap().unwrap();
    let prefix = original.get_str("_id").unwrap()[..4].to_owned();
    let copy = |place: usize| {
        let mut copy = original.clone();
        copy.insert("_id", format!("{prefix}f{place:031x}"));
        vary(&mut copy, i32::try_from(place).unwrap());
        if place.is_multiple_of(APART) {
            matches(&mut copy);
        }
        copy
    };
    for places in (0..ITEMS).collect::<Vec<_>>().chunks(1_000) {
        collection.insert_many(places.iter().map(|place| copy(*place))).await.unwrap();
    }
}

/// Reads all pages in both directions. Returns the number of items, which is the same in both.
async fn read_all<T, K: SortKey + Clone + Debug>(
    list: impl AsyncFn(PageRequest<K>) -> Result<BoundedPage<T, K>, Fault>,
    key: impl Fn(&T) -> K,
) -> usize {
    let mut numbers = Vec::new();
    for direction in [Direction::Forward, Direction::Backward] {
        let mut page: PageRequest<K> = PageRequest { direction, ..first(PAGE) };
        let mut number = 0;
        loop {
            let found = list(page.clone()).await.unwrap();
            number += found.items.len();
            if !found.has_more {
                break;
            }
            let last = if page.is_backward() { found.items.first() } else { found.items.last() };
            page.from = found.examined.or(last.map(&key));
            assert!(page.from.is_some(), "a page without items says how far it got");
        }
        numbers.push(number);
    }
    assert_eq!(numbers[0], numbers[1], "in both directions");
    numbers[0]
}

/// The numbers of documents and of index entries that one of the recorded queries examines, which is the one with most of them.
#[derive(Default)]
struct Most {
    documents: (i64, Document),
    entries: (i64, Document),
}

async fn most_examined(database: &TestDatabase, commands: &Commands) -> Most {
    let mut most = Most::default();
    for event in commands.take().into_iter().filter(|event| event.command_name == "find") {
        let parts = ["find", "filter", "sort", "limit", "projection", "hint"];
        let command = event.command.into_iter().filter(|(name, _)| parts.contains(&name.as_str()));
        let command: Document = command.collect();
        let explain = doc! { "explain": &command, "verbosity": "executionStats" };
        let plan = database.raw().run_command(explain).await.unwrap();
        let stats = plan.get_document("executionStats").unwrap();
        let number = |name| stats.get_i32(name).map(i64::from).or_else(|_| stats.get_i64(name)).unwrap();
        let documents = number("totalDocsExamined");
        if documents > most.documents.0 {
            most.documents = (documents, command.clone());
        }
        let entries = number("totalKeysExamined");
        if entries > most.entries.0 {
            most.entries = (entries, command);
        }
    }
    most
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_compares_a_bounded_part_and_continues() {
    let (database, commands) = TestDatabase::watched().await;
    let tenant = database.organization("long").await;
    let (ports, scope) = (&database.ports, &tenant.scope);
    let change = ChangeBuilder::by("first-admin").build();
    let event = EventBuilder::weekly(datetime!(2031-03-03 18:00)).title("Rehearsal").build();
    let event = ports.events.create(scope, event, &change).await.unwrap();
    let issue = IssueBuilder::new("Broken projector", tenant.admin()).build();
    ports.issues.create(scope, issue, &change).await.unwrap();
    let request = register(occurrence_key(&event, event.series.first_start()), tenant.admin());
    ports.start_registration_book(BookSettings::default()).register(scope, request, &change).await.unwrap();
    let found = ITEMS.div_ceil(APART);

    multiply(
        &database,
        "issues",
        |copy, place| drop(copy.insert("number", place + 2)),
        |copy| {
            drop(copy.insert("status", "DONE"));
        },
    )
    .await;
    multiply(&database, "events", |_, _| (), |copy| drop(copy.insert("status", "CANCELLED"))).await;
    multiply(
        &database,
        "registrations",
        |copy, place| {
            let time = format!("{:02}{:02}{:02}", place / 3_600, place / 60 % 60, place % 60);
            copy.insert("occurrence", format!("{}_20310310T{time}Z", event.id));
            copy.insert("active", false);
            copy.insert("status", "CANCELLED");
            copy.insert("cancelledAt", DateTime::from_millis(0));
            copy.insert("cancellationReason", "BY_MEMBER");
        },
        |copy| {
            copy.insert("active", true);
            copy.insert("status", "CONFIRMED");
            copy.remove("cancelledAt");
            copy.remove("cancellationReason");
        },
    )
    .await;
    multiply(&database, "activity", |_, _| (), |copy| drop(copy.insert("action", "issue.deleted"))).await;
    commands.take();

    let filter = IssueFilter {
        statuses: Some(vec![IssueStatus::Done]),
        created_by: Some(tenant.admin()),
        ..IssueFilter::default()
    };
    for field in [IssueOrderField::Number, IssueOrderField::UpdatedAt, IssueOrderField::Priority] {
        let list = async |mut page: PageRequest<IssuePosition>| {
            page.order.field = field;
            ports.issues.list(scope, filter.clone(), page).await
        };
        assert_eq!(read_all(list, |issue| IssuePosition::of(issue, field)).await, found, "{field:?}");
    }
    assert_eq!(ports.issues.count(scope, filter.clone()).await.unwrap(), None);
    let indexed = IssueFilter { created_by: None, ..filter };
    let list = async |page| ports.issues.list(scope, indexed.clone(), page).await;
    let read = read_all(list, |issue| IssuePosition::of(issue, IssueOrderField::Number)).await;
    let count = ports.issues.count(scope, indexed.clone()).await.unwrap();
    assert_eq!((read, count), (found, u32::try_from(found).ok()));

    let filter = EventFilter { status: Some(EventStatus::Cancelled), ..EventFilter::default() };
    for field in [EventOrderField::CreatedAt, EventOrderField::StartsAt, EventOrderField::Title] {
        let list = async |mut page: PageRequest<EventPosition>| {
            page.order.field = field;
            ports.events.list(scope, filter.clone(), page, None).await
        };
        assert_eq!(read_all(list, |event| EventPosition::of(event, field)).await, found, "{field:?}");
    }
    assert_eq!(ports.events.count(scope, filter).await.unwrap(), None);

    // The conditions are in the indexes. An entry that does not meet them is left by a search for the next one.
    let bound = i64::try_from(EXAMINED_OBJECTS).unwrap();
    let most = most_examined(&database, &commands).await;
    assert!(most.documents.0 <= i64::from(PAGE) + 1, "{} documents: {}", most.documents.0, most.documents.1);
    assert!(most.entries.0 <= 2 * bound, "{} index entries: {}", most.entries.0, most.entries.1);

    let statuses = Some(vec![RegistrationStatusKind::Confirmed]);
    let of_member =
        RegistrationFilter { statuses, member: Some(tenant.admin()), ..RegistrationFilter::default() };
    let of_all = RegistrationFilter { member: None, ..of_member.clone() };
    for filter in [of_member.clone(), of_all] {
        for field in [RegistrationOrderField::StartsAt, RegistrationOrderField::CreatedAt] {
            let list = async |mut page: PageRequest<RegistrationPosition>| {
                page.order.field = field;
                ports.registrations.list(scope, filter.clone(), page).await
            };
            let number = read_all(list, |one| RegistrationPosition::of(one, field)).await;
            assert_eq!(number, found + 1, "{field:?}");
        }
        assert_eq!(ports.registrations.count(scope, filter).await.unwrap(), None);
    }

    // All begin in the days before the period, and one of `APART` is still going on.
    let start = event.series.first_start();
    let going_on = doc! { "$set": { "endsAt": DateTime::from_millis((start + Duration::days(20)).unix_timestamp() * 1_000) } };
    let registrations = database.collection("registrations");
    registrations.update_many(doc! { "status": "CONFIRMED" }, going_on).await.unwrap();
    let from = Some(start + Duration::days(10));
    let filter = RegistrationFilter { statuses: None, from, ..of_member };
    let later = EventBuilder::repeating(datetime!(2031-04-01 18:00), "FREQ=DAILY;COUNT=3").build();
    let later = ports.events.create(scope, later, &change).await.unwrap();
    let book = ports.start_registration_book(BookSettings::default());
    for occurrence in later.series.between(start, Instant::MAX) {
        let request = register(occurrence_key(&later, occurrence.start), tenant.admin());
        book.register(scope, request, &change).await.unwrap();
    }
    let list = async |page| ports.registrations.list(scope, filter.clone(), page).await;
    let by_start = |one: &Registration| RegistrationPosition::of(one, RegistrationOrderField::StartsAt);
    assert_eq!(read_all(list, by_start).await, found + 4);
    assert_eq!(ports.registrations.count(scope, filter.clone()).await.unwrap(), None);
    let ahead = RegistrationFilter { from: Some(start + Duration::days(40)), ..filter };
    let list = async |page| ports.registrations.list(scope, ahead.clone(), page).await;
    assert_eq!(read_all(list, by_start).await, 0);

    // The documents of registrations are small, and most of their conditions are not in the indexes.
    let most = most_examined(&database, &commands).await;
    assert!(most.documents.0 <= bound + 10, "{} documents: {}", most.documents.0, most.documents.1);
    assert!(most.entries.0 <= bound + 10, "{} index entries: {}", most.entries.0, most.entries.1);

    let action = Some("issue.deleted".to_owned());
    let filter = ActivityFilter { action, ..ActivityFilter::default() };
    let list = async |page| ports.activity_log.list(scope, filter.clone(), page).await;
    assert_eq!(read_all(list, |entry| (entry.at, entry.id)).await, found);

    let most = most_examined(&database, &commands).await;
    assert!(most.documents.0 <= i64::from(PAGE) + 1, "{} documents: {}", most.documents.0, most.documents.1);
    assert!(most.entries.0 <= bound + 10, "{} index entries: {}", most.entries.0, most.entries.1);
}
