//! Rate limits of callers and of organizations.

use reqwest::header::{AUTHORIZATION, RETRY_AFTER};
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
