//! Attempts that the caller's role does not allow are logged and counted, each once.

use serde_json::{Value, json};

use super::{
    log,
    roles::{MUTATIONS, QUERIES, fill, known},
    support::{ADA, Api, BOB, Caller, OPERATOR, metrics},
};

/// The number of counted attempts.
fn counted() -> u64 {
    counted_of("forbidden")
}

/// The number of counted events of a kind.
fn counted_of(kind: &str) -> u64 {
    let metrics = metrics().render();
    let name = format!("convene_security_events_total{{kind=\"{kind}\"}} ");
    let line = metrics.lines().find_map(|line| line.strip_prefix(name.as_str()));
    line.map_or(0, |count| count.parse().unwrap())
}

/// The response to a document, and the security log lines of its request.
async fn told(api: &Api, id: &str, caller: Caller, document: &str) -> (String, Vec<Value>) {
    let (_, answer) = api.send_with(&[("x-request-id", id)], Some(caller), document, &Value::Null).await;
    let lines = log::of_request(id);
    (answer, lines.into_iter().filter(|line| line["target"] == "security").collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refused_attempt_is_logged_and_counted() {
    log::capture();
    let api = Api::start().await;
    let known = known(&api).await;
    let queries = QUERIES.map(|(field, whose, document)| (field, whose, document.to_owned()));
    let mutations = MUTATIONS.map(|(field, whose, input)| {
        (field, whose, format!("mutation {{ {field}(input: {{{input}}}) {{ userErrors {{ code }} }} }}"))
    });
    let mut attempts = 0;
    for (field, whose, document) in queries.into_iter().chain(mutations) {
        let document = fill(&document, &known);
        for caller in [BOB, OPERATOR].into_iter().filter(|caller| !whose.allows(*caller)) {
            let before = counted();
            let id = format!("attempt-{field}-{}", caller.user);
            let (answer, lines) = told(&api, &id, caller, &document).await;
            assert!(answer.contains("FORBIDDEN"), "{field} by {caller:?}: {answer}");
            assert_eq!(lines.len(), 1, "{field} by {caller:?}: {lines:?}");
            assert_eq!((&lines[0]["level"], &lines[0]["operation"]), (&json!("WARN"), &json!(field)));
            assert_eq!(lines[0]["organization"].is_null(), caller.operator, "{lines:?}");
            assert!(counted() > before, "{field} by {caller:?}");
            attempts += 1;
        }
    }
    assert!(attempts > 40, "only {attempts}");
}

#[tokio::test(flavor = "multi_thread")]
async fn allowed_requests_are_no_events_and_refused_fields_inside_objects_are() {
    log::capture();
    let api = Api::start().await;
    let event = api.weekly_event(ADA, 10).await;
    let inside = format!(
        r#"{{ occurrence(id: "{}") {{ registrations {{ nodes {{ id }} }} }} }}"#,
        event.occurrences[0]
    );
    let (_, lines) = told(&api, "inside-bob", BOB, &inside).await;
    assert_eq!(lines.len(), 1, "{lines:?}");
    for (id, caller, document) in [
        ("inside-ada", ADA, inside.as_str()),
        ("log-ada", ADA, "{ activity(first: 1) { nodes { id } } }"),
        ("members-bob", BOB, "{ members { nodes { email } } }"),
        ("unknown-bob", BOB, r#"{ event(id: "evt_018f4e6b8c7a7c3e9f5d2b1a0c9e8d7f") { id } }"#),
    ] {
        let (_, lines) = told(&api, id, caller, document).await;
        assert_eq!(json!(lines), json!([]), "{document} by {caller:?}");
    }
}

/// The line is about the process, so a call whose answer was lost may have it twice.
#[tokio::test(flavor = "multi_thread")]
async fn the_line_about_a_status_is_not_written_for_a_status_that_the_organization_has_not() {
    log::capture();
    let api = Api::start().await;
    let acme = api.read(ADA, "{ organization { id } }").await["organization"]["id"].take();
    let set = async |id: &str, mutation: &str, key: &str| {
        let input = format!(r#"organizationId: {acme}, idempotencyKey: "{key}""#);
        let document =
            format!("mutation {{ {mutation}(input: {{{input}}}) {{ organization {{ status }} }} }}");
        let (answer, lines) = told(&api, id, OPERATOR, &document).await;
        (answer.contains("ACTIVE"), lines.len())
    };
    assert_eq!(set("status-1", "suspendOrganization", "k1").await, (false, 1));
    assert_eq!(set("status-2", "suspendOrganization", "k1").await, (false, 1));
    assert_eq!(set("status-3", "resumeOrganization", "k2").await, (true, 1));
    assert_eq!(set("status-4", "suspendOrganization", "k1").await, (true, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_document_that_exceeds_a_limit_is_counted() {
    let api = Api::start().await;
    let tokens = format!("{{ viewer {{ {} }} }}", "role ".repeat(2_100));
    let nesting = format!("{}{}", "{ viewer ".repeat(60), "}".repeat(60));
    let aliases = (0..16).map(|number| format!("a{number}: __typename ")).collect::<String>();
    // The second time, the document is known.
    for document in [&tokens, &nesting, &format!("{{ viewer {{ {aliases} }} }}"), &tokens] {
        let before = counted_of("document_limit");
        let (_, body) = api.send(Some(BOB), document, &Value::Null).await;
        assert!(body.contains("QUERY_LIMIT_EXCEEDED"), "{body}");
        assert_eq!(counted_of("document_limit"), before + 1, "{body}");
    }
    let before = counted_of("document_limit");
    api.send(Some(BOB), "{ viewer {", &Value::Null).await;
    assert_eq!(counted_of("document_limit"), before);
}
