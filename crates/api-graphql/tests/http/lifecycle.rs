//! Shutdown: the readiness probe fails first, then all requests in flight are completed.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use convene_api_graphql::server;
use rstest::rstest;
use serde_json::{Value, json};

use super::support::{Setup, TestServer};

#[tokio::test(flavor = "multi_thread")]
async fn readiness_fails_first_and_requests_in_flight_are_completed() {
    let mut server = TestServer::start(Setup::default());
    assert_eq!(server.client().get(server.probe_url("/readyz")).send().await.unwrap().status(), 200);

    let in_flight = tokio::spawn(server.post().json(&json!({"query": "mutation { add }"})).send());
    server.state.begun.acquire().await.unwrap().forget();
    server.stop();

    // The server still accepts connections, so this loop ends as soon as the shutdown has begun.
    let not_ready = loop {
        let response = server.client().get(server.probe_url("/readyz")).send().await.unwrap();
        if response.status() != 200 {
            break response;
        }
    };
    assert_eq!(not_ready.status(), 503);
    let body: Value = not_ready.json().await.unwrap();
    assert_eq!(body["error"]["code"], "NOT_READY");

    let state = Arc::clone(&server.state);
    state.may_finish.add_permits(1);
    let answer: Value = in_flight.await.unwrap().unwrap().json().await.unwrap();
    assert_eq!(answer["data"]["add"], 1);
    server.stopped().await.unwrap();
    assert_eq!(state.added.load(Ordering::SeqCst), 1);
}

#[rstest]
#[case("TERM")]
#[case("INT")]
#[tokio::test(flavor = "multi_thread")]
async fn a_signal_is_received(#[case] signal: &str) {
    let stop = server::stop_signal().unwrap();
    let own_id = std::process::id().to_string();
    let sent = std::process::Command::new("kill").args(["-s", signal, &own_id]).status().unwrap();
    assert!(sent.success());
    tokio::time::timeout(Duration::from_secs(5), stop).await.unwrap();
}
