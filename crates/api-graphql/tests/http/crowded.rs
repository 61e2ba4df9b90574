//! Connections of several addresses that take all there are. Only Linux has all of 127.0.0.0/8 without a setting.

use std::{net::SocketAddr, time::Duration};

use convene_api_graphql::http::limits::HttpLimits;
use futures::future::join_all;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

use super::{
    slow_clients::request_head,
    support::{Setup, TestServer, read_answer},
};

fn start(connections: usize) -> TestServer {
    let header_time = Duration::from_secs(60);
    let limits =
        HttpLimits { connections, connections_per_address: 20, header_time, ..HttpLimits::default() };
    TestServer::start(Setup { limits, ..Setup::default() })
}

/// Opens a connection from this address of the machine, and sends the bytes.
async fn connect(server: &TestServer, address: u8, bytes: &[u8]) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from(([127, 0, 0, address], 0))).unwrap();
    let mut stream = socket.connect(server.address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    stream
}

fn request() -> String {
    let body = "{\"query\":\"{__typename}\"}";
    format!("{}{body}", request_head(body.len()))
}

/// Tests whether the server closes the connection soon.
async fn is_closed(stream: &mut TcpStream) -> bool {
    let closed = timeout(Duration::from_millis(500), stream.read(&mut [0; 1])).await;
    closed.is_ok_and(|read| read.is_err() || read.is_ok_and(|bytes| bytes == 0))
}

async fn closed(streams: &mut [TcpStream]) -> usize {
    join_all(streams.iter_mut().map(is_closed)).await.into_iter().filter(|is_closed| *is_closed).count()
}

/// Sends a request over a new connection from a third address, which stays open.
async fn served(server: &TestServer) -> TcpStream {
    let mut stream = connect(server, 4, request().as_bytes()).await;
    let answer = timeout(Duration::from_secs(2), read_answer(&mut stream)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn unfinished_connections_of_two_addresses_leave_room_for_a_third_one() {
    for unfinished in ["", "POST /graphql HTTP/1.1\r\nHost: localhost\r\nX-Slow: "] {
        let server = start(20);
        let mut held = Vec::new();
        for number in 0..20 {
            held.push(connect(&server, 2 + number % 2, unfinished.as_bytes()).await);
        }
        // The server has accepted all of them by then.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let mut new = Vec::new();
        for _ in 0..6 {
            new.push(served(&server).await);
        }
        assert_eq!(closed(&mut held).await, new.len());
        let refused = read_answer(&mut connect(&server, 3, request().as_bytes()).await).await;
        assert!(refused.starts_with("HTTP/1.1 503"), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_of_two_addresses_give_way_and_those_in_use_do_not() {
    let server = start(24);
    let body = "{\"query\":\"{__typename}\"}";
    let (head, rest) = (request_head(body.len()), &body[1..]);
    let mut busy = Vec::new();
    for _ in 0..4 {
        busy.push(connect(&server, 2, format!("{head}{{").as_bytes()).await);
    }
    let mut idle = Vec::new();
    for number in 0..20 {
        let mut stream = connect(&server, 2 + number % 2, request().as_bytes()).await;
        assert!(read_answer(&mut stream).await.starts_with("HTTP/1.1 200"));
        idle.push(stream);
    }
    let mut new = Vec::new();
    for _ in 0..7 {
        new.push(served(&server).await);
    }
    assert_eq!(closed(&mut idle).await, new.len());
    for stream in &mut busy {
        stream.write_all(rest.as_bytes()).await.unwrap();
        assert!(read_answer(stream).await.starts_with("HTTP/1.1 200"), "a request in flight");
    }
}
