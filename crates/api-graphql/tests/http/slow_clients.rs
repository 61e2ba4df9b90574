//! Slow clients, and clients that disconnect or stop sending.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use convene_api_graphql::http::limits::HttpLimits;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

use super::support::{Setup, TestServer, log, read_answer, tokens};

fn short_limits() -> HttpLimits {
    HttpLimits {
        header_time: Duration::from_secs(1),
        body_time: Duration::from_millis(300),
        request_time: Duration::from_millis(600),
        ..HttpLimits::default()
    }
}

pub(crate) fn request_head(length: usize) -> String {
    request_head_with(&tokens::token(&json!({})), length)
}

fn request_head_with(token: &str, length: usize) -> String {
    format!(
        "POST /graphql HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_slow_bodies_time_out_without_an_effect_on_others() {
    let server = TestServer::start(Setup { limits: short_limits(), ..Setup::default() });
    let started = Instant::now();
    let mut slow = Vec::new();
    for user in 0..200 {
        let token = tokens::token(&json!({"sub": format!("crowd-{user}")}));
        slow.push(server.raw(format!("{}{{\"query\"", request_head_with(&token, 1_000)).as_bytes()).await);
    }
    assert_eq!(server.query("{ __typename }").await.status(), 200);
    for stream in &mut slow {
        let answer = read_answer(stream).await;
        assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
        assert!(answer.to_lowercase().contains("connection: close"), "{answer}");
    }
    assert!(started.elapsed() < Duration::from_secs(15));
}

const LARGE: usize = 100_000;

#[tokio::test(flavor = "multi_thread")]
async fn large_bodies_of_one_organization_leave_memory_to_others() {
    let limits = HttpLimits { bodies_bytes: 4 * 1024 * 1024, ..HttpLimits::default() };
    let server = TestServer::start(Setup { limits, ..Setup::default() });
    let send = async |organization: &str, user: usize| {
        let token = tokens::token(&json!({"org": organization, "sub": format!("crowd-{user}")}));
        server.raw(format!("{}{{\"query\"", request_head_with(&token, LARGE)).as_bytes()).await
    };
    let mut slow = Vec::new();
    for user in 0..5 {
        slow.push(send("acme", user).await);
    }
    // The server has read their headers by then.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let answer = read_answer(&mut send("acme", 6).await).await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("OVERLOADED"), "{answer}");
    assert_eq!(server.query("{ __typename }").await.status(), 200, "a small body");
    let mut other = send("other", 7).await;
    other.write_all(b": \"{ __typename }\"}").await.unwrap();
    other.write_all(" ".repeat(LARGE).as_bytes()).await.unwrap();
    let answer = read_answer(&mut other).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_that_never_end_time_out() {
    let server = TestServer::start(Setup { limits: short_limits(), ..Setup::default() });
    let mut stream = server.raw(b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nX-Slow: ").await;
    let answer = read_answer(&mut stream).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_without_a_request_are_closed_without_an_effect_on_others() {
    let server = TestServer::start(Setup { limits: short_limits(), ..Setup::default() });
    let mut silent = Vec::new();
    for _ in 0..100 {
        silent.push(server.raw(b"").await);
    }
    assert_eq!(server.query("{ __typename }").await.status(), 200);
    for stream in &mut silent {
        let mut received = Vec::new();
        let closed = timeout(Duration::from_secs(15), stream.read_to_end(&mut received)).await;
        assert!(closed.is_ok(), "the connection is still open");
        assert!(received.is_empty() || received.starts_with(b"HTTP/1.1 408"), "{received:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_half_closed_connection_receives_a_response() {
    let server = TestServer::start(Setup::default());
    let body = "{\"query\":\"{__typename}\"} ";
    let mut stream = server.raw(format!("{}{body}", request_head(body.len())).as_bytes()).await;
    stream.shutdown().await.unwrap();
    let answer = read_answer(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_beyond_the_deadline_is_retryable() {
    let server = TestServer::start(Setup { limits: short_limits(), ..Setup::default() });
    let (status, body) = server.query_strictly("{ stuck }").await;
    assert_eq!(status, 503);
    assert_eq!(body["errors"][0]["extensions"]["code"], "UNAVAILABLE");
    assert_eq!(body["errors"][0]["extensions"]["retryable"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mutation_beyond_the_deadline_that_began_no_change_is_retryable() {
    let server = TestServer::start(Setup { limits: short_limits(), ..Setup::default() });
    let (status, body) = server.query_strictly("mutation { preview }").await;
    assert_eq!(status, 503);
    assert_eq!(body["errors"][0]["extensions"]["code"], "UNAVAILABLE");
    server.state.begun.acquire().await.unwrap().forget();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mutation_beyond_the_deadline_is_completed() {
    let server = TestServer::start(Setup { limits: short_limits(), ..Setup::default() });
    let (status, body) = server.query_strictly("mutation { add }").await;
    assert_eq!(status, 503);
    assert_eq!(body["errors"][0]["extensions"]["code"], "OUTCOME_UNKNOWN");
    server.state.may_finish.add_permits(1);
    let state = std::sync::Arc::clone(&server.state);
    server.stopped().await.unwrap();
    assert_eq!(state.added.load(Ordering::SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mutation_whose_client_disconnects_is_completed() {
    let server = TestServer::start(Setup::default());
    let body = json!({"query": "mutation { add }"}).to_string();
    let stream = server.raw(format!("{}{body}", request_head(body.len())).as_bytes()).await;
    server.state.begun.acquire().await.unwrap().forget();
    stream.set_zero_linger().unwrap();
    drop(stream);
    // After the response on another connection, the workers have noticed the first disconnect.
    let answer: Value = server.query("{ __typename }").await.json().await.unwrap();
    assert_eq!(answer["data"]["__typename"], "Query");
    server.state.may_finish.add_permits(1);
    let state = std::sync::Arc::clone(&server.state);
    server.stopped().await.unwrap();
    assert_eq!(state.added.load(Ordering::SeqCst), 1);
    // The line of the request cannot have the outcome.
    let lines = log::lines();
    let ended = lines.iter().find(|line| line["message"] == "a mutation ended after its request").unwrap();
    assert_eq!((&ended["operation"], &ended["outcome"]), (&json!("add"), &json!("done")), "{ended}");
}
