//! The requests of `tests/data/bad_inputs.jsonl` to the real schema, from every kind of caller.

use std::time::{Duration, Instant};

use super::{
    corpus::{Case, Expectation, leaks},
    log,
    support::{ADA, Api, BOB, Caller, OLGA, OPERATOR},
};

/// The problem of a response to this caller; `None` if there is none.
fn problem(case: &Case, caller: Option<Caller>, status: u16, body: &str) -> Option<&'static str> {
    let is_fine = match (case.expect, caller) {
        (Expectation::Ok, None) => status == 401,
        (Expectation::Ok, Some(caller)) if caller.operator => {
            // What belongs to an organization is refused to the operator.
            status == 200 && (!body.contains("\"errors\"") || body.contains("\"FORBIDDEN\""))
        }
        (Expectation::Ok, Some(_)) => status == 200 && !body.contains("\"errors\""),
        _ => case.is_refusal(status),
    };
    (!is_fine).then_some("another status is expected")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_request_is_refused_to_every_caller() {
    let api = Api::start_without_introspection().await;
    api.weekly_event(ADA, 10).await;
    let everything = "{ activity(first: 100) { nodes { id } } }";
    let before = [api.read(ADA, everything).await, api.read(OLGA, everything).await];
    log::capture();
    let mut wrong = Vec::new();
    let mut count = 0;
    // Lines with credentials of their own are about those.
    for case in Case::all().filter(|case| case.authorization.is_none()) {
        for caller in [None, Some(OPERATOR), Some(BOB), Some(ADA)] {
            count += 1;
            let id = format!("malformed-{}-{}", case.name, caller.map_or("nobody", |caller| caller.user));
            let credentials = caller.iter().flat_map(Caller::headers);
            let headers: Vec<_> = credentials.chain([("x-request-id", id.clone())]).collect();
            let started = Instant::now();
            let (status, body) = case.send(api.address, &headers).await;
            let took = started.elapsed();
            let problem = problem(&case, caller, status, &body);
            let errors = log::of_request(&id).into_iter().filter(|line| line["level"] == "ERROR").count();
            if problem.is_some() || leaks(&body) || errors > 0 || took > Duration::from_secs(5) {
                wrong.push(format!("{id}: {problem:?} {errors} {status} after {took:?}: {body:.300}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(count > 200, "{count}");
    let after = [api.read(ADA, everything).await, api.read(OLGA, everything).await];
    assert_eq!(after, before, "nothing was changed");
}
