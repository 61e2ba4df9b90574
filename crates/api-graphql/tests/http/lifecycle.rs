//! Shutdown: the readiness probe fails first, then all requests in flight are completed.

use std::{
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use convene_api_graphql::server;
use rstest::rstest;
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, net::TcpStream, sync::Semaphore};

use super::support::{Setup, TestServer, bearer, read_answer};

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

/// Sends requests over one connection, without a pause, until a response announces the end of the connection. Returns their
/// number.
async fn send_until_closed(address: SocketAddr, sent: Arc<Semaphore>) -> usize {
    let mut stream = TcpStream::connect(address).await.unwrap();
    for number in 1.. {
        let answer = send(&mut stream).await;
        assert!(
            answer.starts_with("http/1.1 200"),
            "request {number} of a connection was cut off: {answer:?}"
        );
        sent.add_permits(1);
        if answer.contains("\r\nconnection: close\r\n") {
            return number;
        }
    }
    unreachable!("the connection is never closed")
}

/// The number of shutdowns from the variable `CONVENE_TEST_SHUTDOWNS`, by default one; 50 is the full run.
fn shutdowns() -> usize {
    let asked = std::env::var("CONVENE_TEST_SHUTDOWNS").ok();
    asked.map_or(1, |number| number.parse().expect("CONVENE_TEST_SHUTDOWNS must be a number"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_cuts_no_request_of_a_connection_that_is_kept_alive() {
    for _ in 0..shutdowns() {
        shut_down_under_load().await;
    }
}

async fn shut_down_under_load() {
    const CONNECTIONS: u32 = 8;
    let mut server = TestServer::start(Setup::default());
    let sent = Arc::new(Semaphore::new(0));
    let clients: Vec<_> = (0..CONNECTIONS)
        .map(|_| tokio::spawn(send_until_closed(server.address, Arc::clone(&sent))))
        .collect();
    // Each connection has carried some requests.
    sent.acquire_many(10 * CONNECTIONS).await.unwrap().forget();
    server.stop();
    for client in clients {
        assert!(client.await.unwrap() > 1);
    }
    server.stopped().await.unwrap();
}

/// Asks for `{ __typename }` over a connection.
async fn send(stream: &mut TcpStream) -> String {
    let request = format!(
        "GET /graphql?query=%7B__typename%7D HTTP/1.1\r\nhost: test\r\nauthorization: {}\r\n\r\n",
        bearer("acme", "alice")
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    read_answer(stream).await.to_ascii_lowercase()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_at_the_end_of_a_shutdown_is_answered() {
    let mut server = TestServer::start(Setup::default());
    let mut idle = TcpStream::connect(server.address).await.unwrap();
    server.stop();
    // New connections are served, and then told to try again, before they are refused.
    let refusal = loop {
        let mut new = TcpStream::connect(server.address).await.unwrap();
        let answer = send(&mut new).await;
        if !answer.starts_with("http/1.1 200") {
            break answer;
        }
    };
    assert!(refusal.starts_with("http/1.1 503"), "{refusal:?}");
    assert!(refusal.contains("\r\nretry-after: 1\r\n") && refusal.contains("shutting down"), "{refusal}");
    let answer = send(&mut idle).await;
    assert!(answer.starts_with("http/1.1 200"), "{answer:?}");
    let address = server.address;
    server.stopped().await.unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}
