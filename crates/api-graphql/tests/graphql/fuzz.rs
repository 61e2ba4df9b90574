//! Random values in every position of every operation. No request is a fault.
//!
//! `CONVENE_TEST_REQUESTS` sets the number of requests (1,000,000 in the long form), and `CONVENE_TEST_SEED` the seed.

use std::str::FromStr;

use futures::{StreamExt, stream};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Value, json};

use super::{
    log,
    roles::known,
    support::{ADA, Api, BOB, CLEO, Caller, OPERATOR},
    variables::{Position, all_positions},
};

/// The requests of the short form, which runs with the other tests.
const REQUESTS: usize = 3_000;

/// The requests to one server. Successful ones create objects, which later ones would have to carry along.
const ROUND: usize = 2_000;

/// The requests in flight.
const IN_FLIGHT: usize = 4;

const FAULTS: [&str; 4] = ["\"INTERNAL\"", "\"UNAVAILABLE\"", "\"OUTCOME_UNKNOWN\"", "panicked"];

fn setting<T: FromStr>(name: &str, default: T) -> T {
    std::env::var(name).map_or(default, |text| text.parse().ok().unwrap_or_else(|| panic!("{name}={text}")))
}

/// A request.
struct Request {
    caller: Option<Caller>,
    document: String,
    variables: Value,
}

/// Texts that made programs fail: parsers, and code for numbers, dates and storage.
const TEXTS: [&str; 26] = [
    "",
    " ",
    "x",
    "\u{0}",
    "\u{202e}x",
    "\u{feff}",
    "\u{1d54f}",
    "e\u{301}",
    "$where",
    "{\"$ne\":null}",
    "../..",
    "1",
    "-1",
    "NaN",
    "9223372036854775808",
    "2031-02-30",
    "2031-04-07T09:00",
    "2031-04-07T25:00:00Z",
    "9999-12-31T23:59:59Z",
    "0000-00-00T00:00:00Z",
    "PT0S",
    "-PT1H",
    "P999999999D",
    "Europe/Nowhere",
    "FREQ=SECONDLY",
    "evt_018f4e6b8c7a7c3e9f5d2b1a0c9e8d7f",
];

fn number(random: &mut StdRng) -> Value {
    match random.random_range(0..8) {
        0 => json!(0),
        1 => json!(-1),
        2 => json!(i32::MAX),
        3 => json!(i64::from(i32::MAX) + 1),
        4 => json!(i64::MIN),
        5 => json!(u64::MAX),
        6 => json!(1.5e300),
        _ => json!(random.random_range(-5..200)),
    }
}

/// A value of any kind.
fn value(random: &mut StdRng, ids: &[String], depth: usize) -> Value {
    match random.random_range(0..if depth == 0 { 8 } else { 10 }) {
        0 | 1 => Value::Null,
        2 => json!(random.random_bool(0.5)),
        3 => number(random),
        4 => json!(TEXTS.choose(random).unwrap()),
        5 => json!(ids.choose(random).unwrap()),
        6 => json!("x".repeat(random.random_range(0..12_000))),
        7 => json!(
            ["ADMIN", "OPEN", "DONE", "MONDAY", "WEEKLY", "ALL", "CANCELLED", "DESC"].choose(random).unwrap()
        ),
        8 => (0..random.random_range(0..4)).map(|_| value(random, ids, depth - 1)).collect(),
        _ => {
            let names = ["status", "from", "to", "frequency", "day", "field", "direction", "rrule", "x", ""];
            let fields = (0..random.random_range(0..4)).map(|_| {
                let name = (*names.choose(random).unwrap()).to_owned();
                (name, value(random, ids, depth - 1))
            });
            Value::Object(fields.collect())
        }
    }
}

/// The value as a literal of a document.
fn literal(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(literal).collect::<Vec<_>>().join(" ")),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| format!("{name}: {}", literal(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(" "))
        }
        other => other.to_string(),
    }
}

fn request(random: &mut StdRng, positions: &[Position], ids: &[String]) -> Request {
    let Position { document, kind, sample } = positions.choose(random).unwrap();
    let given = value(random, ids, 2);
    let nullable = kind.trim_end_matches('!');
    let (declaration, body) = document.split_once("($v: TYPE)").unwrap();
    let document = match random.random_range(0..7) {
        0 => format!("{declaration}($v: {nullable}){body}"),
        1 => format!("{declaration}($v: {nullable} = {sample}){body}"),
        2 => format!("{declaration}($v: {nullable} = null){body}"),
        3 => format!("{declaration}($v: {nullable} = {}){body}", literal(&value(random, ids, 1))),
        4 => format!("{declaration}{}", body.replace("$v", &literal(&given))),
        _ => format!("{declaration}($v: {kind}){body}"),
    };
    let variables = match random.random_range(0..8) {
        0 => json!({}),
        1 => Value::Null,
        2 => json!({"v": null}),
        3 => json!({"v": given, "w": 1}),
        _ => json!({"v": given}),
    };
    let operator_of_acme = Caller { operator: true, ..ADA };
    let callers = [Some(ADA), Some(ADA), Some(BOB), Some(CLEO), Some(OPERATOR), Some(operator_of_acme), None];
    Request { caller: *callers.choose(random).unwrap(), document, variables }
}

/// Sends requests to a new server. Returns those that were answered as no request should be.
async fn round(random: &mut StdRng, number: usize, requests: usize) -> Vec<String> {
    let api = Api::start().await;
    let positions = all_positions(&api).await;
    let ids: Vec<String> = known(&api).await.into_iter().map(|(_, id)| id).collect();
    let requests: Vec<Request> = (0..requests).map(|_| request(random, &positions, &ids)).collect();
    let answers = stream::iter(requests.into_iter().enumerate()).map(|(index, request)| {
        let (api, id) = (&api, format!("fuzz-{number}-{index}"));
        async move {
            let Request { caller, document, variables } = request;
            let headers = [("x-request-id", id.as_str())];
            let (status, body) = api.send_with(&headers, caller, &document, &variables).await;
            let is_fault = status >= 500 || FAULTS.iter().any(|fault| body.contains(fault));
            is_fault.then(|| {
                format!("{id} {caller:?}\n{document:.2000}\n{variables:.2000}\n{status} {body:.500}")
            })
        }
    });
    answers.buffer_unordered(IN_FLIGHT).filter_map(|answer| async { answer }).collect().await
}

#[tokio::test(flavor = "multi_thread")]
async fn no_value_in_any_position_is_a_fault() {
    log::capture();
    let total: usize = setting("CONVENE_TEST_REQUESTS", REQUESTS);
    let seed: u64 = setting("CONVENE_TEST_SEED", 15);
    let mut random = StdRng::seed_from_u64(seed);
    let mut sent = 0;
    while sent < total {
        let requests = ROUND.min(total - sent);
        let faults = round(&mut random, sent / ROUND, requests).await;
        assert!(faults.is_empty(), "seed {seed}: {} faults\n{}", faults.len(), faults.join("\n\n"));
        sent += requests;
    }
    let is_error = |line: &&str| line.contains("fuzz-") && line.contains("\"level\":\"ERROR\"");
    let errors = log::text();
    let errors: Vec<&str> = errors.lines().filter(is_error).take(10).collect();
    assert!(errors.is_empty(), "seed {seed}: {errors:#?}");
}
