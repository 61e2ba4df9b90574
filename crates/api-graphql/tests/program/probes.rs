//! Probes without an address of their own.

use std::{
    fs,
    process::{Child, Command},
    time::Duration,
};

use reqwest::RequestBuilder;
use serde_json::Value;
use tempfile::NamedTempFile;

use crate::support::{Installation, program};

/// A server of which only the address of the clients is given. It ends when it is dropped.
struct OneAddress {
    process: Child,
    log: NamedTempFile,
}

impl OneAddress {
    fn start(serve: &mut Command) -> Self {
        let log = NamedTempFile::new().unwrap();
        let serve = serve.env("CONVENE_LISTEN", "127.0.0.1:0").env("CONVENE_AUTH", "headers");
        let process = serve.stderr(log.reopen().unwrap()).spawn().unwrap();
        Self { process, log }
    }

    /// Waits for the first log line that has the field.
    async fn logged(&self, field: &str) -> String {
        loop {
            let log = fs::read_to_string(self.log.path()).unwrap();
            let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            if let Some(value) = lines.into_iter().find_map(|line| line[field].as_str().map(str::to_owned)) {
                return value;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits for this number of log lines about requests.
    async fn requests(&self, number: usize) -> Vec<Value> {
        loop {
            let log = fs::read_to_string(self.log.path()).unwrap();
            let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            let requests: Vec<Value> = lines.filter(|line| line["message"] == "request").collect();
            if requests.len() >= number {
                return requests;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for OneAddress {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

async fn status(request: RequestBuilder) -> u16 {
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn local_probes_are_answered_while_the_database_is_away() {
    let mut serve = program(&["serve"]);
    serve.env("CONVENE_MONGODB_URI", "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100");
    let server = OneAddress::start(&mut serve);
    let address = server.logged("address").await;
    let client = reqwest::Client::new();
    for (path, status) in [("livez", 200), ("metrics", 200), ("readyz", 503), ("graphql", 503)] {
        let response = client.get(format!("http://{address}/{path}")).send().await.unwrap();
        assert_eq!(response.status(), status, "{path}");
        assert_eq!(response.headers()["connection"], "close", "{path}");
        let body = response.text().await.unwrap();
        assert!(status == 200 || body.contains("waits for the database"), "{body}");
    }
}

/// Two servers need two addresses only, and `listen` is the name of theirs in the log.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_on_the_same_machine_reach_probes_at_the_address_of_the_clients() {
    let installation = Installation::empty().await;
    installation.printed(&["migrate"]);
    let start = || OneAddress::start(installation.set(&mut program(&["serve"])));
    let servers = [start(), start()];
    let client = reqwest::Client::new();
    for server in &servers {
        let listen = server.logged("listen").await;
        for path in ["livez", "readyz", "metrics"] {
            let get = || client.get(format!("http://{listen}/{path}"));
            assert_eq!(status(get()).await, 200, "{path}");
            for name in ["Forwarded", "Via", "X-Forwarded-For", "X-Real-IP"] {
                assert_eq!(status(get().header(name, "192.0.2.7")).await, 404, "{path} {name}");
            }
        }
        // A probe is no request of the log, unless it is refused.
        let requests = server.requests(12).await;
        assert_eq!(requests.len(), 12, "{requests:?}");
        assert!(requests.iter().all(|line| line["route"] == "unmatched"), "{requests:?}");
    }
}
