//! The memory of a server.

use std::{fs, time::Duration};

use convene_stress::{Connection, Credentials, Server};
use rstest::rstest;
use tokio::{io::AsyncWriteExt, net::TcpStream, task::JoinSet, time::sleep};

use crate::support::Installation;

const DOCUMENT: &str = "/graphql?query=%7Bviewer%7Brole%7D%7D";

fn request() -> Vec<u8> {
    Credentials::member("org-123", "user-789").request("GET", DOCUMENT, "", "")
}

fn mebibytes(server: &Server) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1_024
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_clients_send_ahead_take_little_memory() {
    let installation = Installation::seeded().await;
    let served = installation.serve().await;
    let mut connection = Connection::open(served.server.address()).await.unwrap();
    connection.send(&request()).await.unwrap();
    let before = mebibytes(&served.server);
    let mut clients = JoinSet::new();
    for _ in 0..200 {
        let mut client = TcpStream::connect(served.server.address()).await.unwrap();
        clients.spawn(async move {
            client.write_all(&request().repeat(700)).await.ok();
            sleep(Duration::from_mins(1)).await;
        });
    }
    let mut most = before;
    for _ in 0..60 {
        sleep(Duration::from_millis(50)).await;
        most = most.max(mebibytes(&served.server));
    }
    assert!(most < before + 100, "{before} to {most} MiB");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_request_that_a_client_sends_ahead_is_answered() {
    let installation = Installation::seeded().await;
    let served = installation.serve().await;
    let mut connection = Connection::open(served.server.address()).await.unwrap();
    let all = request().repeat(100);
    let mut response = connection.exchange(&all).await.unwrap();
    for _ in 1..100 {
        assert_eq!(response.status, 200);
        // Nothing more is sent.
        response = connection.exchange(&[]).await.unwrap();
    }
}

#[rstest]
#[case::not_set(&[], "10")]
#[case::set(&[("MIMALLOC_PURGE_DELAY", "500")], "500")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_returns_freed_memory_to_the_system(#[case] settings: &[(&str, &str)], #[case] delay: &str) {
    let installation = Installation::empty().await;
    let served = installation.serve_with(settings).await;
    let environment = fs::read_to_string(format!("/proc/{}/environ", served.server.id())).unwrap();
    let values = environment.split('\0').filter_map(|one| one.strip_prefix("MIMALLOC_PURGE_DELAY="));
    assert_eq!(values.collect::<Vec<_>>(), [delay]);
    assert!(environment.contains("MIMALLOC_ALLOW_THP=0"));
}
