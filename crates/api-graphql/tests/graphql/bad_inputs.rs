//! Sends every line of `tests/data/graphql_bad_inputs.jsonl` to the real operations.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    log,
    support::{ADA, Api, BOB, Caller, OLGA, OPERATOR, text},
};

/// One case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    /// The operation, as in [`document`].
    operation: String,
    variables: Value,
    expect: Expectation,
    /// A text and a number: `{{gen}}` is replaced with that many copies of the text.
    repeat: Option<(String, usize)>,
    host: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Expectation {
    /// The operation is executed.
    Done,
    /// The input is refused, with a top-level error or a user error.
    Refused,
    /// The response is that for an object that does not exist.
    Missing,
    /// The request is too large to be read.
    TooLarge,
}

fn document(operation: &str) -> String {
    let mutation = |payload: &str| {
        let input = format!("{}{}Input", operation[..1].to_uppercase(), &operation[1..]);
        format!(
            "mutation($input: {input}!) {{ answer: {operation}(input: $input) {{ {payload} userErrors {{ code field }} }} }}"
        )
    };
    match operation {
        "createEvent" | "updateEvent" => mutation("object: event { id title }"),
        "updateMember" => mutation("object: member { id }"),
        "registerForOccurrence" => mutation("object: registration { id }"),
        "event" => "query($id: ID!) { answer: event(id: $id) { id } }".to_owned(),
        "node" => "query($id: ID!) { answer: node(id: $id) { id } }".to_owned(),
        "events" => {
            "query($first: Int, $after: String) { answer: events(first: $first, after: $after) { nodes { \
                     id } } }"
                .to_owned()
        }
        "eventsOf" => {
            "query($organization: ID, $first: Int) { answer: events(organization: $organization, first: \
                       $first) { nodes { id } } }"
                .to_owned()
        }
        "occurrences" => {
            "query($from: DateTime!, $to: DateTime!, $first: Int) { answer: occurrences(from: $from, \
                          to: $to, first: $first) { nodes { id } } }"
                .to_owned()
        }
        "activity" => {
            "query($first: Int, $filter: ActivityFilter) { answer: activity(first: $first, filter: \
                       $filter) { nodes { id } } }"
                .to_owned()
        }
        other => panic!("no operation {other}"),
    }
}

/// The kind of a response.
fn judge(status: u16, body: &str) -> Expectation {
    if status == 413 {
        return Expectation::TooLarge;
    }
    let answer: Value = serde_json::from_str(body).unwrap();
    let codes = |errors: &Value, pointer: &str| -> Vec<String> {
        let errors = errors.as_array().cloned().unwrap_or_default();
        errors.iter().filter_map(|error| error.pointer(pointer).map(text)).collect()
    };
    let top_level = codes(&answer["errors"], "/extensions/code");
    let user_errors = codes(&answer["data"]["answer"]["userErrors"], "/code");
    let refused = |code: &String| matches!(code.as_str(), "INVALID_INPUT" | "GRAPHQL_VALIDATION_FAILED");
    let object = &answer["data"]["answer"];
    if !top_level.is_empty() || !user_errors.is_empty() {
        if user_errors == ["NOT_FOUND"] && top_level.is_empty() {
            return Expectation::Missing;
        }
        assert!(top_level.iter().chain(&user_errors).all(refused), "{status} {body}");
        return Expectation::Refused;
    }
    let is_empty = object["nodes"].as_array().is_some_and(Vec::is_empty);
    if object.is_null() || is_empty { Expectation::Missing } else { Expectation::Done }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_input_is_answered_as_expected() {
    let api = Api::start().await;
    let ours = api.weekly_event(ADA, 10).await;
    let theirs = api.weekly_event(OLGA, 10).await;
    let key = json!({"occurrenceId": theirs.occurrences[0], "idempotencyKey": "used-by-both"});
    api.ask(OLGA, &document("registerForOccurrence"), json!({"input": key})).await;
    let key = json!({"occurrenceId": ours.occurrences[1], "idempotencyKey": "our-key"});
    api.ask(ADA, &document("registerForOccurrence"), json!({"input": key})).await;
    let find = "{ organization { id } viewer { member { id } } events(first: 1) { pageInfo { endCursor } } }";
    let (our_side, their_side) = (api.read(ADA, find).await, api.read(OLGA, find).await);
    let our_cursor = text(&our_side["events"]["pageInfo"]["endCursor"]);
    let known = [
        ("{{their:event}}", theirs.id.clone()),
        ("{{their:cursor}}", text(&their_side["events"]["pageInfo"]["endCursor"])),
        ("{{their:member}}", text(&their_side["viewer"]["member"]["id"])),
        ("{{their:organization}}", text(&their_side["organization"]["id"])),
        ("{{their:key}}", "used-by-both".to_owned()),
        ("{{our:member}}", text(&our_side["viewer"]["member"]["id"])),
        ("{{our:occurrence}}", ours.occurrences[0].clone()),
        ("{{our:otherOccurrence}}", ours.occurrences[2].clone()),
        ("{{our:keyInCapitals}}", "OUR-KEY".to_owned()),
        ("{{our:halfCursor}}", our_cursor[..our_cursor.len() / 2].to_owned()),
    ];

    log::capture();
    let mut wrong = Vec::new();
    for line in include_str!("../data/graphql_bad_inputs.jsonl").lines() {
        let case: Case = serde_json::from_str(line).unwrap();
        let mut variables = case.variables.to_string();
        for (placeholder, value) in &known {
            variables = variables.replace(placeholder, value);
        }
        if let Some((text, times)) = &case.repeat {
            variables = variables.replace("{{gen}}", &text.repeat(*times));
        }
        let variables: Value = serde_json::from_str(&variables).unwrap();
        for caller in [None, Some(OPERATOR), Some(BOB), Some(ADA)] {
            let before = stored(&api).await;
            let id = format!("bad-input-{}-{}", case.name, caller.map_or("nobody", |caller| caller.user));
            let host = case.host.as_deref().map(|host| ("host", host));
            let headers: Vec<_> = [("x-request-id", id.as_str())].into_iter().chain(host).collect();
            let (status, body) =
                api.send_with(&headers, caller, &document(&case.operation), &variables).await;
            let leaks = ["panicked", ".rs:", "juniper"].iter().any(|word| body.contains(word));
            let is_done =
                caller.is_some_and(|caller| caller.user == ADA.user) && case.expect == Expectation::Done;
            let is_stored = !is_done
                && caller.is_none_or(|caller| caller.user != BOB.user)
                && stored(&api).await != before;
            let errors = log::of_request(&id).into_iter().filter(|line| line["level"] == "ERROR").count();
            let problem = match caller {
                None => (status != 401).then_some("a stranger is answered"),
                Some(caller) => answer_problem(caller, &case, status, &body),
            };
            if problem.is_some() || leaks || status >= 500 || is_stored || errors > 0 {
                wrong.push(format!("{id}: {problem:?} {is_stored} {errors} {status} {body:.400}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The number of entries of the log, which every change has.
async fn stored(api: &Api) -> Value {
    let everything = "{ activity(first: 1) { nodes { id } } }";
    json!([api.read(ADA, everything).await, api.read(OLGA, everything).await])
}

/// The problem of an answer to this caller; `None` if there is none. What an admin is refused for is refused to everyone; a member and
/// the operator may be refused for their role instead.
fn answer_problem(caller: Caller, case: &Case, status: u16, body: &str) -> Option<&'static str> {
    if status == 413 {
        return (case.expect != Expectation::TooLarge).then_some("it is not too large");
    }
    let answer: Value = serde_json::from_str(body).unwrap();
    let is_forbidden = body.contains("\"FORBIDDEN\"");
    if is_forbidden && caller.user != ADA.user {
        return None;
    }
    if judge(status, body) != case.expect && !(caller.user == BOB.user && case.expect == Expectation::Done) {
        return Some("another answer is expected");
    }
    let of_field = |error: &Value| error["code"] != "INVALID_INPUT" || !error["field"].is_null();
    let user_errors = answer["data"]["answer"]["userErrors"].as_array().cloned().unwrap_or_default();
    let top_level = answer["errors"].as_array().cloned().unwrap_or_default();
    let named =
        user_errors.iter().all(of_field) && top_level.iter().all(|error| of_field(&error["extensions"]));
    (!named).then_some("the field is not named")
}
