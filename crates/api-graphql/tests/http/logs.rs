//! The log lines of a request, and the data that they must not contain.

use std::{collections::BTreeSet, time::Duration};

use rstest::rstest;
use serde_json::{Value, json};
use socket2::SockRef;

use super::support::{SUSPENDED_MEMBER, Setup, TestServer, bearer, log, read_answer, tokens};

const CANARY: &str = "canary-value-that-nobody-should-log";

async fn send(server: &TestServer, id: &str, user: &str, document: &str) -> u16 {
    let request = server.client().post(server.url("/graphql?x=canary-value-that-nobody-should-log"));
    let request = request.header("authorization", bearer("acme", user)).header("x-request-id", id);
    let request = request.header("user-agent", CANARY);
    let body = json!({"query": document, "variables": {"id": CANARY}});
    request.json(&body).send().await.unwrap().status().as_u16()
}

fn with_level<'a>(lines: &'a [Value], level: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["level"] == level).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_logged_in_one_line_without_its_arguments() {
    let server = TestServer::start(Setup::default());
    let document = "query Named($id: ID!) { event(id: $id) { id } }";
    assert_eq!(send(&server, "log-plain", "alice", document).await, 200);
    let lines = log::of_request("log-plain");
    assert_eq!(lines.len(), 1, "{lines:?}");
    let line = &lines[0];
    for (field, value) in [
        ("method", json!("POST")),
        ("route", json!("/graphql")),
        ("status", json!(200)),
        ("request_id", json!("log-plain")),
        ("operation", json!("event")),
        ("operation_name", json!("Named")),
        ("operation_type", json!("query")),
        ("outcome", json!("done")),
        ("code", Value::Null),
        ("organization", json!("acme")),
        ("database_commands", json!(0)),
    ] {
        assert_eq!(line[field], value, "{field}");
    }
    assert!(line["duration_ms"].as_f64().unwrap() > 0.0 && line["longest_poll_us"].as_u64().unwrap() > 0);
    assert!(line["bytes"].as_u64().unwrap() > 10 && line["cost"].as_u64().unwrap() > 0);
    assert!(!log::text().contains(CANARY));
}

/// The type, the outcome and the code in the line of a request with this id, and its operation.
fn outcome(id: &str) -> [Value; 4] {
    let lines: Vec<_> = log::of_request(id).into_iter().filter(|line| line["message"] == "request").collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    ["operation_type", "outcome", "code", "operation"].map(|field| lines[0][field].clone())
}

#[rstest]
#[case::done("alice", "query Q { event(id: 1) { id } }", "query", "done", "", "event")]
#[case::several("alice", "{ organization e: event(id: 1) { id } }", "query", "done", "", "several")]
#[case::fragment(
    "alice",
    "{ ...f } fragment f on Query { organization }",
    "query",
    "done",
    "",
    "organization"
)]
#[case::meta("alice", "{ __typename }", "query", "done", "", "__typename")]
#[case::syntax("alice", "{", "", "invalid", "GRAPHQL_PARSE_FAILED", "")]
#[case::unknown_field(
    "alice",
    "query Secret { secret }",
    "query",
    "invalid",
    "GRAPHQL_VALIDATION_FAILED",
    ""
)]
#[case::subscription("alice", "subscription { secret }", "subscription", "invalid", "BAD_REQUEST", "")]
#[case::too_large(
    "alice",
    &format!("{{ again {{ {} }} }}", "organization ".repeat(196)),
    "query",
    "invalid",
    "QUERY_LIMIT_EXCEEDED",
    "again"
)]
#[case::introspection(
    "alice",
    "{ __schema { types { name } } }",
    "query",
    "refused",
    "INTROSPECTION_DISABLED",
    ""
)]
#[case::role("alice", "{ forbidden }", "query", "denied", "FORBIDDEN", "forbidden")]
#[case::unknown_caller("mallory", "{ organization }", "", "denied", "UNAUTHENTICATED", "")]
#[case::fault("alice", "{ organization broken }", "query", "failed", "INTERNAL", "several")]
#[case::panic("alice", "mutation { boom }", "mutation", "failed", "OUTCOME_UNKNOWN", "boom")]
#[case::outage("unlucky", "{ organization }", "", "failed", "UNAVAILABLE", "")]
#[tokio::test(flavor = "multi_thread")]
async fn a_line_has_the_outcome_of_its_operation(
    #[case] user: &str,
    #[case] document: &str,
    #[case] operation_type: &str,
    #[case] is: &str,
    #[case] code: &str,
    #[case] operation: &str,
) {
    let server = TestServer::start(Setup::default());
    let letters = document.chars().filter(char::is_ascii_alphanumeric).take(40).collect::<String>();
    let id = format!("outcome-{user}-{letters}-{}", document.len());
    let body = json!({"query": document});
    let request = server.client().post(server.url("/graphql")).header("authorization", bearer("acme", user));
    request.header("x-request-id", &id).json(&body).send().await.unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    assert_eq!(outcome(&id).map(|value| text(&value)), [operation_type, is, code, operation]);
}

/// An operator needs the reason to connect a provider; a client that tries tokens must not learn it.
#[tokio::test(flavor = "multi_thread")]
async fn a_line_has_the_reason_of_a_rejection_that_the_response_conceals() {
    let server = TestServer::start(Setup { rates: Some((1_000, 1_000)), ..Setup::default() });
    let token = |changes: Value| format!("Bearer {}", tokens::token(&changes));
    let forged = tokens::sign(&tokens::header(), &tokens::claims(&json!({})).to_string(), "another secret");
    let cases = [
        ("missing", String::from("Basic YTpi")),
        ("malformed", String::from("Bearer a.b.c")),
        ("kind", token(json!({"typ": "refresh"}))),
        ("issuer", token(json!({"iss": "other"}))),
        ("audience", token(json!({"aud": "other"}))),
        ("expired", token(json!({"exp": 1}))),
        ("early", token(json!({"nbf": 9_999_999_998_i64, "exp": 9_999_999_999_i64}))),
        ("claims", token(json!({"sub": 7}))),
        ("signature", format!("Bearer {forged}")),
        ("unknown_caller", bearer("acme", "mallory")),
    ];
    let mut responses = Vec::new();
    for (reason, credentials) in cases {
        let id = format!("rejected-{reason}");
        let request = server.client().post(server.url("/graphql")).header("authorization", credentials);
        let request = request.header("x-request-id", &id).json(&json!({"query": "{ organization }"}));
        let response = request.send().await.unwrap();
        // Each thread of the server has an order of its own.
        let headers: BTreeSet<String> = response.headers().keys().map(ToString::to_string).collect();
        responses.push((response.status(), headers, response.text().await.unwrap()));
        let lines = log::of_request(&id);
        assert_eq!(lines[0]["rejection"], json!(reason), "{lines:?}");
    }
    responses.dedup();
    assert_eq!(responses.len(), 1, "{responses:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_line_of_a_member_of_a_suspended_organization_names_the_caller() {
    let server = TestServer::start(Setup::default());
    let request = server.client().post(server.url("/graphql")).header("x-request-id", "log-suspended");
    let request = request.header("authorization", bearer("suspended", "alice"));
    let response = request.json(&json!({"query": "{ organization }"})).send().await.unwrap();
    assert_eq!(response.status(), 403);
    let line = &log::of_request("log-suspended")[0];
    let expected = [json!("ORGANIZATION_SUSPENDED"), json!("suspended"), json!(SUSPENDED_MEMBER.to_string())];
    assert_eq!(["code", "organization", "member"].map(|field| line[field].clone()), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_whose_client_goes_away_has_one_line() {
    let server = TestServer::start(Setup::default());
    let body = r#"{"query":"{ stuck }"}"#;
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: a\r\nauthorization: {}\r\nx-request-id: log-gone\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        bearer("acme", "alice"),
        body.len()
    );
    let connection = server.raw(head.as_bytes()).await;
    // The connection breaks. The end of what a client sends alone is no reason to stop its request.
    SockRef::from(&connection).set_linger(Some(Duration::ZERO)).unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(log::of_request("log-gone").len(), 0);
    drop(connection);
    let written = async {
        while log::of_request("log-gone").is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), written).await.expect("a line is written");
    let lines = log::of_request("log-gone");
    assert_eq!(
        (lines.len(), &lines[0]["outcome"], &lines[0]["status"]),
        (1, &json!("abandoned"), &json!(499))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_line_of_a_request_has_the_id_and_the_trace_of_the_caller() {
    let server = TestServer::start(Setup::default());
    let valid = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let invalid = [
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        "4bf92f3577b34da6a3ce929d0e0e4736",
        "\"}",
    ];
    for (number, header) in std::iter::once(valid).chain(invalid).enumerate() {
        let id = format!("log-trace-{number}");
        let request = server.post().header("x-request-id", &id).header("traceparent", header);
        request.json(&json!({"query": "{ broken }"})).send().await.unwrap();
        let lines = log::of_request(&id);
        assert_eq!(lines.len(), 2, "{lines:?}");
        let trace = if header == valid { json!("4bf92f3577b34da6a3ce929d0e0e4736") } else { Value::Null };
        assert!(lines.iter().all(|line| line["trace_id"] == trace), "{header}: {lines:?}");
    }
}

#[rstest]
#[case::of_a_resolver("alice", "{ broken }", 200)]
#[case::of_fields_without_a_code("alice", "{ broken again: broken }", 200)]
#[case::of_several_fields("alice", "{ unavailable again: unavailable third: unavailable }", 200)]
#[case::of_the_look_up("unlucky", "{ __typename }", 503)]
#[tokio::test(flavor = "multi_thread")]
async fn a_fault_is_logged_once_with_its_cause(
    #[case] user: &str,
    #[case] document: &str,
    #[case] status: u16,
) {
    let server = TestServer::start(Setup::default());
    let id = format!("log-fault-{user}-{}", document.len());
    assert_eq!(send(&server, &id, user, document).await, status);
    let lines = log::of_request(&id);
    let errors = with_level(&lines, "ERROR");
    assert_eq!(errors.len(), 1, "{lines:?}");
    let fault = errors[0]["fault"].as_str().unwrap();
    assert!(fault.contains("db.internal:27017") && !fault.contains('"'), "{fault}");
    assert_eq!(with_level(&lines, "INFO").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_overload_is_the_code_of_the_request_and_no_error() {
    let server = TestServer::start(Setup::default());
    assert_eq!(send(&server, "log-overload", "alice", "{ overloaded again: overloaded }").await, 200);
    let lines = log::of_request("log-overload");
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!((&lines[0]["level"], &lines[0]["code"]), (&json!("INFO"), &json!("OVERLOADED")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_is_logged_with_its_request_id() {
    let server = TestServer::start(Setup::default());
    assert_eq!(send(&server, "log-panic", "alice", "{ boom }").await, 500);
    let lines = log::of_request("log-panic");
    let errors = with_level(&lines, "ERROR");
    assert_eq!(errors.len(), 1, "{lines:?}");
    assert!(errors[0]["panic"].as_str().unwrap().contains("a resolver panics"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_cannot_forge_a_log_line() {
    let server = TestServer::start(Setup::default());
    let forged = "x\" }\n{\"level\":\"FORGED\",\"message\":\"";
    let body =
        json!({"query": format!("query {forged}"), "operationName": forged, "variables": {forged: forged}});
    assert_eq!(server.post().json(&body).send().await.unwrap().status(), 200);
    let path = server.url("/%0a%7B%22level%22%3A%22FORGED%22%7D");
    assert_eq!(server.client().get(path).send().await.unwrap().status(), 404);
    let text = log::text();
    assert!(
        text.lines()
            .all(|line| serde_json::from_str::<Value>(line).is_ok_and(|line| line["level"] != "FORGED"))
    );
}

#[rstest]
#[case::tls(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")]
#[case::text(b"hello\r\n\r\n")]
#[case::binary(&[0; 64])]
#[case::version(b"GET / HTTP/9.9\r\n\r\n")]
#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_not_http_are_counted_and_not_logged(#[case] bytes: &[u8]) {
    let server = TestServer::start(Setup::default());
    let before = connection_errors(&server).await;
    let _answer = read_answer(&mut server.raw(bytes).await).await;
    let counted = async {
        while connection_errors(&server).await == before {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), counted).await.expect("it is counted");
    let text = log::text();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let of_connections = lines.filter(|line| line["target"].as_str().unwrap().starts_with("actix_http"));
    assert_eq!(of_connections.count(), 0);
}

async fn connection_errors(server: &TestServer) -> u64 {
    let text = server.metrics().await;
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix("convene_http_connection_errors_total "))
        .unwrap_or("0");
    value.parse().unwrap()
}
