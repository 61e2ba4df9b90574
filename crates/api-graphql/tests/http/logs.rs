//! The log lines of a request, and the data that they must not contain.

use rstest::rstest;
use serde_json::{Value, json};

use super::support::{Setup, TestServer, bearer, log, read_answer};

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
        ("operation", json!("Named")),
        ("operation_type", json!("query")),
        ("outcome", json!("done")),
    ] {
        assert_eq!(line[field], value, "{field}");
    }
    assert!(line["latency_ms"].is_u64() && line["longest_poll_us"].is_u64());
    assert!(!log::text().contains(CANARY));
}

#[rstest]
#[case::of_a_resolver("alice", "{ broken }", 200)]
#[case::of_the_look_up("unlucky", "{ __typename }", 503)]
#[tokio::test(flavor = "multi_thread")]
async fn a_fault_is_logged_once_with_its_cause(
    #[case] user: &str,
    #[case] document: &str,
    #[case] status: u16,
) {
    let server = TestServer::start(Setup::default());
    let id = format!("log-fault-{user}");
    assert_eq!(send(&server, &id, user, document).await, status);
    let lines = log::of_request(&id);
    let errors = with_level(&lines, "ERROR");
    assert_eq!(errors.len(), 1, "{lines:?}");
    assert!(errors[0]["fault"].as_str().unwrap().contains("db.internal:27017"));
    assert_eq!(with_level(&lines, "INFO").len(), 1);
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
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(5), counted).await.expect("it is counted");
    let text = log::text();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let of_connections = lines.filter(|line| line["target"].as_str().unwrap().starts_with("actix_http"));
    assert_eq!(of_connections.count(), 0);
}

async fn connection_errors(server: &TestServer) -> u64 {
    let text = server.client().get(server.probe_url("/metrics")).send().await.unwrap().text().await.unwrap();
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix("convene_http_connection_errors_total "))
        .unwrap_or("0");
    value.parse().unwrap()
}
