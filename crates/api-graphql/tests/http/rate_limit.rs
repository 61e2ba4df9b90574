//! Rate limits of callers and of organizations.

use reqwest::{
    Response,
    header::{AUTHORIZATION, RETRY_AFTER},
};
use serde_json::json;

use super::support::{Setup, TestServer, bearer};

async fn statuses(server: &TestServer, organization: &str, user: &str, count: usize) -> Vec<u16> {
    let mut statuses = Vec::new();
    for _ in 0..count {
        let request = server.client().post(server.url("/graphql"));
        let request = request.header(AUTHORIZATION, bearer(organization, user));
        let response = request.json(&json!({"query": "{ __typename }"})).send().await.unwrap();
        if response.status() == 429 {
            assert!(response.headers()[RETRY_AFTER].to_str().unwrap().parse::<u64>().unwrap() >= 1);
            assert!(response.text().await.unwrap().contains("RATE_LIMITED"));
            statuses.push(429);
        } else {
            statuses.push(response.status().as_u16());
        }
    }
    statuses
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_has_a_burst_of_twice_the_rate() {
    let server = TestServer::start(Setup { rates: Some((1, 1_000)), ..Setup::default() });
    assert_eq!(statuses(&server, "acme", "alice", 3).await, [200, 200, 429]);
    assert_eq!(statuses(&server, "acme", "bob", 1).await, [200]);
    assert_eq!(statuses(&server, "other", "alice", 1).await, [200]);
}

#[tokio::test(flavor = "multi_thread")]
async fn denied_requests_do_not_use_the_rate_of_an_organization() {
    let server = TestServer::start(Setup { rates: Some((1_000, 2)), ..Setup::default() });
    assert_eq!(statuses(&server, "acme", "mallory", 5).await, [401; 5]);
    assert_eq!(statuses(&server, "acme", "alice", 1).await, [200]);
    assert_eq!(statuses(&server, "acme", "bob", 2).await, [200, 429]);
    assert_eq!(statuses(&server, "other", "alice", 1).await, [200]);
}

#[tokio::test(flavor = "multi_thread")]
async fn rejected_tokens_are_limited_and_valid_ones_of_the_same_address_are_not() {
    let server = TestServer::start(Setup { rates: Some((2, 1_000)), ..Setup::default() });
    let mut rejected = Vec::new();
    for _ in 0..6 {
        let request = server.client().post(server.url("/graphql")).header(AUTHORIZATION, "Bearer a.b.c");
        let response = request.json(&json!({"query": "{ __typename }"})).send().await.unwrap();
        assert_eq!(response.status() == 429, response.headers().contains_key(RETRY_AFTER));
        rejected.push(response.status().as_u16());
    }
    assert_eq!(rejected[..4], [401; 4]);
    assert!(rejected[4..].contains(&429), "{rejected:?}");
    assert_eq!(statuses(&server, "acme", "alice", 2).await, [200, 200]);
}

/// The values of `RateLimit-Policy` and `RateLimit`.
fn limits(response: &Response) -> [Option<&str>; 2] {
    ["ratelimit-policy", "ratelimit"]
        .map(|name| response.headers().get(name).map(|value| value.to_str().unwrap()))
}

#[tokio::test(flavor = "multi_thread")]
async fn responses_tell_what_is_left_of_the_rate_limit() {
    let server = TestServer::start(Setup { rates: Some((1, 1_000)), ..Setup::default() });
    let answers =
        [server.query("{ __typename }").await, server.query("{").await, server.query("{ __typename }").await];
    let policy = Some(r#""caller";q=2;w=2"#);
    assert_eq!(limits(&answers[0]), [policy, Some(r#""caller";r=1;t=1"#)]);
    assert_eq!(limits(&answers[1]), [policy, Some(r#""caller";r=0;t=2"#)]);
    assert_eq!(answers[2].status(), 429);
    assert_eq!(limits(&answers[2]), [policy, Some(r#""caller";r=0;t=2"#)]);
    let unknown = server.client().post(server.url("/graphql")).send().await.unwrap();
    assert_eq!((unknown.status().as_u16(), limits(&unknown)), (401, [None, None]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_used_up_limit_of_the_organization_is_named_and_others_are_not_shown() {
    let server = TestServer::start(Setup { rates: Some((1_000, 3)), ..Setup::default() });
    let first = server.query("{ __typename }").await;
    assert_eq!(limits(&first)[0], Some(r#""caller";q=2000;w=2"#));
    let mut last = first;
    for _ in 0..3 {
        last = server.query("{ __typename }").await;
    }
    assert_eq!(last.status(), 429);
    assert_eq!(limits(&last), [Some(r#""organization";q=3;w=1"#), Some(r#""organization";r=0;t=1"#)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_rate_limits_there_are_no_headers() {
    let server = TestServer::start(Setup::default());
    assert_eq!(limits(&server.query("{ __typename }").await), [None, None]);
}
