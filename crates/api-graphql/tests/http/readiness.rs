//! The readiness: what the log and the metrics tell about it while nobody probes.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use convene_api_graphql::{
    graphql::limits::DocumentLimits,
    http::{
        health::{Health, Readiness},
        limits::HttpLimits,
    },
    server::{self, ClientSettings, StartingServer},
};
use convene_application::failure::Fault;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, net::TcpStream};

use super::support::{Setup, TestServer, log, metrics, read_answer};

/// A database that can be taken away.
#[derive(Default)]
struct Switched {
    is_away: AtomicBool,
    checks: AtomicU32,
}

#[async_trait]
impl Readiness for Switched {
    async fn check(&self) -> Result<(), Fault> {
        self.checks.fetch_add(1, Ordering::SeqCst);
        if self.is_away.load(Ordering::SeqCst) {
            Err(Fault::Unavailable("the cable is cut".into()))
        } else {
            Ok(())
        }
    }
}

/// The levels and the reasons of the lines about the database.
fn lines() -> Vec<(String, String)> {
    let lines = log::lines().into_iter().filter(|line| {
        line["message"].as_str().is_some_and(|message| message.starts_with("the database is "))
    });
    lines.map(|line| (line["level"].as_str().unwrap().to_owned(), line["reason"].to_string())).collect()
}

async fn wait_until(what: impl Fn() -> bool) {
    while !what() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Waits for the metric, and returns the status of the probe.
async fn ready(server: &TestServer, value: u32) -> u16 {
    while !server.metrics().await.contains(&format!("\nconvene_ready {value}\n")) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    server.client().get(server.probe_url("/readyz")).send().await.unwrap().status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_loss_and_return_of_the_database_is_one_line_and_moves_the_metric_without_a_probe() {
    let backend = Arc::new(Switched::default());
    let server = TestServer::start(Setup { backend: Arc::clone(&backend) as _, ..Setup::default() });
    let two_more_checks = async || {
        let checks = backend.checks.load(Ordering::SeqCst);
        wait_until(|| backend.checks.load(Ordering::SeqCst) > checks + 2).await;
    };
    two_more_checks().await;
    assert_eq!(lines(), []);
    assert_eq!(ready(&server, 1).await, 200);

    let lost = (String::from("ERROR"), String::from("\"storage is unavailable: the cable is cut\""));
    let returned = (String::from("INFO"), String::from("null"));
    let mut expected = Vec::new();
    for _ in 0..2 {
        for (is_away, line) in [(true, &lost), (false, &returned)] {
            backend.is_away.store(is_away, Ordering::SeqCst);
            expected.push(line.clone());
            wait_until(|| lines().len() >= expected.len()).await;
            let expected_status = if is_away { (0, 503) } else { (1, 200) };
            assert_eq!(ready(&server, expected_status.0).await, expected_status.1);
            // Neither further checks nor probes add a line.
            two_more_checks().await;
            assert_eq!(lines(), expected);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_shuts_down_is_not_ready() {
    let mut server = TestServer::start(Setup::default());
    assert_eq!(ready(&server, 1).await, 200);
    server.stop();
    assert_eq!(ready(&server, 0).await, 503);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_can_read_the_refusals_of_a_server_that_starts() {
    const PAGE: &str = "https://app.example.org";
    let listener = server::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let socket = listener.local_addr().unwrap();
    let address = format!("http://{socket}");
    let clients = ClientSettings {
        origins: format!("{PAGE},https://other.example.org").parse().unwrap(),
        limits: HttpLimits::default(),
        documents: DocumentLimits::default(),
    };
    let health = Health::starting(metrics());
    let starting = StartingServer::start(listener, &health, Arc::new(|| "r-1".to_owned()), clients).unwrap();
    let client = reqwest::Client::new();
    for (path, code) in [("/graphql", "/errors/0/extensions/code"), ("/api/issues", "/error/code")] {
        let answer = client.post(format!("{address}{path}")).header("origin", PAGE).send().await.unwrap();
        assert_eq!(answer.status(), 503, "{path}");
        assert_eq!(answer.headers()["access-control-allow-origin"], PAGE, "{path}");
        assert_eq!(answer.headers()["retry-after"], "1", "{path}");
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body.pointer(code), Some(&json!("NOT_READY")), "{body}");
        let preflight = client.request(Method::OPTIONS, format!("{address}{path}"));
        let preflight = preflight.header("origin", PAGE).header("access-control-request-method", "POST");
        assert_eq!(preflight.send().await.unwrap().status(), 200, "{path}");
    }
    let mut stream = TcpStream::connect(socket).await.unwrap();
    stream.write_all(b"hello\r\n\r\n").await.unwrap();
    let answer = read_answer(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("x-request-id: r-1"), "{answer}");
    starting.stop().await.unwrap();
}
