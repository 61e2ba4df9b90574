//! A server whose identity provider does not answer at its start.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::support::{Installation, Served};

/// A provider that closes all connections until it is available. Returns its URL.
async fn start_provider(is_available: Arc<AtomicBool>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/keys", listener.local_addr().unwrap());
    let keys = include_str!("../data/jwks.json");
    let response = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{keys}", keys.len());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            if is_available.load(Ordering::SeqCst) {
                let read = stream.read(&mut [0; 2_048]).await.unwrap();
                assert_ne!(read, 0);
                stream.write_all(response.as_bytes()).await.unwrap();
            }
        }
    });
    url
}

async fn probe(served: &Served, path: &str) -> (u16, Value) {
    let response = reqwest::get(format!("http://{}{path}", served.server.probe_address())).await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_starts_without_its_identity_provider_and_becomes_ready_with_it() {
    let installation = Installation::seeded().await;
    let is_available = Arc::new(AtomicBool::new(false));
    let url = start_provider(Arc::clone(&is_available)).await;
    let mut served = installation.serve_with(&[("CONVENE_AUTH", "jwt"), ("CONVENE_JWT_JWKS", &url)]).await;

    assert_eq!(probe(&served, "/livez").await.0, 200);
    let (status, body) = probe(&served, "/readyz").await;
    assert_eq!(
        (status, &body["error"]["message"]),
        (503, &"The keys of no identity provider are known.".into())
    );

    is_available.store(true, Ordering::SeqCst);
    for _ in 0..300 {
        if probe(&served, "/readyz").await.0 == 200 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(probe(&served, "/readyz").await.0, 200);
    let metrics = reqwest::get(format!("http://{}/metrics", served.server.probe_address())).await.unwrap();
    let metrics = metrics.text().await.unwrap();
    assert!(
        metrics.contains(r#"convene_identity_key_refreshes_total{issuer="convene",outcome="changed"} 1"#),
        "{metrics}"
    );
    let time =
        metrics.lines().find(|line| line.starts_with("convene_identity_keys_timestamp_seconds{")).unwrap();
    assert!(!time.ends_with(" 0"), "{time}");

    assert!(served.server.stop().await.unwrap().success());
    let log = served.server.log().unwrap();
    let count = |text: &str| log.lines().filter(|line| line.contains(text)).count();
    assert_eq!((count("cannot be fetched"), count("identity provider are known")), (1, 1), "{log}");
    let warning = log.lines().find(|line| line.contains("cannot be fetched")).unwrap();
    let warning: Value = serde_json::from_str(warning).unwrap();
    assert!(warning["reason"].as_str().unwrap().starts_with(&url), "{warning}");
}
