//! Automatic persisted queries, by the protocol of Apollo Client and others.

use reqwest::header::AUTHORIZATION;
use rstest::rstest;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::support::{Setup, TestServer, bearer};

const DOCUMENT: &str = "query($n: Int) { events(first: $n) { nodes { id } } }";

fn hash(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn extensions(text: &str) -> Value {
    json!({"persistedQuery": {"version": 1, "sha256Hash": hash(text)}})
}

async fn post(server: &TestServer, caller: (&str, &str), body: &Value) -> (u16, Value) {
    let request =
        server.client().post(server.url("/graphql")).header(AUTHORIZATION, bearer(caller.0, caller.1));
    let request = request.header("accept", "application/graphql-response+json").json(body);
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

const ALICE: (&str, &str) = ("acme", "alice");

#[tokio::test(flavor = "multi_thread")]
async fn a_hash_is_enough_after_the_text_was_sent_once() {
    let server = TestServer::start(Setup::default());
    let variables = json!({"n": 1});
    let by_hash = json!({"extensions": extensions(DOCUMENT), "variables": variables});
    let (status, unknown) = post(&server, ALICE, &by_hash).await;
    assert_eq!(status, 200);
    assert_eq!(unknown["errors"][0]["message"], "PersistedQueryNotFound");
    assert_eq!(unknown["errors"][0]["extensions"]["code"], "PERSISTED_QUERY_NOT_FOUND");

    let mut with_text = by_hash.clone();
    with_text["query"] = DOCUMENT.into();
    let expected = json!({"events": {"nodes": [{"id": "evt_0"}]}});
    assert_eq!(post(&server, ALICE, &with_text).await.1["data"], expected);
    assert_eq!(post(&server, ALICE, &by_hash).await.1["data"], expected);
    assert_eq!(post(&server, ("acme", "bob"), &by_hash).await.1["data"], expected);

    let query = [("extensions", extensions(DOCUMENT).to_string()), ("variables", variables.to_string())];
    let get = server.client().get(server.url("/graphql")).query(&query);
    let got = get.header(AUTHORIZATION, bearer("acme", "alice")).send().await.unwrap();
    assert_eq!(got.json::<Value>().await.unwrap()["data"], expected);

    // The variables are those of each request.
    let (_, two) =
        post(&server, ALICE, &json!({"extensions": extensions(DOCUMENT), "variables": {"n": 2}})).await;
    assert_eq!(two["data"]["events"]["nodes"].as_array().unwrap().len(), 2);
    let (status, wrong) =
        post(&server, ALICE, &json!({"extensions": extensions(DOCUMENT), "variables": {"n": "x"}})).await;
    assert_eq!(
        (status, &wrong["errors"][0]["extensions"]["code"]),
        (400, &json!("GRAPHQL_VALIDATION_FAILED"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hash_can_be_registered_and_used_with_get() {
    let server = TestServer::start(Setup::default());
    for query in [vec![("query", "{ organization }".to_owned())], Vec::new()] {
        let query = [query, vec![("extensions", extensions("{ organization }").to_string())]].concat();
        let get = server.client().get(server.url("/graphql")).query(&query);
        let got = get.header(AUTHORIZATION, bearer("acme", "alice")).send().await.unwrap();
        assert_eq!(got.json::<Value>().await.unwrap()["data"]["organization"], "acme");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documents_of_another_organization_are_unknown() {
    let server = TestServer::start(Setup::default());
    let body = json!({"query": "{ organization }", "extensions": extensions("{ organization }")});
    assert_eq!(post(&server, ALICE, &body).await.0, 200);
    let by_hash = json!({"extensions": extensions("{ organization }")});
    let (_, unknown) = post(&server, ("other", "alice"), &by_hash).await;
    assert_eq!(unknown["errors"][0]["extensions"]["code"], "PERSISTED_QUERY_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hash_of_another_text_is_refused_and_not_kept() {
    let server = TestServer::start(Setup::default());
    let body = json!({"query": "{ organization }", "extensions": extensions(DOCUMENT)});
    let (status, refused) = post(&server, ALICE, &body).await;
    assert_eq!(
        (status, &refused["errors"][0]["extensions"]["code"]),
        (400, &json!("PERSISTED_QUERY_MISMATCH"))
    );
    let (_, unknown) = post(&server, ALICE, &json!({"extensions": extensions(DOCUMENT)})).await;
    assert_eq!(unknown["errors"][0]["extensions"]["code"], "PERSISTED_QUERY_NOT_FOUND");
}

#[rstest]
#[case::syntax("{")]
#[case::limit(
    "{ again { again { again { again { again { again { again { again { again { again { again { again { again { organization } } } } } } } } } } } } } }"
)]
#[case::introspection("{ __schema { queryType { name } } }")]
#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_may_not_run_is_not_kept(#[case] document: &str) {
    let server = TestServer::start(Setup::default());
    let body = json!({"query": document, "extensions": extensions(document)});
    assert_eq!(post(&server, ALICE, &body).await.0, 400);
    let (_, unknown) = post(&server, ALICE, &json!({"extensions": extensions(document)})).await;
    assert_eq!(unknown["errors"][0]["extensions"]["code"], "PERSISTED_QUERY_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mutation_is_refused_with_get_by_its_hash_as_well() {
    let server = TestServer::start(Setup::default());
    let mutation = "mutation { boom }";
    let body = json!({"query": mutation, "extensions": extensions(mutation)});
    assert_eq!(post(&server, ALICE, &body).await.0, 503);
    let get = server
        .client()
        .get(server.url("/graphql"))
        .query(&[("extensions", extensions(mutation).to_string())]);
    let refused = get.header(AUTHORIZATION, bearer("acme", "alice")).send().await.unwrap();
    assert_eq!(refused.status(), 405);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hash_needs_valid_credentials() {
    let server = TestServer::start(Setup::default());
    let body = json!({"extensions": extensions(DOCUMENT)});
    assert_eq!(post(&server, ("acme", "mallory"), &body).await.0, 401);
}
