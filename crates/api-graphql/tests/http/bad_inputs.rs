//! Every line of `tests/data/bad_inputs.jsonl` against the server, with a valid token or the forged one of the line: the expected
//! class of response, no fault, in time.

use std::time::{Duration, Instant};

use super::support::{
    Setup, TestServer, bearer,
    corpus::{Case, Expectation, leaks},
    tokens,
};

fn authorization(case: &Case) -> String {
    let Some(given) = &case.authorization else { return bearer("acme", "alice") };
    match given.strip_prefix("Bearer {{jwt:").and_then(|rest| rest.strip_suffix("}}")) {
        Some(recipe) => format!("Bearer {}", tokens::forged(recipe)),
        None => given.clone(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_input_has_the_expected_response() {
    let server = TestServer::start(Setup::default());
    let mut wrong = Vec::new();
    let mut refusals = Vec::new();
    for case in Case::all() {
        let started = Instant::now();
        let (status, body) = case.send(server.address, &[("authorization", authorization(&case))]).await;
        let expected = match case.expect {
            Expectation::Ok => status == 200 && !body.contains("\"errors\""),
            Expectation::ClientError => case.is_refusal(status),
            Expectation::AuthError => status == 401,
        };
        if case.expect == Expectation::AuthError {
            refusals.push(body.clone());
        }
        if !expected || leaks(&body) || started.elapsed() > Duration::from_secs(2) {
            wrong.push(format!("{}: {status} after {:?}: {body:.300}", case.name, started.elapsed()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    refusals.dedup();
    assert_eq!(refusals.len(), 1, "all refused credentials receive the same response");
    assert_eq!(server.query("{ __typename }").await.status(), 200, "the server still responds");
}
