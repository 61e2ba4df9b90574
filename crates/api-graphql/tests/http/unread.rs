//! Responses to requests that no service receives: malformed, too large or too slow headers, and too many connections.

use std::time::Duration;

use convene_api_graphql::http::limits::{HEADERS, HttpLimits};
use rstest::rstest;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

use super::support::{Setup, TestServer, log, read_answer};

const PAGE: &str = "https://app.example.org";

fn start(limits: HttpLimits) -> TestServer {
    let limits = HttpLimits { header_time: Duration::from_secs(1), ..limits };
    TestServer::start(Setup { limits, origins: PAGE.parse().unwrap(), ..Setup::default() })
}

/// Checks that a response has the common form, a log line, and metrics.
async fn check(server: &TestServer, answer: &str, status: u16, code: &str, event: &str) {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let headers: Vec<(&str, &str)> =
        head.lines().skip(1).map(|line| line.split_once(": ").unwrap()).collect();
    let header = |name: &str| {
        let values: Vec<_> =
            headers.iter().filter(|(given, _)| *given == name).map(|(_, value)| *value).collect();
        assert_eq!(values.len(), 1, "{name}: {answer}");
        values[0]
    };
    let id = header("x-request-id");
    assert!(id.starts_with("fresh-"), "{answer}");
    assert_eq!(header("content-type"), "application/json");
    assert_eq!(header("content-length"), body.len().to_string());
    assert_eq!(header("connection"), "close");
    assert_eq!(header("access-control-allow-origin"), PAGE);
    assert!(header("access-control-expose-headers").contains("x-request-id"));
    assert_eq!(header("x-content-type-options"), "nosniff");
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!((&body["error"]["code"], &body["error"]["requestId"]), (&code.into(), &id.into()));

    let expected: [Value; 3] = ["unread".into(), status.into(), code.into()];
    let lines = log::of_request(id);
    let is_logged =
        lines.iter().any(|line| ["route", "status", "code"].map(|field| line[field].clone()) == expected);
    assert!(is_logged, "{lines:?}");
    let metrics = server.metrics().await;
    for line in [
        format!(
            "convene_http_requests_total{{route=\"unread\",method=\"OTHER\",status=\"{}xx\"}}",
            status / 100
        ),
        format!("convene_security_events_total{{kind=\"{event}\"}}"),
    ] {
        assert!(metrics.contains(&line), "{line} is not in\n{metrics}");
    }
}

#[rstest]
#[case::text("hello\r\n\r\n", 400, "BAD_REQUEST", "malformed_request")]
#[case::version("GET / HTTP/9.9\r\n\r\n", 400, "BAD_REQUEST", "malformed_request")]
#[case::header("GET / HTTP/1.1\r\nHost localhost\r\n\r\n", 400, "BAD_REQUEST", "malformed_request")]
#[case::length(
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
    400,
    "BAD_REQUEST",
    "malformed_request"
)]
#[case::headers_without_end(&format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(40_000)), 431, "HEADERS_TOO_LARGE", "oversized_request")]
#[case::large_headers(&format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(200_000)), 431, "HEADERS_TOO_LARGE", "oversized_request")]
#[case::many_headers(&format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: 1\r\n".repeat(HEADERS)), 431, "HEADERS_TOO_LARGE", "oversized_request")]
#[case::slow_headers("GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", 408, "REQUEST_TIMEOUT", "slow_request")]
#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_cannot_be_read_has_a_response_like_others(
    #[case] request: &str,
    #[case] status: u16,
    #[case] code: &str,
    #[case] event: &str,
) {
    let server = start(HttpLimits::default());
    let answer = read_answer(&mut server.raw(request.as_bytes()).await).await;
    check(&server, &answer, status, code, event).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_beyond_the_limit_has_a_response_like_others() {
    let server = start(HttpLimits { connections_per_address: 1, ..HttpLimits::default() });
    let request = b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut first = server.raw(request).await;
    assert!(read_answer(&mut first).await.starts_with("HTTP/1.1 404"));
    let answer = read_answer(&mut server.raw(request).await).await;
    check(&server, &answer, 503, "OVERLOADED", "connection_refused").await;
    assert!(answer.contains("retry-after: 1\r\n"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_request_after_another_one_is_refused_in_the_same_way() {
    let server = start(HttpLimits::default());
    let mut stream = server.raw(b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert!(read_answer(&mut stream).await.starts_with("HTTP/1.1 404"));
    stream.write_all(b"hello\r\n\r\n").await.unwrap();
    let answer = read_answer(&mut stream).await;
    check(&server, &answer, 400, "BAD_REQUEST", "malformed_request").await;
}

/// The origin of the page is not known, and a response names one origin only.
#[rstest]
#[case::malformed("GET / HTTP/9.9\r\nOrigin: https://app.example.org\r\n\r\n", 400)]
#[case::large(&format!("GET / HTTP/1.1\r\nOrigin: https://app.example.org\r\nX: {}", "x".repeat(200_000)), 431)]
#[case::slow("GET / HTTP/1.1\r\nOrigin: https://app.example.org\r\nX-Slow: ", 408)]
#[case::too_many_connections("", 503)]
#[tokio::test(flavor = "multi_thread")]
async fn with_several_allowed_origins_an_unread_request_allows_none(
    #[case] request: &str,
    #[case] status: u16,
) {
    let mut limits = HttpLimits { header_time: Duration::from_secs(1), ..HttpLimits::default() };
    if status == 503 {
        limits.connections = 0;
    }
    let origins = format!("http://localhost:3000,{PAGE}").parse().unwrap();
    let server = TestServer::start(Setup { limits, origins, ..Setup::default() });
    let answer = read_answer(&mut server.raw(request.as_bytes()).await).await;
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    assert!(answer.contains("\r\nx-request-id: ") && !answer.contains("access-control"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_may_have_as_many_headers_as_the_limit() {
    let server = start(HttpLimits::default());
    let request = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: 1\r\n".repeat(HEADERS - 1));
    let answer = read_answer(&mut server.raw(request.as_bytes()).await).await;
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
}

/// Browsers and load balancers open connections that they do not need.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_without_a_byte_is_not_a_slow_request() {
    let server = start(HttpLimits::default());
    let mut silent = server.raw(b"").await;
    let mut received = Vec::new();
    timeout(Duration::from_secs(8), silent.read_to_end(&mut received)).await.unwrap().unwrap();
    assert!(!String::from_utf8_lossy(&received).contains("x-request-id"));
}

/// The connection of a host to the address of the probes.
async fn connect_to_probes(server: &TestServer, host: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{host}:0").parse().unwrap()).unwrap();
    socket.connect(server.probe_address).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_of_the_probes_has_such_responses_too() {
    let server = start(HttpLimits::default());
    let mut stream = connect_to_probes(&server, "127.0.0.1").await;
    stream.write_all(b"hello\r\n\r\n").await.unwrap();
    let answer = read_answer(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("BAD_REQUEST"), "{answer}");
    let (_, id) = answer.split_once("x-request-id: ").unwrap();
    let lines = log::of_request(id.lines().next().unwrap());
    assert!(lines.iter().any(|line| line["route"] == "unread"), "{lines:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_with_many_connections_keeps_no_other_one_from_the_probes() {
    let server = start(HttpLimits::default());
    let mut held = Vec::new();
    for _ in 0..60 {
        held.push(connect_to_probes(&server, "127.0.0.2").await);
    }
    let answer = timeout(Duration::from_millis(900), read_answer(held.last_mut().unwrap())).await;
    assert!(answer.is_ok_and(|answer| answer.starts_with("HTTP/1.1 503 ")), "the host has a bound");
    let probe = server.client().get(server.probe_url("/livez")).send().await.unwrap();
    assert_eq!(probe.status(), 200);
}
