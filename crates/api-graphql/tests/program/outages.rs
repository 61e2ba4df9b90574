//! The messages of the log and the metrics about an outage of the database, for an operator who does not probe.

use std::{net::SocketAddr, time::Duration};

use bson::doc;
use serde_json::Value;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

use crate::support::{Installation, Served};

/// A connection to the database that can be cut.
struct Cable {
    address: SocketAddr,
    is_cut: watch::Sender<bool>,
}

impl Cable {
    /// A cable to the server of the URI.
    async fn to(uri: &str) -> Self {
        let (_, servers) = uri.split_once("://").unwrap();
        let server = servers.split(['/', '?', ',']).next().unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let cable = Self { address: listener.local_addr().unwrap(), is_cut: watch::Sender::new(false) };
        let is_cut = cable.is_cut.clone();
        let _accepting = tokio::spawn(async move {
            loop {
                let (mut client, _) = listener.accept().await.unwrap();
                let (server, mut cut) = (server.clone(), is_cut.subscribe());
                let _relaying = tokio::spawn(async move {
                    let relay = async {
                        let mut server = TcpStream::connect(server).await?;
                        copy_bidirectional(&mut client, &mut server).await
                    };
                    tokio::select! {
                        _ended = relay => {}
                        _cut = cut.wait_for(|is_cut| *is_cut) => {}
                    }
                });
            }
        });
        cable
    }

    fn uri(&self) -> String {
        format!("mongodb://{}/?directConnection=true&serverSelectionTimeoutMS=300", self.address)
    }
}

fn lines(served: &Served) -> Vec<Value> {
    let log = served.server.log().unwrap();
    // The last line may not be complete yet.
    log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

async fn wait_for(served: &Served, message: &str, count: usize) {
    while lines(served).iter().filter(|line| line["message"] == message).count() < count {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The messages of warnings and errors, without the warning at the start of a server that believes headers.
fn grave(lines: &[Value]) -> Vec<&str> {
    let grave = lines.iter().filter(|line| line["level"] == "WARN" || line["level"] == "ERROR");
    let messages = grave.map(|line| line["message"].as_str().unwrap());
    messages.filter(|message| !message.starts_with("CONVENE_AUTH is headers")).collect()
}

async fn metric(served: &Served, name: &str) -> String {
    let metrics = reqwest::get(format!("http://{}/metrics", served.server.probe_address())).await.unwrap();
    let metrics = metrics.text().await.unwrap();
    let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_and_its_end_are_one_line_each_and_move_the_metric() {
    let mut installation = Installation::empty().await;
    let cable = Cable::to(&installation.uri).await;
    installation.uri = cable.uri();
    let served = installation.serve_with(&[("CONVENE_LOG", "info,convene=debug")]).await;
    assert_eq!(metric(&served, "convene_ready").await, "1");

    cable.is_cut.send_replace(true);
    wait_for(&served, "the database is not available", 1).await;
    assert_eq!(metric(&served, "convene_ready").await, "0");
    // Each background task has failed twice by then.
    wait_for(&served, "deleted organizations could not be looked up", 3).await;

    cable.is_cut.send_replace(false);
    wait_for(&served, "the database is available again", 1).await;
    assert_eq!(metric(&served, "convene_ready").await, "1");

    let lines = lines(&served);
    let grave = grave(&lines);
    assert_eq!(grave, ["the database is not available"], "{lines:?}");
    let reason = lines.iter().find(|line| line["message"] == grave[0]).unwrap()["reason"].as_str().unwrap();
    assert!(reason.contains("no server can be reached (") && !reason.contains(['{', '"']), "{reason}");
    let again = lines.iter().filter(|line| line["message"] == "the database is available again").count();
    assert_eq!(again, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_changes_that_cannot_be_resumed_are_one_line_although_the_database_is_available() {
    let installation = Installation::empty().await;
    let served = installation.serve().await;
    // Nobody knows what is to be done.
    let broken = doc! { "_id": "broken", "attendedUntil": bson::DateTime::from_millis(0) };
    let jobs = installation.collection("jobs");
    jobs.insert_one(broken).bypass_document_validation(true).await.unwrap();
    let message = "unfinished large changes cannot be resumed; the search for them is repeated";
    wait_for(&served, message, 1).await;
    jobs.delete_one(doc! { "_id": "broken" }).await.unwrap();
    wait_for(&served, "unfinished large changes are resumed again", 1).await;
    let lines = lines(&served);
    let grave = grave(&lines);
    assert_eq!(grave, [message], "{lines:?}");
}
