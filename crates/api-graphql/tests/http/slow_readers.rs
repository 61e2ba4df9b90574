//! Clients that do not read their responses, and the number of connections.

use std::time::Duration;

use convene_api_graphql::http::limits::HttpLimits;
use rstest::rstest;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::sleep,
};

use super::{
    slow_clients::request_head,
    support::{Setup, TestServer, read_answer},
};

/// The size of a response that the buffers of the system do not hold.
const LARGE: usize = 8_000_000;

fn start(limits: HttpLimits) -> TestServer {
    TestServer::start(Setup { limits, ..Setup::default() })
}

fn request(document: &str) -> String {
    let body = json!({"query": document}).to_string();
    format!("{}{body}", request_head(body.len()))
}

/// A client that has received the first byte of a large response.
async fn reader(server: &TestServer) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(16 * 1_024).unwrap();
    let mut stream = socket.connect(server.address).await.unwrap();
    stream.write_all(request(&format!("{{ large(bytes: {LARGE}) }}")).as_bytes()).await.unwrap();
    stream.read_u8().await.unwrap();
    stream
}

/// The number of bytes until the end.
async fn received(stream: &mut TcpStream) -> usize {
    let (mut total, mut buffer) = (0, vec![0; 64 * 1_024]);
    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
        total += count;
        if total >= LARGE {
            break;
        }
    }
    total
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_read_is_disconnected() {
    let server = start(HttpLimits { write_time: Duration::from_millis(300), ..HttpLimits::default() });
    let mut stream = reader(&server).await;
    sleep(Duration::from_secs(3)).await;
    assert!(received(&mut stream).await < LARGE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_but_steady_client_stays_connected() {
    let limits =
        HttpLimits { write_time: Duration::from_secs(2), write_rate: 1_024, ..HttpLimits::default() };
    let server = start(limits);
    let mut stream = reader(&server).await;
    let mut buffer = vec![0; 64 * 1_024];
    for _ in 0..50 {
        assert!(stream.read(&mut buffer).await.unwrap() > 0);
        sleep(Duration::from_millis(100)).await;
    }
}

#[rstest]
#[case::in_total(HttpLimits { connections: 3, ..HttpLimits::default() })]
#[case::from_one_address(HttpLimits { connections_per_address: 3, ..HttpLimits::default() })]
#[tokio::test(flavor = "multi_thread")]
async fn connections_are_bounded_and_available_again(#[case] limits: HttpLimits) {
    let server = start(limits);
    let small = request("{ __typename }");
    let mut open = Vec::new();
    for _ in 0..3 {
        let mut stream = server.raw(small.as_bytes()).await;
        let answer = read_answer(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        open.push(stream);
    }
    let answer = read_answer(&mut server.raw(small.as_bytes()).await).await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(answer.contains("retry-after: 1"), "{answer}");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(&format!("content-length: {}", body.len())), "{answer}");
    assert_eq!(serde_json::from_str::<Value>(body).unwrap()["error"]["code"], "OVERLOADED");

    open[0].write_all(small.as_bytes()).await.unwrap();
    assert!(read_answer(&mut open[0]).await.starts_with("HTTP/1.1 200"), "an open connection stays usable");
    open.clear();
    for _ in 0..50 {
        if read_answer(&mut server.raw(small.as_bytes()).await).await.starts_with("HTTP/1.1 200") {
            return;
        }
        sleep(Duration::from_millis(100)).await;
    }
    panic!("the closed connections still count");
}

#[tokio::test(flavor = "multi_thread")]
async fn unsent_responses_are_bounded_but_the_result_of_a_change_is_sent() {
    let server = start(HttpLimits { unsent_bytes: LARGE + LARGE / 4, ..HttpLimits::default() });
    let stream = reader(&server).await;

    let document = format!("{{ large(bytes: {}) }}", LARGE / 2);
    let refused = server.query(&document).await;
    assert_eq!((refused.status().as_u16(), &refused.headers()["retry-after"]), (503, &"1".parse().unwrap()));
    let body: Value = refused.json().await.unwrap();
    assert_eq!(body["errors"][0]["extensions"]["code"], "OVERLOADED");
    assert_eq!(server.query("{ __typename }").await.status(), 200);
    let changed: Value = server.query(&format!("mutation {document}")).await.json().await.unwrap();
    assert_eq!(changed["data"]["large"].as_str().map(str::len), Some(LARGE / 2));

    drop(stream);
    for _ in 0..50 {
        if server.query(&document).await.status() == 200 {
            return;
        }
        sleep(Duration::from_millis(100)).await;
    }
    panic!("the memory of a disconnected client is not released");
}
