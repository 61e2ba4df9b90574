//! The limit of requests in flight of a caller.

use convene_api_graphql::auth::InFlightLimits;
use reqwest::header::AUTHORIZATION;
use serde_json::json;

use super::support::{Setup, TestServer, bearer};

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_has_a_limited_number_of_requests_in_flight() {
    let limit = InFlightLimits::default().caller;
    let server = TestServer::start(Setup::default());
    let body = json!({"query": "mutation { add }"});
    let running: Vec<_> = (0..limit).map(|_| tokio::spawn(server.post().json(&body).send())).collect();
    let begun = u32::try_from(limit).unwrap();
    server.state.begun.acquire_many(begun).await.unwrap().forget();
    // A mutation without its client is still in flight.
    running.iter().for_each(tokio::task::JoinHandle::abort);

    let refused = server.query("{ __typename }").await;
    assert_eq!((refused.status().as_u16(), &refused.headers()["retry-after"]), (503, &"1".parse().unwrap()));
    let refused: serde_json::Value = refused.json().await.unwrap();
    assert_eq!(refused["errors"][0]["extensions"]["code"], "OVERLOADED");
    let other = server.client().post(server.url("/graphql")).header(AUTHORIZATION, bearer("acme", "bob"));
    assert_eq!(other.json(&json!({"query": "{ __typename }"})).send().await.unwrap().status(), 200);

    server.state.may_finish.add_permits(limit);
    for _ in 0..50 {
        if server.query("{ __typename }").await.status() == 200 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("the completed requests still count");
}
