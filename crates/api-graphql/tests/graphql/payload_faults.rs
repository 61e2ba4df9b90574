//! A field below the payload of a mutation fails after the change was made.

use std::{panic::panic_any, sync::Arc};

use convene_application::{
    failure::{Failure, Fault},
    ports::{MockIssues, MockRegistrations},
    testing::memory::InMemory,
};
use rstest::rstest;
use serde_json::{Value, json};

use super::{
    log,
    support::{ADA, Api, BOB, ports},
};

pub(crate) const CREATE: &str = r#"createEvent(input: {title: "Rehearsal", startsAt: "2031-04-07T09:00:00", duration: "PT1H", capacity: 9})"#;
const NESTED: &str = "{ event { id registrations(first: 1) { nodes { id } } } userErrors { code } }";

const EXECUTED: &str = "The mutation was executed, but its answer is incomplete.";

/// A server whose registrations and issues fail in this way.
async fn failing(fault: fn() -> Fault) -> Api {
    let mut registrations = MockRegistrations::new();
    registrations.expect_list_by_event().returning(move |_, _, _, _, _| Err(fault()));
    let mut issues = MockIssues::new();
    issues.expect_create().returning(move |_, _, _| Err(Failure::Fault(fault())));
    let adapters = InMemory::new().adapters();
    let directory = adapters.directory.clone();
    let mut ports = ports(adapters);
    ports.registrations = Arc::new(registrations);
    ports.issues = Arc::new(issues);
    Api::with_members(Api::on(directory, ports)).await
}

/// The path and the code of each error, in the order of the paths.
fn errors(answer: &Value) -> Vec<(String, String)> {
    let errors = answer["errors"].as_array().into_iter().flatten();
    let mut errors: Vec<_> = errors
        .map(|error| (error["path"].to_string(), error["extensions"]["code"].as_str().unwrap().to_owned()))
        .collect();
    errors.sort();
    errors
}

/// The number of events of acme.
pub(crate) async fn events(api: &Api) -> usize {
    let events = api.read(ADA, "{ events { nodes { id } } }").await;
    events["events"]["nodes"].as_array().unwrap().len()
}

/// The outcome and the code in the line of a request.
pub(crate) fn logged(id: &str) -> (Value, Value) {
    let lines = log::of_request(id);
    let line = lines.iter().find(|line| line["message"] == "request").unwrap();
    (line["outcome"].clone(), line["code"].clone())
}

#[rstest]
#[case::unavailable("unavailable", || Fault::Unavailable("no route to db-7".into()))]
#[case::overloaded("overloaded", || Fault::Overloaded)]
#[case::internal("internal", || Fault::internal("db-7 has no field `title`"))]
#[case::panic("panic", || panic_any("db-7 is odd"))]
#[tokio::test(flavor = "multi_thread")]
async fn a_fault_below_the_payload_does_not_deny_the_change(
    #[case] name: &str,
    #[case] fault: fn() -> Fault,
) {
    log::capture();
    let api = failing(fault).await;
    let id = format!("payload-fault-{name}");
    let document = format!("mutation {{ {CREATE} {NESTED} }}");
    let headers = [("x-request-id", id.as_str())];
    let (_, body) = api.send_with(&headers, Some(ADA), &document, &Value::Null).await;
    let answer: Value = serde_json::from_str(&body).unwrap();
    let extensions = &answer["errors"][0]["extensions"];
    let mut expected = json!({"code": "OUTCOME_UNKNOWN", "retryable": true, "requestId": id});
    if name == "panic" {
        // Without data, the error has the ids.
        expected["changedIds"] = json!([event_ids(&api).await[0]]);
    }
    assert_eq!(extensions, &expected, "{answer}");
    assert_eq!(events(&api).await, 1);
    assert_eq!(logged(&id), (json!("failed"), json!("OUTCOME_UNKNOWN")));
    let message = answer["errors"][0]["message"].as_str().unwrap();
    assert!(message.starts_with(EXECUTED), "{message}");
}

async fn event_ids(api: &Api) -> Vec<Value> {
    let events = api.read(ADA, "{ events { nodes { id } } }").await;
    events["events"]["nodes"].as_array().unwrap().iter().map(|event| event["id"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_is_answered_with_the_changes_before_it() {
    let api = failing(|| panic_any("db-7 is odd")).await;
    let create = CREATE.replacen("title:", r#"idempotencyKey: "k-1", title:"#, 1);
    let below_payload = format!("mutation {{ {create} {NESTED} }}");
    // Nobody knows how far the panic came in the second mutation.
    let issue = r#"createIssue(input: {title: "x", description: ""}) { issue { id } }"#;
    let in_mutation = format!("mutation {{ a: {create} {{ event {{ id }} }} b: {issue} }}");
    for (document, is_executed) in [(&below_payload, true), (&below_payload, true), (&in_mutation, false)] {
        let (status, body) = api.send(Some(ADA), document, &Value::Null).await;
        let error = serde_json::from_str::<Value>(&body).unwrap()["errors"][0].take();
        assert_eq!((status, &error["extensions"]["code"]), (503, &json!("OUTCOME_UNKNOWN")), "{body}");
        assert_eq!(error["message"].as_str().unwrap().starts_with(EXECUTED), is_executed, "{body}");
        assert_eq!(error["extensions"]["changedIds"], json!(event_ids(&api).await), "{body}");
    }
    assert_eq!(events(&api).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_mutation_of_a_document_is_judged_by_itself() {
    let api = failing(|| Fault::Unavailable("no route to db-7".into())).await;
    let issue = r#"createIssue(input: {title: "x", description: ""}) { issue { id } }"#;
    let document = format!("mutation {{ a: {CREATE} {NESTED} b: {CREATE} {NESTED} c: {issue} }}");
    let answer = api.ask(ADA, &document, Value::Null).await;
    let expected = [
        (r#"["a","event","registrations"]"#, "OUTCOME_UNKNOWN"),
        (r#"["b","event","registrations"]"#, "OUTCOME_UNKNOWN"),
        (r#"["c"]"#, "UNAVAILABLE"),
    ];
    let expected = expected.map(|(path, code)| (path.to_owned(), code.to_owned()));
    assert_eq!(errors(&answer), expected, "{answer}");
    assert_eq!(events(&api).await, 2);
    // Nothing is changed by a dry run, and by a query.
    let listed = api.read(ADA, "{ events(first: 1) { nodes { id } } }").await;
    let input = json!({"eventId": listed["events"]["nodes"][0]["id"], "title": "Concert", "dryRun": true});
    let dry_run = format!("mutation($input: UpdateEventInput!) {{ updateEvent(input: $input) {NESTED} }}");
    let query = "{ events(first: 1) { nodes { registrations(first: 1) { nodes { id } } } } }";
    for (document, variables) in [(dry_run.as_str(), json!({"input": input})), (query, Value::Null)] {
        assert_eq!(errors(&api.ask(ADA, document, variables).await)[0].1, "UNAVAILABLE", "{document}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_field_below_a_payload_leaves_the_outcome_done() {
    log::capture();
    let api = Api::start().await;
    let event = api.weekly_event(ADA, 10).await;
    let nested = "registration { occurrence { registrations { nodes { id } } } } userErrors { code }";
    let document = format!(
        r#"mutation {{ registerForOccurrence(input: {{occurrenceId: "{}"}}) {{ {nested} }} }}"#,
        event.occurrences[0]
    );
    let headers = [("x-request-id", "payload-forbidden")];
    let (_, body) = api.send_with(&headers, Some(BOB), &document, &Value::Null).await;
    assert!(body.contains("FORBIDDEN"), "{body}");
    assert_eq!(logged("payload-forbidden"), (json!("done"), json!("FORBIDDEN")));

    // A refused mutation has its outcome, whatever happens below the payload of another.
    let second = r#"b: createEvent(input: {title: "", startsAt: "2031-04-07T09:00:00", duration: "PT1H", capacity: 1}) { userErrors { code } }"#;
    let document = document.replacen("mutation {", &format!("mutation {{ {second} "), 1);
    let headers = [("x-request-id", "payload-forbidden-and-refused")];
    let (_, body) = api.send_with(&headers, Some(BOB), &document, &Value::Null).await;
    assert!(body.contains("FORBIDDEN"), "{body}");
    assert_eq!(logged("payload-forbidden-and-refused").0, json!("denied"));
}
