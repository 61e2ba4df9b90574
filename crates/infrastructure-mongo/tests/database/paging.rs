//! Pages deep inside long lists, all of whose items have the same value of the field by which they are sorted.

use bson::{Document, doc};
use convene_application::{
    page::{Direction, Order, PageRequest},
    ports::{
        EventFilter, EventOrderField, EventPosition, IssueFilter, IssueOrderField, IssuePosition,
        RegistrationBook, RegistrationFilter, RegistrationOrderField, RegistrationPosition,
    },
    testing::builders::{ChangeBuilder, EventBuilder, IssueBuilder, first, occurrence_key, register},
};
use convene_domain::issue::IssuePriority;
use convene_infrastructure_mongo::registration::BookSettings;
use time::macros::datetime;

use crate::support::{Commands, Tenant, TestDatabase};

/// The items of a page, and of each list.
const SIZE: u8 = 10;
const ITEMS: usize = 2_000;

/// Copies an object many times.
async fn multiply(database: &TestDatabase, collection: &str, change: impl Fn(&mut Document, usize)) {
    let collection = database.collection(collection);
    let original = collection.find_one(doc! {}).await.unwrap().unwrap();
    let prefix = original.get_str("_id").unwrap().split_once('_').unwrap().0.to_owned();
    let copy = |place: usize| {
        let mut copy = original.clone();
        copy.insert("_id", format!("{prefix}_f{place:031x}"));
        change(&mut copy, place);
        copy
    };
    collection.insert_many((1..ITEMS).map(copy)).await.unwrap();
}

/// The largest number of index entries that one of the recorded reads examines.
async fn examined(database: &TestDatabase, commands: &Commands) -> i64 {
    let mut most = 0;
    for event in commands.take().into_iter().filter(|event| event.command_name == "find") {
        let parts = ["find", "filter", "sort", "limit", "projection", "hint"];
        let command: Document =
            event.command.into_iter().filter(|(name, _)| parts.contains(&name.as_str())).collect();
        let explain = doc! { "explain": command.clone(), "verbosity": "executionStats" };
        let plan = database.raw().run_command(explain).await.unwrap();
        let stats = plan.get_document("executionStats").unwrap();
        let keys = stats.get_i32("totalKeysExamined").unwrap();
        let documents = stats.get_i32("totalDocsExamined").unwrap();
        most = most.max(i64::from(keys.max(documents)));
    }
    most
}

#[tokio::test]
async fn a_page_examines_little_more_than_its_items() {
    let (database, commands) = TestDatabase::watched().await;
    let tenant: Tenant = database.organization("long").await;
    let (ports, scope) = (&database.ports, &tenant.scope);
    let change = ChangeBuilder::by("first-admin").build();
    let event = EventBuilder::weekly(datetime!(2031-03-10 09:00)).build();
    let event = ports.events.create(scope, event, &change).await.unwrap();
    let issue = IssueBuilder::new("Broken projector", tenant.admin()).event(event.id).build();
    ports.issues.create(scope, issue, &change).await.unwrap();
    let request = register(occurrence_key(&event, event.series.first_start()), tenant.admin());
    let book = ports.start_registration_book(BookSettings::default());
    let seat = book.register(scope, request, &change).await.unwrap();
    multiply(&database, "events", |_, _| ()).await;
    multiply(&database, "issues", |copy, place| {
        copy.insert("number", i32::try_from(place).unwrap() + 1);
    })
    .await;
    multiply(&database, "registrations", |copy, place| {
        copy.insert("member", format!("mbr_f{place:031x}"));
    })
    .await;

    for direction in [Direction::Forward, Direction::Backward] {
        for is_descending in [false, true] {
            for field in [EventOrderField::CreatedAt, EventOrderField::StartsAt, EventOrderField::Title] {
                let order = Order { field, is_descending };
                let page = PageRequest { order, direction, ..first(SIZE) };
                let found = ports.events.list(scope, EventFilter::default(), page, None).await.unwrap();
                let from =
                    found.items.get(usize::from(SIZE) / 2).map(|event| EventPosition::of(event, field));
                let page = PageRequest { order, direction, from, ..first(SIZE) };
                ports.events.list(scope, EventFilter::default(), page, None).await.unwrap();
            }
            for field in [IssueOrderField::Number, IssueOrderField::UpdatedAt, IssueOrderField::Priority] {
                let order = Order { field, is_descending };
                let middle = u32::try_from(ITEMS / 2).unwrap();
                let from = match field {
                    IssueOrderField::Number => IssuePosition::Number(middle),
                    IssueOrderField::UpdatedAt => IssuePosition::UpdatedAt(change.at, middle),
                    IssueOrderField::Priority => IssuePosition::Priority(IssuePriority::Medium, middle),
                };
                let page = PageRequest { order, direction, from: Some(from), ..first(SIZE) };
                let found = ports.issues.list(scope, IssueFilter::default(), page).await.unwrap();
                assert_eq!((found.items.len(), found.has_more), (usize::from(SIZE), true));
            }
            for field in [RegistrationOrderField::StartsAt, RegistrationOrderField::CreatedAt] {
                let order = Order { field, is_descending };
                let page = PageRequest { order, direction, ..first(SIZE) };
                let filters = [
                    RegistrationFilter::default(),
                    RegistrationFilter { member: Some(tenant.admin()), ..RegistrationFilter::default() },
                ];
                for filter in filters {
                    let found = ports.registrations.list(scope, filter.clone(), page).await.unwrap();
                    let from = found.items.last().map(|one| RegistrationPosition::of(one, field));
                    let page = PageRequest { order, direction, from, ..first(SIZE) };
                    ports.registrations.list(scope, filter, page).await.unwrap();
                }
            }
            let of_event = RegistrationFilter { event: Some(event.id), ..RegistrationFilter::default() };
            let from = RegistrationPosition::of(&seat, RegistrationOrderField::StartsAt);
            let order = Order { is_descending, ..Order::default() };
            let page = PageRequest { order, direction, from: Some(from), ..first(SIZE) };
            ports.registrations.list(scope, of_event, page).await.unwrap();
        }
    }
    let most = examined(&database, &commands).await;
    assert!(most <= 3 * i64::from(SIZE), "{most} index entries");
}
