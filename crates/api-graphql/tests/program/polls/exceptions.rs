//! Edits of series with as many exceptions as there may be.

use bson::{DateTime, Document, doc};
use convene_stress::corpus;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime, macros::format_description};

use super::{ACME, ATTEMPTS, LONGEST, Measured, WINDOW};
use crate::support::Installation;

const EXCEPTIONS: i64 = 5_000;

/// A rule with a date each hour.
const EVERY_DATE: &str = "FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23";

/// A server with series of many exceptions, and the shortest time of each kind of request.
struct Edits {
    installation: Installation,
    measured: Measured,
    polls: Vec<(u64, String)>,
}

impl Edits {
    /// Creates a series with an occurrence each hour, of which so many have a title of their own, and returns its id.
    async fn series(&mut self) -> String {
        let input = json!({ "title": "Series", "startsAt": "2031-01-01T00:00:00", "duration": "PT30M", "capacity": 5,
            "recurrence": { "rrule": EVERY_DATE } });
        let (created, _) = self.measured.mutate("createEvent", "event { id }", &input).await;
        let event = created["event"]["id"].as_str().unwrap().to_owned();
        let first = format!("{event}_20310101T000000Z");
        let input = json!({ "occurrenceId": first, "title": "\u{1f600}".repeat(200) });
        self.measured.mutate("updateOccurrence", "occurrence { id }", &input).await;
        let occurrences = self.installation.collection("occurrences");
        let original = occurrences.find_one(doc! { "_id": &first }).await.unwrap().unwrap();
        let copies: Vec<Document> = (1..EXCEPTIONS).map(|hours| copy(&original, &event, hours)).collect();
        occurrences.insert_many(copies).await.unwrap();
        event
    }

    /// Measures a query.
    async fn query(&mut self, document: String) {
        let poll = self.measured.longest_poll(&json!({ "query": document })).await.unwrap();
        self.polls.push((poll, document));
    }

    /// Measures an edit of a series, a dry run before it, and the first page after it, which has to apply the edit to the replica.
    /// Each further attempt has the next of the inputs, or another series.
    async fn edit(&mut self, name: &str, event: &str, inputs: &[Value]) {
        let mut shortest = [u64::MAX; 3];
        for number in 0..ATTEMPTS {
            let fresh: String;
            let event = match inputs {
                [_] if number > 0 => {
                    fresh = self.series().await;
                    if name == "restoreEvent" {
                        let input = json!({ "eventId": fresh });
                        self.measured.mutate("cancelEvent", "event { id }", &input).await;
                    }
                    &fresh
                }
                _ => event,
            };
            let polls = self.edit_once(name, event, &inputs[number % inputs.len()]).await;
            for (shortest, poll) in shortest.iter_mut().zip(polls) {
                *shortest = (*shortest).min(poll);
            }
            if shortest.iter().all(|&poll| poll < LONGEST / 2) {
                break;
            }
        }
        let names = ["dry run", "edit", "page after it"].map(|what| format!("{what}: {name} {}", inputs[0]));
        self.polls.extend(shortest.into_iter().zip(names));
    }

    async fn edit_once(&mut self, name: &str, event: &str, input: &Value) -> [u64; 3] {
        let payload = if name == "deleteEvent" { "deletedEventId" } else { "event { id }" };
        let mut input = input.clone();
        input["eventId"] = json!(event);
        if input["scope"] == "THIS_AND_FOLLOWING" {
            input["fromOccurrenceId"] = json!(format!("{event}_20310415T000000Z"));
        }
        let mut polls = [0; 3];
        if name != "duplicateEvent" {
            input["dryRun"] = json!(true);
            (_, polls[0]) = self.measured.mutate(name, payload, &input).await;
            input["dryRun"] = json!(false);
        }
        (_, polls[1]) = self.measured.mutate(name, payload, &input).await;
        (_, polls[2]) = self.measured.send(&json!({ "query": page() })).await;
        polls
    }
}

/// A page of the occurrences of all events.
fn page() -> String {
    format!("{{ occurrences({WINDOW}, first: 100) {{ nodes {{ id title startsAt }} }} }}")
}

/// A copy of the exception of the first date of an event, so many hours later.
fn copy(original: &Document, event: &str, hours: i64) -> Document {
    let mut copy = original.clone();
    for (name, value) in original {
        if let Some(time) = value.as_datetime()
            && name != "updatedAt"
        {
            copy.insert(name, DateTime::from_millis(time.timestamp_millis() + hours * 3_600_000));
        }
    }
    let start = original.get_datetime("originalStart").unwrap().timestamp_millis() / 1_000;
    let start = OffsetDateTime::from_unix_timestamp(start).unwrap() + Duration::hours(hours);
    let id = format_description!("[year][month][day]T[hour][minute][second]Z");
    let local = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
    copy.insert("_id", format!("{event}_{}", start.format(id).unwrap()));
    copy.insert("originalLocal", start.format(local).unwrap());
    copy.insert("changeToken", original.get_i64("changeToken").unwrap() / 2 + hours);
    copy
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_edit_of_a_series_with_many_exceptions_keeps_a_thread_for_long() {
    let installation = Installation::empty().await;
    let mut measured = Measured::start(&installation).await;
    corpus::organization(&mut measured.connection, ACME).await.unwrap();
    let mut edits = Edits { installation, measured, polls: Vec::new() };
    let event = edits.series().await;
    let nested = format!("occurrences({WINDOW}, first: 100) {{ nodes {{ id title startsAt }} }}");
    edits.query(page()).await;
    edits.query(format!("{{ event(id: \"{event}\") {{ id {nested} }} }}")).await;
    edits.query(format!("{{ events(first: 10) {{ nodes {{ id {nested} }} }} }}")).await;
    edits.query(page().replace("first: 100", "first: 100, filter: { search: \"zzz\" }")).await;
    let inputs = |field: &str, values: [&str; 2]| values.map(|value| json!({ field: value }));
    edits.edit("updateEvent", &event, &inputs("title", ["Other", "Series"])).await;
    let starts = ["2031-01-01T00:10:00", "2031-01-01T00:00:00"];
    edits.edit("updateEvent", &event, &inputs("startsAt", starts)).await;
    edits.edit("updateEvent", &event, &inputs("timeZone", ["Asia/Kathmandu", "UTC"])).await;
    edits.edit("duplicateEvent", &event, &[json!({}), json!({})]).await;
    let halves = edits.series().await;
    let following = json!({ "scope": "THIS_AND_FOLLOWING", "title": "Second" });
    edits.edit("updateEvent", &halves, &[following]).await;
    edits.edit("cancelEvent", &event, &[json!({})]).await;
    edits.edit("restoreEvent", &event, &[json!({})]).await;
    edits.edit("deleteEvent", &event, &[json!({})]).await;
    edits.polls.sort_unstable_by(|one, other| other.cmp(one));
    assert!(edits.polls[0].0 < LONGEST, "{:#?}", edits.polls);
}
