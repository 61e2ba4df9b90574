//! The time for which requests keep a thread of a server without a pause.

mod exceptions;

use std::time::Duration;

use convene_stress::{Connection, Credentials, corpus};
use serde_json::{Value, json};

use crate::{
    documents::{Sizes, lists},
    support::{Installation, Served},
};

const ACME: &str = "acme";

/// The longest time in microseconds. It is far above the time that a request needs in a release build on a machine that does
/// nothing else, and far below that of a computation without a bound.
const LONGEST: u64 = 250_000;

/// The attempts of which the shortest time counts, because other programs can interrupt a thread.
const ATTEMPTS: usize = 4;

/// The number of attempts at a change for which the machine may have no time.
const REPEATS: usize = 20;

const WINDOW: &str = "from: \"2031-01-01T00:00:00Z\", to: \"2031-12-31T00:00:00Z\"";

/// The sizes of pages, of which the largest one within the limits is used.
const SIZES: [Sizes; 5] = [
    Sizes { first: 100, inner: 100 },
    Sizes { first: 100, inner: 20 },
    Sizes { first: 100, inner: 1 },
    Sizes { first: 20, inner: 20 },
    Sizes { first: 10, inner: 1 },
];

/// A name for a person, and the body.
type Request = (String, Value);

fn query(name: &str, document: impl Into<String>, variables: &Value) -> Request {
    (name.to_owned(), json!({ "query": document.into(), "variables": variables }))
}

fn numbers(first: usize, last: usize) -> String {
    (first..=last).map(|number| number.to_string()).collect::<Vec<_>>().join(",")
}

fn dates(year: u32) -> Vec<String> {
    let days =
        (1..=12).flat_map(|month| (1..=28).map(move |day| format!("{year}-{month:02}-{day:02}T00:00:00")));
    days.collect()
}

/// Requests whose size lies in texts, lists and selections and not in pages.
fn large() -> Vec<Request> {
    let series = json!({ "rrule": format!("FREQ=YEARLY;COUNT=10000;BYYEARDAY={};BYHOUR={}", numbers(1, 366), numbers(0, 23)),
        "rdates": dates(2032), "exdates": dates(2031) });
    let event = json!({ "title": "x", "description": "\u{e9}\u{301}".repeat(5_000), "startsAt": "2031-01-01T00:00:00",
        "duration": "PT30M", "capacity": 5, "recurrence": series });
    let create =
        "mutation($i: CreateEventInput!) { createEvent(input: $i) { event { id } userErrors { code } } }";
    let preview = json!({ "timeZone": "Europe/Paris", "startsAt": "2031-01-01T00:00:00", "duration": "PT30M",
        "first": 100, "recurrence": series });
    let fragments = |count: usize| {
        (0..count)
            .map(|number| format!("fragment F{number} on Event {{ ...F{} }} ", (number + 1) % count))
            .collect::<String>()
    };
    let spreads = (0..60).map(|number| format!("...S{number} ")).collect::<String>();
    let spread = (0..60).map(|number| format!("fragment S{number} on Event {{ id }} ")).collect::<String>();
    vec![
        query("createEvent with the largest series", create, &json!({ "i": event })),
        query(
            "previewRecurrence of the largest series",
            "query($i: PreviewRecurrenceInput!) { previewRecurrence(input: $i) { occurrences { startsAt } userErrors { code } } }",
            &json!({ "i": preview }),
        ),
        query("search", "{ events(first: 100, filter: {search: \"zzz\"}) { nodes { id } } }", &Value::Null),
        query(
            "search in issues",
            "{ issues(first: 100, filter: {search: \"zzz\"}) { nodes { id } } }",
            &Value::Null,
        ),
        query(
            "search in occurrences",
            format!(
                "{{ occurrences({WINDOW}, first: 100, filter: {{search: \"zzz\"}}) {{ nodes {{ id }} }} }}"
            ),
            &Value::Null,
        ),
        query(
            "onlyOpen",
            format!(
                "{{ occurrences({WINDOW}, first: 100, filter: {{onlyOpen: true}}) {{ nodes {{ id }} }} }}"
            ),
            &Value::Null,
        ),
        query("a comment", format!("{{ viewer {{ role }} }} #{}", "x".repeat(240_000)), &Value::Null),
        query("commas", format!("{{ viewer {{ role }} }} {}", ",".repeat(240_000)), &Value::Null),
        query("a text", create, &json!({ "i": { "title": "\u{e9}".repeat(100_000) } })),
        query("ids", "query($i: [ID!]!) { nodes(ids: $i) { id } }", &json!({ "i": vec!["x"; 9_000] })),
        query("equal fields", format!("{{ viewer {{ {} }} }}", "role ".repeat(1_900)), &Value::Null),
        query(
            "equal objects with fragments",
            format!(
                "{{ events(first: 1) {{ nodes {{ id }} }} }} fragment A on Issue {{ {} }} fragment B on Event {{ {spreads} }} {spread}",
                "event { ...B } ".repeat(180)
            ),
            &Value::Null,
        ),
        query(
            "fragments in a circle",
            format!(
                "{{ issues(first: 1) {{ nodes {{ {} }} }} }} {}",
                "event { ...F0 } ".repeat(200),
                fragments(100)
            ),
            &Value::Null,
        ),
    ]
}

/// A server with the largest objects, and its admin.
struct Measured {
    served: Served,
    connection: Connection,
    admin: Credentials,
    requests: usize,
}

impl Measured {
    async fn start(installation: &Installation) -> Self {
        let served = installation.serve().await;
        let connection = Connection::open(served.server.address()).await.unwrap();
        Self { served, connection, admin: Credentials::member(ACME, "admin"), requests: 0 }
    }

    /// Sends a request, and returns its longest poll in microseconds, or `None` if the request exceeds a limit. A poll that seems
    /// long is measured again, because other programs can interrupt a thread.
    async fn longest_poll(&mut self, body: &Value) -> Option<u64> {
        let mut shortest = u64::MAX;
        for _ in 0..ATTEMPTS {
            let (answer, poll) = self.send(body).await;
            if answer["errors"][0]["extensions"]["code"] == "QUERY_LIMIT_EXCEEDED" {
                return None;
            }
            shortest = shortest.min(poll);
            if shortest < LONGEST / 2 {
                break;
            }
        }
        Some(shortest)
    }

    /// Sends a request, and returns the answer and the longest poll in microseconds.
    async fn send(&mut self, body: &Value) -> (Value, u64) {
        self.requests += 1;
        let id = format!("poll-{}", self.requests);
        let body = body.to_string();
        let request = self.admin.request("POST", "/graphql", &format!("x-request-id: {id}\r\n"), &body);
        let answer = self.connection.send(&request).await.unwrap();
        (serde_json::from_slice(&answer).unwrap(), self.logged(&id).await)
    }

    /// Sends a mutation, which must succeed, and returns its payload and its longest poll. It is repeated while the machine has no time
    /// for it.
    async fn mutate(&mut self, name: &str, payload: &str, input: &Value) -> (Value, u64) {
        let kind = format!("{}{}Input", name[..1].to_uppercase(), &name[1..]);
        let document = format!(
            "mutation($i: {kind}!) {{ payload: {name}(input: $i) {{ {payload} userErrors {{ code message }} }} }}"
        );
        let mut input = input.clone();
        if input["dryRun"] != true {
            input["idempotencyKey"] = json!(format!("change {}", self.requests));
        }
        let (mut longest, mut answer) = (0, Value::Null);
        for _ in 0..REPEATS {
            let poll;
            (answer, poll) = self.send(&json!({ "query": document, "variables": { "i": input } })).await;
            longest = longest.max(poll);
            if answer["errors"].is_null() {
                break;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        let payload = answer["data"]["payload"].take();
        assert_eq!(payload["userErrors"], json!([]), "{name} {input}: {answer}");
        (payload, longest)
    }

    /// The longest poll in the log line of a request.
    async fn logged(&self, id: &str) -> u64 {
        let id = format!("\"{id}\"");
        loop {
            let log = self.served.server.log().unwrap();
            let lines = log.lines().rev().filter(|line| line.contains(&id));
            let mut lines = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
            if let Some(poll) = lines.find_map(|line| line["longest_poll_us"].as_u64()) {
                return poll;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_keeps_a_thread_for_long() {
    let installation = Installation::empty().await;
    let mut measured = Measured::start(&installation).await;
    let sizes = corpus::Sizes { issues: 100, hourly_events: 60, other_events: 40, renamed: 200 };
    corpus::large(&mut measured.connection, ACME, sizes).await.unwrap();
    let mut polls = Vec::new();
    for (name, body) in large() {
        polls.extend(measured.longest_poll(&body).await.map(|poll| (poll, name)));
    }
    let of_sizes = SIZES.map(|sizes| lists(WINDOW, sizes));
    for number in 0..of_sizes[0].len() {
        let mut largest = None;
        for lists in &of_sizes {
            let (name, list) = &lists[number];
            largest = measured.longest_poll(&json!({ "query": list })).await.map(|poll| (poll, name.clone()));
            if largest.is_some() {
                break;
            }
        }
        polls.extend(largest);
    }
    polls.sort_unstable_by(|one, other| other.cmp(one));
    assert!(polls.len() > 30, "{polls:?}");
    let (poll, name) = &polls[0];
    assert!(*poll < LONGEST, "{poll} us: {name:.500}");
}
