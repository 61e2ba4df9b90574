//! Every line of `tests/data/bad_inputs.jsonl` against the server: the expected class of response, no fault, in time.

use std::time::{Duration, Instant};

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::support::{Setup, TestServer, bearer, read_answer, tokens};

/// A case, with exactly one of `body`, `text` and `raw`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    /// `ok`, `client-error` or `auth-error`.
    expect: String,
    /// A GraphQL request.
    body: Option<Map<String, Value>>,
    /// An unchanged body, sent as `content_type` with `headers`.
    text: Option<String>,
    content_type: Option<String>,
    #[serde(default)]
    headers: Map<String, Value>,
    /// Bytes for the socket; `\xNN` stands for a byte.
    raw: Option<String>,
    /// The replacement of `{{gen}}`.
    #[serde(rename = "gen")]
    generate: Option<Generate>,
    /// The credentials instead of alice's token; `{{jwt:...}}` stands for a forged token.
    authorization: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Generate {
    Repeat(String, usize),
    Nest(String, String, String, usize),
    /// The text a number of times, with `{i}` and `{i+1}` replaced by the index.
    Alias(String, usize),
}

impl Generate {
    fn text(&self) -> String {
        match self {
            Self::Repeat(text, times) => text.repeat(*times),
            Self::Nest(open, middle, close, levels) => {
                format!("{}{middle}{}", open.repeat(*levels), close.repeat(*levels))
            }
            Self::Alias(text, times) => (0..*times)
                .map(|number| {
                    text.replace("{i+1}", &(number + 1).to_string()).replace("{i}", &number.to_string())
                })
                .collect(),
        }
    }
}

/// Returns the status and the body of the response.
async fn send(server: &TestServer, case: &Case) -> (u16, String) {
    let fill = |text: &str| {
        let text = match &case.generate {
            Some(generate) => text.replace("{{gen}}", &generate.text()),
            None => text.to_owned(),
        };
        text.replace("{{costLimit}}", "events(first: 99){nodes{id title a:id b:id c:id d:id e:id f:id g:id h:id i:id \
                                       j:id k:id l:id m:id n:id o:id id id id id id id id id id id id id id id id id \
                                       id id id id id id id id id id id id id id}}")
            .replace("{{listEvents}}", "query($first: Int){events(first: $first){nodes{id}}}")
            .replace("{{host}}", &server.address.to_string())
            .replace("{{token}}", &tokens::token(&Value::Object(Map::new())))
    };
    if let Some(raw) = &case.raw {
        let mut stream = server.raw(&bytes(&fill(raw))).await;
        let answer = read_answer(&mut stream).await;
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        return (status, answer);
    }
    let mut request = server.client().post(server.url("/graphql"));
    request = request.header(AUTHORIZATION, authorization(case));
    for (name, value) in &case.headers {
        request = request.header(name, value.as_str().unwrap());
    }
    request = match (&case.body, &case.text) {
        (Some(body), None) => {
            let mut body = body.clone();
            let document = fill(body["query"].as_str().unwrap());
            body.insert("query".to_owned(), document.into());
            request.header("accept", "application/graphql-response+json").json(&body)
        }
        (None, Some(text)) => {
            let content_type = case.content_type.as_deref().filter(|kind| !kind.is_empty());
            if let Some(content_type) = content_type {
                request = request.header(CONTENT_TYPE, content_type);
            }
            request.body(fill(text))
        }
        _ => panic!("{}: neither body, text nor raw", case.name),
    };
    match request.send().await {
        Ok(response) => (response.status().as_u16(), response.text().await.unwrap_or_default()),
        // The server may close the connection while a huge body is still being sent.
        Err(error) => panic!("{}: {error:?}", case.name),
    }
}

fn authorization(case: &Case) -> String {
    let Some(given) = &case.authorization else { return bearer("acme", "alice") };
    match given.strip_prefix("Bearer {{jwt:").and_then(|rest| rest.strip_suffix("}}")) {
        Some(recipe) => format!("Bearer {}", tokens::forged(recipe)),
        None => given.clone(),
    }
}

/// Returns the bytes of a text in which `\xNN` stands for a byte.
fn bytes(text: &str) -> Vec<u8> {
    let mut parts = text.split("\\x");
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (byte, rest) = part.split_at(2);
        bytes.push(u8::from_str_radix(byte, 16).unwrap());
        bytes.extend_from_slice(rest.as_bytes());
    }
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_input_has_the_expected_response() {
    let server = TestServer::start(Setup::default());
    let mut wrong = Vec::new();
    let mut refusals = Vec::new();
    let lines = include_str!("../data/bad_inputs.jsonl").lines();
    for line in lines {
        let case: Case = serde_json::from_str(line).unwrap();
        let started = Instant::now();
        let (status, body) = send(&server, &case).await;
        let expected = match case.expect.as_str() {
            "ok" => status == 200 && !body.contains("\"errors\""),
            // For bytes that are no request, a closed connection is as valid as a 400.
            "client-error" => (400..500).contains(&status) || (status == 0 && case.raw.is_some()),
            "auth-error" => status == 401,
            other => panic!("unknown expectation {other}"),
        };
        if case.expect == "auth-error" {
            refusals.push(body.clone());
        }
        let leaks =
            ["Did you mean", "panicked", ".rs:", "juniper", "serde"].iter().any(|word| body.contains(word));
        if !expected || leaks || started.elapsed() > Duration::from_secs(2) {
            wrong.push(format!("{}: {status} after {:?}: {body:.300}", case.name, started.elapsed()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    refusals.dedup();
    assert_eq!(refusals.len(), 1, "all refused credentials receive the same response");
    assert_eq!(server.query("{ __typename }").await.status(), 200, "the server still responds");
}
