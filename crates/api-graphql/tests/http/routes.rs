//! Unknown paths, health, metrics, request ids, and the headers of every response.

use reqwest::Method;
use rstest::rstest;
use serde_json::Value;

use super::support::{Setup, TestServer, bearer};

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_path_has_an_error_of_the_common_form() {
    let server = TestServer::start(Setup::default());
    let request = server.client().get(server.url("/nowhere")).header("x-request-id", "mine-1");
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 404);
    insta::assert_snapshot!(response.text().await.unwrap(), @r#"{"error":{"code":"NOT_FOUND","message":"There is nothing at this address.","requestId":"mine-1"}}"#);
}

#[rstest]
#[case("/graphql", 401)]
#[case("/nowhere", 404)]
#[case::probes_are_not_public("/livez", 404)]
#[case::nor_is_readiness("/readyz", 404)]
#[case::nor_are_metrics("/metrics", 404)]
#[tokio::test(flavor = "multi_thread")]
async fn every_response_has_a_request_id_and_security_headers(#[case] path: &str, #[case] status: u16) {
    let server = TestServer::start(Setup::default());
    let response = server.client().get(server.url(path)).send().await.unwrap();
    assert_eq!(response.status(), status);
    let headers = response.headers();
    assert!(headers["x-request-id"].to_str().unwrap().starts_with("fresh-"));
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert_eq!(headers["cache-control"], "no-store");
    assert!(headers.contains_key("content-security-policy"));
}

#[rstest]
#[case("/livez", 200)]
#[case("/readyz", 200)]
#[case("/metrics", 200)]
#[case("/graphql", 404)]
#[tokio::test(flavor = "multi_thread")]
async fn probes_have_a_listener_of_their_own(#[case] path: &str, #[case] status: u16) {
    let server = TestServer::start(Setup::default());
    let response = server.client().get(server.probe_url(path)).send().await.unwrap();
    assert_eq!(response.status(), status);
    assert!(response.headers().contains_key("x-request-id"));
}

#[rstest]
#[case("sane-id_1.2", true)]
#[case("two words", false)]
#[case("{}", false)]
#[tokio::test(flavor = "multi_thread")]
async fn a_valid_request_id_is_kept(#[case] id: &str, #[case] kept: bool) {
    let server = TestServer::start(Setup::default());
    let response =
        server.client().get(server.probe_url("/livez")).header("x-request-id", id).send().await.unwrap();
    assert_eq!(response.headers()["x-request-id"] == id, kept);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_method_lists_the_allowed_methods() {
    let server = TestServer::start(Setup::default());
    let response = server.client().post(server.probe_url("/livez")).send().await.unwrap();
    assert_eq!(response.status(), 405);
    assert_eq!(response.headers()["allow"], "GET, HEAD");
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["error"]["code"], "METHOD_NOT_ALLOWED");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_operations_and_security_events_are_counted() {
    let server = TestServer::start(Setup::default());
    assert_eq!(server.query("query Named { __typename }").await.status(), 200);
    let _refused = server.query("subscription { of_mine }").await;
    let _answer = server.client().get(server.url("/graphql")).send().await.unwrap();
    let _answer = server.client().get(server.url("/some/path/of/mine")).send().await.unwrap();
    let text = server.metrics().await;
    for line in [
        "convene_http_requests_total{route=\"/graphql\",method=\"POST\",status=\"2xx\"}",
        "convene_http_requests_total{route=\"unmatched\",method=\"GET\",status=\"4xx\"}",
        "convene_http_request_duration_seconds_bucket{route=\"/graphql\",le=\"0.005\"}",
        "convene_operations_total{type=\"query\",outcome=\"done\",code=\"\"}",
        "convene_operation_duration_seconds_count{operation=\"__typename\"}",
        "convene_security_events_total{kind=\"authentication_failed\"}",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(!text.contains("mine") && !text.contains("Named") && !text.contains("acme"));
}

/// HEAD answers with the status and the headers of GET, without a body (RFC 9110, section 9.3.2).
#[rstest]
#[case::a_probe("/livez", true)]
#[case::the_metrics("/metrics", true)]
#[case::a_query("/graphql?query=%7B__typename%7D", false)]
#[case::an_unknown_path("/nowhere", false)]
#[tokio::test(flavor = "multi_thread")]
async fn head_is_answered_wherever_get_is(#[case] path: &str, #[case] is_probe: bool) {
    let server = TestServer::start(Setup::default());
    let url = if is_probe { server.probe_url(path) } else { server.url(path) };
    let request =
        |method| server.client().request(method, &url).header("authorization", bearer("acme", "alice"));
    // Without a request before, there are no metrics.
    drop(request(Method::GET).send().await.unwrap());
    let get = request(Method::GET).send().await.unwrap();
    let head = request(Method::HEAD).send().await.unwrap();
    assert_eq!(head.status(), get.status());
    for header in ["content-type", "cache-control"] {
        assert_eq!(head.headers().get(header), get.headers().get(header), "{header}");
    }
    assert!(!get.text().await.unwrap().is_empty());
    assert_eq!(head.text().await.unwrap(), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn head_runs_no_mutation() {
    let server = TestServer::start(Setup::default());
    let url = server.url("/graphql?query=mutation%7Badd%7D");
    let response =
        server.client().head(url).header("authorization", bearer("acme", "alice")).send().await.unwrap();
    assert_eq!(response.status(), 405);
}
