//! Searches over the worst texts that members can write.

use std::time::Instant;

use bson::{Document, doc};
use convene_application::{
    limits::{SEARCHED_BYTES, SEARCHED_OBJECTS},
    page::PageRequest,
    ports::{EventFilter, IssueFilter, IssuePosition},
    testing::builders::{ChangeBuilder, EventBuilder, IssueBuilder, first},
};
use convene_domain::text::{Description, SearchText};
use time::macros::datetime;

use crate::support::{Commands, Tenant, TestDatabase};

/// The longest description, whose every part begins like the text that is searched for.
fn nearly(text: &str) -> String {
    let part = &text[..text.len() - 1];
    part.repeat(Description::MAX_CHARACTERS / part.len())
}

/// Copies an object many times, with further ids and numbers.
async fn multiply(database: &TestDatabase, collection: &str, prefix: &str, number: usize) {
    let collection = database.collection(collection);
    let original = collection.find_one(doc! {}).await.unwrap().unwrap();
    let copy = |place: usize| {
        let mut copy = original.clone();
        copy.insert("_id", format!("{prefix}_f{place:031x}"));
        if copy.contains_key("number") {
            copy.insert("number", i32::try_from(place).unwrap() + 2);
        }
        copy
    };
    for places in (0..number).collect::<Vec<_>>().chunks(1_000) {
        collection.insert_many(places.iter().map(|place| copy(*place))).await.unwrap();
    }
}

fn text(text: &str) -> Option<SearchText> {
    Some(SearchText::parse(text).unwrap())
}

/// Runs the recorded searches again. Returns the numbers of examined documents and index entries, and the milliseconds.
async fn explained(database: &TestDatabase, commands: &Commands) -> Vec<(i64, i64, i64)> {
    let mut explained = Vec::new();
    for event in commands.take().into_iter().filter(|event| event.command_name == "find") {
        let command: Document = event
            .command
            .into_iter()
            .filter(|(name, _)| {
                ["find", "filter", "sort", "limit", "projection", "hint"].contains(&name.as_str())
            })
            .collect();
        let explain = doc! { "explain": command, "verbosity": "executionStats" };
        let plan = database.raw().run_command(explain).await.unwrap();
        let stats = plan.get_document("executionStats").unwrap();
        let number = |name| stats.get_i32(name).map(i64::from).or_else(|_| stats.get_i64(name)).unwrap();
        explained.push((
            number("totalDocsExamined"),
            number("totalKeysExamined"),
            number("executionTimeMillis"),
        ));
    }
    explained
}

/// Reads all pages of a search for issues. Returns the numbers of the found issues and of the pages.
async fn all_pages(database: &TestDatabase, tenant: &Tenant, wanted: &str) -> (Vec<u32>, usize) {
    let (mut found, mut pages) = (Vec::new(), 0);
    let mut page: PageRequest<IssuePosition> = first(10);
    loop {
        let filter = IssueFilter { search: text(wanted), ..IssueFilter::default() };
        let next = database.ports.issues.list(&tenant.scope, filter, page).await.unwrap();
        found.extend(next.items.iter().map(|issue| issue.number));
        pages += 1;
        let Some(after) =
            next.examined.or(found.last().copied().map(IssuePosition::Number)).filter(|_| next.has_more)
        else {
            return (found, pages);
        };
        assert!(page.from < Some(after), "every page makes progress");
        page = PageRequest { from: Some(after), ..first(10) };
    }
}

#[tokio::test]
async fn a_search_examines_a_bounded_part_and_continues() {
    let (database, commands) = TestDatabase::watched().await;
    let tenant = database.organization("long").await;
    let change = ChangeBuilder::by("first-admin").build();
    let wanted = "needle in the haystack";
    let issue = IssueBuilder::new("Long", tenant.admin()).description(&nearly(wanted)).build();
    database.ports.issues.create(&tenant.scope, issue, &change).await.unwrap();
    multiply(&database, "issues", "iss", 1_000).await;
    let counter = doc! { "$set": { "lastIssueNumber": 1_001 } };
    database.collection("organizations").update_one(doc! {}, counter).await.unwrap();
    let issue = IssueBuilder::new("A Needle in the HAYSTACK", tenant.admin()).build();
    database.ports.issues.create(&tenant.scope, issue, &change).await.unwrap();
    commands.take();

    let (found, pages) = all_pages(&database, &tenant, wanted).await;
    let whole = SEARCHED_BYTES / nearly(wanted).len();
    assert_eq!((found, pages), (vec![1_002], 1_002_usize.div_ceil(whole)));
    let plans = explained(&database, &commands).await;
    assert_eq!(plans.len(), 2 * pages, "two queries for each page");
    let bound = i64::try_from(whole).unwrap() + 1;
    for lengths_and_texts in plans.chunks(2) {
        let [lengths, texts] = lengths_and_texts else { panic!("two queries for each page") };
        assert_eq!(lengths.0, 0, "lengths are read from the index: {plans:?}");
        assert!(texts.0 <= bound, "{plans:?}");
    }
    eprintln!("documents, index entries and milliseconds of each query: {plans:?}");
}

#[tokio::test]
async fn a_search_in_many_short_texts_is_bounded() {
    let (database, commands) = TestDatabase::watched().await;
    let tenant = database.organization("many").await;
    let change = ChangeBuilder::by("first-admin").build();
    let event = EventBuilder::weekly(datetime!(2031-04-01 10:00)).title("Choir").build();
    database.ports.events.create(&tenant.scope, event, &change).await.unwrap();
    multiply(&database, "events", "evt", SEARCHED_OBJECTS).await;
    commands.take();
    let filter = || EventFilter { search: text("orchestra"), ..EventFilter::default() };
    let started = Instant::now();
    let page = database.ports.events.list(&tenant.scope, filter(), first(10), None).await.unwrap();
    eprintln!("a search in {SEARCHED_OBJECTS} short texts: {:?}", started.elapsed());
    assert!(page.items.is_empty() && page.has_more);
    let request = PageRequest { from: page.examined, ..first(10) };
    let page = database.ports.events.list(&tenant.scope, filter(), request, None).await.unwrap();
    assert!(page.items.is_empty() && !page.has_more);
    let plans = explained(&database, &commands).await;
    let whole = i64::try_from(SEARCHED_OBJECTS).unwrap();
    assert!(plans.len() >= 2, "at least one query for each page: {plans:?}");
    assert!(plans.iter().all(|plan| plan.0 <= whole && plan.1 <= whole + 1), "{plans:?}");
    eprintln!("documents, index entries and milliseconds of each query: {plans:?}");
}

#[tokio::test]
async fn the_stored_text_is_checked() {
    let database = TestDatabase::prepared().await;
    let tenant = database.organization("checked").await;
    let change = ChangeBuilder::by("first-admin").build();
    let issue = IssueBuilder::new("Café", tenant.admin()).build();
    let issue = database.ports.issues.create(&tenant.scope, issue, &change).await.unwrap();
    let event = EventBuilder::once(datetime!(2031-04-01 10:00)).title("Straße").build();
    let event = database.ports.events.create(&tenant.scope, event, &change).await.unwrap();
    let check = async || {
        let report = database.ports.check(convene_application::testing::FixedClock::START).await.unwrap();
        let of = |kind| {
            report.violations_of(&format!("the search text of an {kind} is its folded title and description"))
        };
        (of("event"), of("issue"))
    };
    assert_eq!(check().await, (0, 0));
    let wrong = doc! { "$set": { "search": "cafe?\n", "searchBytes": 6 } };
    let set = async |collection: &str, id: String, update: &Document| {
        database.collection(collection).update_one(doc! { "_id": id }, update.clone()).await
    };
    set("issues", issue.id.to_string(), &wrong).await.unwrap();
    set("events", event.id.to_string(), &wrong).await.unwrap();
    assert_eq!(check().await, (1, 1));
    set("issues", issue.id.to_string(), &doc! { "$set": { "searchBytes": 7 } }).await.unwrap_err();
    set("events", event.id.to_string(), &doc! { "$set": { "searchBytes": 7 } }).await.unwrap_err();
}
