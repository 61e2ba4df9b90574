//! Clients that have their response and do not end the body of their request.

use std::time::{Duration, Instant};

use convene_api_graphql::http::limits::{DISCARDED_BYTES, HttpLimits};
use rstest::rstest;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

use super::support::{Setup, TestServer, bearer, read_answer};

/// The time in which the server closes a connection after its response, and some more.
const CLOSING_TIME: Duration = Duration::from_secs(7);

const CHUNKED: &str = "Transfer-Encoding: chunked\r\n\r\n";
const PART: &str = "5\r\n{\"que\r\n";

fn start() -> TestServer {
    let limits = HttpLimits {
        body_time: Duration::from_millis(500),
        request_time: Duration::from_secs(1),
        ..HttpLimits::default()
    };
    TestServer::start(Setup { limits, ..Setup::default() })
}

fn head(target: &str, authorization: &str) -> String {
    format!(
        "POST {target} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\
         Authorization: {authorization}\r\n"
    )
}

/// Reads until the server closes the connection.
async fn is_closed(stream: &mut TcpStream) -> bool {
    timeout(CLOSING_TIME, stream.read_to_end(&mut Vec::new())).await.is_ok()
}

#[rstest]
#[case::partial_chunk("/graphql", true, &format!("{CHUNKED}5\r\n{{\"q"), "408")]
#[case::no_chunk("/graphql", true, CHUNKED, "408")]
#[case::complete_chunk("/graphql", true, &format!("{CHUNKED}{PART}"), "408")]
#[case::without_a_token("/graphql", false, &format!("{CHUNKED}{PART}"), "401")]
#[case::unknown_path("/nope", false, &format!("{CHUNKED}{PART}"), "404")]
#[case::announced("/graphql", true, "Content-Length: 100\r\n\r\n{", "408")]
#[case::announced_and_too_large("/graphql", true, "Content-Length: 10000000\r\n\r\n{", "413")]
#[case::announced_without_a_token("/graphql", false, "Content-Length: 100\r\n\r\n{", "401")]
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_whose_body_has_no_end_is_closed_after_the_response(
    #[case] target: &str,
    #[case] is_authenticated: bool,
    #[case] sent: &str,
    #[case] status: &str,
) {
    let server = start();
    let token = if is_authenticated { bearer("acme", "alice") } else { "none".to_owned() };
    let mut stream = server.raw(format!("{}{sent}", head(target, &token)).as_bytes()).await;
    let answer = read_answer(&mut stream).await;
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
    assert!(is_closed(&mut stream).await, "the connection is still open");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_connection_of_a_chunked_body_that_is_too_large_is_closed() {
    let server = start();
    let mut stream =
        server.raw(format!("{}{CHUNKED}", head("/graphql", &bearer("acme", "alice"))).as_bytes()).await;
    stream.write_all(format!("{:x}\r\n{}", 300_000, " ".repeat(300_000)).as_bytes()).await.unwrap();
    let answer = read_answer(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(is_closed(&mut stream).await, "the connection is still open");
}

/// Each chunk takes as long as some hundred bytes of a larger one.
#[rstest]
#[case::of_a_caller("/graphql", true, 400)]
#[case::of_nobody("/graphql", false, 401)]
#[case::elsewhere("/nope", false, 404)]
#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_many_small_chunks_is_refused_and_its_connection_closed(
    #[case] target: &str,
    #[case] is_authenticated: bool,
    #[case] status: u16,
) {
    let server = start();
    let token = if is_authenticated { bearer("acme", "alice") } else { "none".to_owned() };
    let chunks = "1\r\n \r\n".repeat(40_000);
    let mut stream =
        server.raw(format!("{}{CHUNKED}{chunks}0\r\n\r\n", head(target, &token)).as_bytes()).await;
    let answer = read_answer(&mut stream).await;
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    assert!(!is_authenticated || answer.contains("too many small chunks"), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
    assert!(is_closed(&mut stream).await, "the connection is still open");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_some_hundred_small_chunks_is_accepted() {
    let server = start();
    let body = r#"{"query":"{ __typename }"}"#.to_owned() + &" ".repeat(900);
    let chunks: String = body.chars().map(|character| format!("1\r\n{character}\r\n")).collect();
    let sent = format!("{}{CHUNKED}{chunks}0\r\n\r\n", head("/graphql", &bearer("acme", "alice")));
    let answer = read_answer(&mut server.raw(sent.as_bytes()).await).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

/// A client without a buffer writes each byte by itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_with_a_length_may_arrive_in_any_parts() {
    let server = TestServer::start(Setup::default());
    let body = r#"{"query":"{ __typename }"}"#.to_owned() + &" ".repeat(1_100);
    let length = format!("Content-Length: {}\r\n\r\n", body.len());
    let sent = format!("{}{length}", head("/graphql", &bearer("acme", "alice")));
    let mut stream = server.raw(sent.as_bytes()).await;
    stream.set_nodelay(true).unwrap();
    for byte in body.bytes() {
        stream.write_all(&[byte]).await.unwrap();
        sleep(Duration::from_millis(1)).await;
    }
    let answer = read_answer(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[rstest]
#[case::chunked(CHUNKED, "10000\r\n", "\r\n")]
#[case::announced("Content-Length: 100000000000\r\n\r\n", "", "")]
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_on_sending_is_disconnected(
    #[case] framing: &str,
    #[case] before: &str,
    #[case] after: &str,
) {
    let server = start();
    let mut stream = server.raw(format!("{}{framing}", head("/nope", "none")).as_bytes()).await;
    let part = format!("{before}{}{after}", "x".repeat(0x10000));
    let (started, mut sent) = (Instant::now(), 0);
    while timeout(CLOSING_TIME, stream.write_all(part.as_bytes())).await.is_ok_and(|written| written.is_ok())
    {
        sent += part.len();
        assert!(sent < 2 * DISCARDED_BYTES, "{sent} bytes were taken");
    }
    assert!(started.elapsed() < CLOSING_TIME);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_port_of_the_probes_closes_such_a_connection() {
    let server = start();
    let mut stream = TcpStream::connect(server.probe_address).await.unwrap();
    stream.write_all(format!("{}{CHUNKED}{PART}", head("/nope", "none")).as_bytes()).await.unwrap();
    assert!(is_closed(&mut stream).await, "the connection is still open");
}

/// Many HTTP clients read the response only after they have sent everything.
#[rstest]
#[case::chunked(true)]
#[case::announced(false)]
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_ends_its_upload_reads_the_refusal(#[case] is_chunked: bool) {
    const PARTS: usize = 30;
    const PART_BYTES: usize = 100_000;
    let server = start();
    let framing = if is_chunked {
        CHUNKED.to_owned()
    } else {
        format!("Content-Length: {}\r\n\r\n", PARTS * PART_BYTES)
    };
    let mut stream =
        server.raw(format!("{}{framing}", head("/graphql", &bearer("acme", "alice"))).as_bytes()).await;
    let text = " ".repeat(PART_BYTES);
    let part = if is_chunked { format!("{PART_BYTES:x}\r\n{text}\r\n") } else { text };
    for _ in 0..PARTS {
        stream.write_all(part.as_bytes()).await.unwrap();
        sleep(Duration::from_millis(100)).await;
    }
    if is_chunked {
        stream.write_all(b"0\r\n\r\n").await.unwrap();
    }
    let answer = read_answer(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

/// The bodies of the first requests arrive with their headers, and are complete.
#[rstest]
#[case::chunked("Transfer-Encoding: chunked\r\n\r\n", "2\r\n{}\r\n0\r\n\r\n")]
#[case::announced("Content-Length: 2\r\n\r\n", "{}")]
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_serves_the_request_after_an_unread_body(#[case] framing: &str, #[case] body: &str) {
    let server = start();
    let query = json!({"query": "{ __typename }"}).to_string();
    let good = head("/graphql", &bearer("acme", "alice"));
    let chunks = format!("{good}{CHUNKED}{:x}\r\n{query}\r\n0\r\n\r\n", query.len());
    let announced = format!("{good}Content-Length: {}\r\n\r\n{query}", query.len());
    let refused = format!("{}{framing}{body}", head("/nope", "none"));
    let requests = [&refused, &chunks, &refused, &announced];

    let mut pipelined = server.raw(requests.map(String::as_str).concat().as_bytes()).await;
    pipelined.shutdown().await.unwrap();
    let mut answers = String::new();
    timeout(CLOSING_TIME, pipelined.read_to_string(&mut answers)).await.unwrap().unwrap();
    let statuses: Vec<_> = answers.split("HTTP/1.1 ").skip(1).filter_map(|answer| answer.get(..3)).collect();
    assert_eq!(statuses, ["404", "200", "404", "200"], "{answers}");

    let mut kept = server.raw(b"").await;
    for (request, status) in requests.into_iter().zip(["404", "200", "404", "200"]) {
        kept.write_all(request.as_bytes()).await.unwrap();
        let answer = read_answer(&mut kept).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    }
}
