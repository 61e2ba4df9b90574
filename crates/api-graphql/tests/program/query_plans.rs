//! The plans of the queries behind every read of the API, as MongoDB records them.

use bson::Document;
use serde_json::Value;

use crate::{
    database_commands::{ADMIN, ORCHESTRA, window},
    documents::{Sizes, lists},
    support::Installation,
};

/// The documents that a query may examine beyond those that it returns.
const SLACK: i64 = 10;

fn number(entry: &Document, field: &str) -> i64 {
    entry.get_i64(field).or_else(|_| entry.get_i32(field).map(i64::from)).unwrap_or_default()
}

/// The problem of the plan of a recorded command; `None` if there is none.
fn problem(entry: &Document) -> Option<&'static str> {
    let plan = entry.get_str("planSummary").unwrap_or_default();
    if plan.contains("COLLSCAN") {
        return Some("a collection is scanned");
    }
    if entry.get_bool("hasSortStage").unwrap_or_default() {
        return Some("documents are sorted in memory");
    }
    let returned = number(entry, "nreturned").max(1);
    if number(entry, "docsExamined") > 2 * returned + SLACK {
        return Some("far more documents are examined than returned");
    }
    None
}

/// A list for each id that an object may be read by.
const IDS: &str = "{ organization { id } members(first: 3) { nodes { id } } events(first: 3) { nodes { id } } \
    occurrences($window, first: 3) { nodes { id } } registrations(first: 3) { nodes { id } } \
    issues(first: 3) { nodes { id } } activity(first: 3) { nodes { id } } }";

fn ids(answer: &Value, found: &mut Vec<String>) {
    match answer {
        Value::Object(object) => {
            found.extend(object.get("id").and_then(Value::as_str).map(str::to_owned));
            object.values().for_each(|value| ids(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| ids(item, found)),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_query_uses_an_index_for_its_filter_and_its_order() {
    let installation = Installation::seeded().await;
    let served = installation.serve().await;
    let window = window(0, 200);
    let mut documents = lists(&window, Sizes { first: 7, inner: 3 });
    let answer = served.ask(ORCHESTRA, ADMIN, &IDS.replace("$window", &window)).await;
    let mut found = Vec::new();
    ids(&answer, &mut found);
    assert!(found.len() >= 16, "{found:?}");
    documents.push(("nodes".to_owned(), format!("{{ nodes(ids: {found:?}) {{ id __typename }} }}")));
    for id in &found {
        documents.push((id.clone(), format!("{{ node(id: {id:?}) {{ id }} }}")));
    }
    for list in [
        "events(first: 5, filter: {search: \"re\"})",
        "issues(first: 5, filter: {status: OPEN})",
        "registrations(first: 5, filter: {status: CONFIRMED})",
    ] {
        documents.push((list.to_owned(), format!("{{ {list} {{ nodes {{ id }} }} }}")));
    }
    let mut problems = Vec::new();
    let mut examined = 0;
    for (name, document) in documents {
        installation.record_commands().await;
        served.ask(ORCHESTRA, ADMIN, &document).await;
        for entry in installation.recorded().await {
            examined += usize::from(entry.contains_key("planSummary"));
            if let Some(problem) = problem(&entry) {
                problems.push(format!("{name}: {problem}: {entry}"));
            }
        }
    }
    for arguments in ["first: 1", "first: 2, search: \"e\""] {
        let document = format!("{{ organizations({arguments}) {{ pageInfo {{ endCursor }} }} }}");
        installation.record_commands().await;
        let answer = served.operate(&document).await;
        let cursor = answer["organizations"]["pageInfo"]["endCursor"].to_string();
        served.operate(&document.replace("first:", &format!("after: {cursor}, first:"))).await;
        for entry in installation.recorded().await {
            examined += usize::from(entry.contains_key("planSummary"));
            if let Some(problem) = problem(&entry) {
                problems.push(format!("organizations({arguments}): {problem}: {entry}"));
            }
        }
    }
    assert!(examined > 40, "{examined}");
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
