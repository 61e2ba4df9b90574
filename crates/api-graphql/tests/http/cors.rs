//! Requests from pages of other origins, as browsers send them.

use reqwest::{Method, RequestBuilder, header::HeaderMap};
use serde_json::{Value, json};

use super::support::{Setup, TestServer};

const PAGE: &str = "https://app.example.org";

fn server(origins: &str) -> TestServer {
    TestServer::start(Setup { origins: origins.parse().unwrap(), ..Setup::default() })
}

async fn preflight(server: &TestServer, origin: &str) -> (u16, HeaderMap) {
    let request = options(server, "POST").header("origin", origin);
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.headers().clone())
}

/// A preflight request without an origin.
fn options(server: &TestServer, method: &str) -> RequestBuilder {
    let request = server.client().request(Method::OPTIONS, server.url("/graphql"));
    request
        .header("access-control-request-method", method)
        .header("access-control-request-headers", "authorization,content-type,idempotency-key")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preflight_request_of_an_allowed_origin_is_answered_without_credentials() {
    let (status, headers) = preflight(&server(PAGE), PAGE).await;
    assert_eq!(status, 200);
    assert_eq!(headers["access-control-allow-origin"], PAGE);
    assert_eq!(headers["access-control-max-age"], "7200");
    let allowed = |name: &str| headers[name].to_str().unwrap().to_lowercase();
    for header in ["authorization", "content-type", "idempotency-key"] {
        assert!(allowed("access-control-allow-headers").contains(header), "{header}");
    }
    for method in ["get", "head", "post", "patch", "delete"] {
        assert!(allowed("access-control-allow-methods").contains(method), "{method}");
    }
    // A cache must not give the response to another origin.
    assert!(headers["vary"].to_str().unwrap().contains("Origin"));
    // Credentials are headers, so cookies are never allowed.
    assert!(!headers.contains_key("access-control-allow-credentials"));
    assert!(headers.contains_key("x-request-id"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_an_allowed_origin_reads_responses_errors_and_their_headers() {
    let server = server(&format!("http://localhost:3000,{PAGE}"));
    let body = json!({"query": "{ __typename }"});
    let answer = server.post().header("origin", PAGE).json(&body).send().await.unwrap();
    let refused = server.client().post(server.url("/graphql")).header("origin", PAGE).json(&body).send();
    let refused = refused.await.unwrap();
    let unknown = server.client().get(server.url("/nowhere")).header("origin", PAGE).send().await.unwrap();
    for (response, status) in [(answer, 200), (refused, 401), (unknown, 404)] {
        assert_eq!(response.status(), status);
        assert_eq!(response.headers()["access-control-allow-origin"], PAGE, "{status}");
        let exposed = response.headers()["access-control-expose-headers"].to_str().unwrap().to_lowercase();
        for header in
            ["x-request-id", "retry-after", "link", "location", "etag", "ratelimit", "ratelimit-policy"]
        {
            assert!(exposed.contains(header), "{header} with {status}");
        }
    }
}

/// Its headers were read, unlike those of a request that is larger than the buffer of the HTTP library.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_an_allowed_origin_reads_the_refusal_of_large_headers() {
    let origins = format!("http://localhost:3000,{PAGE}");
    for (allowed, origin, is_allowed) in [
        (PAGE, PAGE, true),
        (&origins, PAGE, true),
        (&origins, "https://evil.example", false),
        (PAGE, "https://evil.example", false),
        ("*", "https://anywhere.example", true),
    ] {
        let server = server(allowed);
        let request = server.client().get(server.url("/graphql")).header("origin", origin);
        let response = request.header("x-padding", "x".repeat(20_000)).send().await.unwrap();
        assert_eq!(response.status(), 431);
        let headers = response.headers();
        let found = headers.get("access-control-allow-origin").map(|value| value.to_str().unwrap());
        assert_eq!(
            found,
            is_allowed.then_some(if allowed == "*" { "*" } else { origin }),
            "{allowed} {origin}"
        );
        assert!(
            !is_allowed
                || headers["access-control-expose-headers"].to_str().unwrap().contains("x-request-id")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_origins_get_no_headers_of_the_protocol() {
    let server = server(PAGE);
    for origin in
        ["https://evil.example", "https://app.example.org.evil.example", "http://app.example.org", "null"]
    {
        let (status, headers) = preflight(&server, origin).await;
        assert_eq!(status, 400, "{origin}");
        assert!(!headers.contains_key("access-control-allow-origin"), "{origin}");
        let body = json!({"query": "{ __typename }"});
        let answer = server.post().header("origin", origin).json(&body).send().await.unwrap();
        assert!(!answer.headers().contains_key("access-control-allow-origin"), "{origin}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_preflight_request_names_the_reason_and_what_it_depends_on() {
    let server = server(PAGE);
    for (request, reason) in [
        (options(&server, "POST").header("origin", "https://evil.example"), "`Origin`"),
        (options(&server, "POST"), "`Origin` is missing"),
        (options(&server, "PUT").header("origin", PAGE), "`Access-Control-Request-Method`"),
        (options(&server, "TRACE").header("origin", PAGE), "`Access-Control-Request-Method`"),
    ] {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 400, "{reason}");
        let vary = response.headers()["vary"].to_str().unwrap().to_lowercase();
        for header in ["origin", "access-control-request-method", "access-control-request-headers"] {
            assert!(vary.contains(header), "{reason}: {vary}");
        }
        let body: Value = response.json().await.unwrap();
        let message = body["error"]["message"].as_str().unwrap();
        assert!(message.contains(reason), "{message}");
        assert_eq!(body["error"]["code"], "BAD_REQUEST");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wildcard_allows_every_origin_and_the_default_allows_none() {
    let (status, headers) = preflight(&server("*"), "https://anywhere.example").await;
    assert_eq!(status, 200);
    assert_eq!(headers["access-control-allow-origin"], "*");

    let (status, headers) = preflight(&TestServer::start(Setup::default()), PAGE).await;
    assert_eq!(status, 405);
    assert!(!headers.keys().any(|name| name.as_str().starts_with("access-control")));
}
