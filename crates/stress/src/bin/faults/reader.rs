//! Reads through one process immediately after changes that the other one acknowledged.

use std::{io, sync::Arc, time::Duration};

use anyhow::ensure;
use convene_stress::{Outcome, Population, call, text};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    caller::ANSWER_TIMEOUT,
    connections::Connections,
    fixture::Fixture,
    history::History,
    servers::{SERVERS, Servers},
};

const UPDATE: &str = "mutation U($input: UpdateEventInput!) { updateEvent(input: $input) { event { title } userErrors { code } } }";
/// The event, its occurrence, and the page of occurrences that has it.
const READ: &str = "query R($event: ID!, $occurrence: ID!, $filter: OccurrenceFilter!, $from: DateTime!, $to: DateTime!) { \
    event(id: $event) { title } occurrence(id: $occurrence) { title } \
    occurrences(from: $from, to: $to, first: 5, filter: $filter) { nodes { title } } }";
/// Where the answer has titles.
const TITLES: [&str; 3] = ["/data/event/title", "/data/occurrence/title", "/data/occurrences/nodes/0/title"];

const PAUSE: Duration = Duration::from_millis(50);
/// The number of attempts of a read before the next change.
const MAX_READ_ATTEMPTS: usize = 40;

/// Changes the title of its own event, and reads the event through every process.
pub(crate) struct Reader {
    servers: Arc<Servers>,
    history: Arc<History>,
    /// The id of the occurrence of the one-off event that only this reader changes.
    occurrence: String,
    connections: Connections,
}

impl Reader {
    pub(crate) fn new(number: usize, fixture: &Fixture) -> Self {
        Self {
            servers: Arc::clone(&fixture.servers),
            history: Arc::clone(&fixture.history),
            occurrence: fixture.data.read[number].clone(),
            connections: Connections::default(),
        }
    }

    /// Changes the title until the change is acknowledged, and compares what each process shows then.
    pub(crate) async fn act(&mut self) -> anyhow::Result<()> {
        let title = format!("Title {}", self.history.new_key());
        let writing = self.change(&title).await?;
        for reading in [(writing + 1) % SERVERS, writing] {
            self.compare(reading, &title).await?;
        }
        Ok(())
    }

    /// Repeats the change with the same key, so that no attempt without an answer is executed later. Returns the server that
    /// acknowledged it.
    async fn change(&mut self, title: &str) -> anyhow::Result<usize> {
        let input = json!({ "eventId": self.event(), "title": title, "idempotencyKey": title });
        let request = Population::admin().post(&call(UPDATE, &input));
        let mut server = rand::random_range(0..SERVERS);
        loop {
            match self.ask(server, &request).await.map(|body| Outcome::read(&body)) {
                Ok(Ok(Outcome::Done(payload))) => {
                    ensure!(text(&payload, "/event/title")? == title, "{payload} is not {title}");
                    return Ok(server);
                }
                Ok(Ok(Outcome::Refused(code))) => {
                    self.history.violation(format!("the change to {title} was refused with {code}"));
                }
                Ok(Ok(Outcome::Failed(_))) | Err(_) => {}
                Ok(Err(error)) => return Err(error),
            }
            server = (server + 1) % SERVERS;
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Reads until there is an answer. A restarting process answers later, and is not waited for.
    async fn compare(&mut self, server: usize, title: &str) -> anyhow::Result<()> {
        let variables = json!({
            "event": self.event(), "occurrence": self.occurrence, "filter": { "eventIds": [self.event()] },
            "from": "2080-01-01T00:00:00Z", "to": "2080-12-31T00:00:00Z",
        });
        let request = Population::admin().post(&json!({ "query": READ, "variables": variables }).to_string());
        for _ in 0..MAX_READ_ATTEMPTS {
            if let Ok(body) = self.ask(server, &request).await {
                let answer: Value = serde_json::from_slice(&body)?;
                if answer.get("errors").is_none() && answer.get("error").is_none() {
                    self.history.count_read();
                    if TITLES.iter().any(|place| answer.pointer(place) != Some(&title.into())) {
                        self.history.violation(format!("server {server} answered {answer} after {title}"));
                    }
                    return Ok(());
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    fn event(&self) -> &str {
        self.occurrence.rsplit_once('_').map_or("", |(event, _)| event)
    }

    async fn ask(&mut self, server: usize, request: &[u8]) -> io::Result<Vec<u8>> {
        let endpoint = self.servers.endpoint(server);
        timeout(ANSWER_TIMEOUT, async {
            let mut connection = self.connections.take(server, endpoint).await?;
            let body = connection.send(request).await?;
            self.connections.put(server, endpoint, connection);
            Ok(body)
        })
        .await
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }
}
