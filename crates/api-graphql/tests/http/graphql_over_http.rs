//! The protocol: methods, media types, statuses, and the form of responses.

use reqwest::{
    Method,
    header::{ACCEPT, ALLOW, AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE},
};
use rstest::rstest;
use serde_json::{Value, json};

use super::support::{Setup, TestServer, bearer};

#[tokio::test(flavor = "multi_thread")]
async fn a_response_contains_the_cost_of_its_query() {
    let server = TestServer::start(Setup::default());
    let response = server.query("{ organization events(first: 2) { nodes { id } } }").await;
    assert_eq!(response.headers()[CONTENT_TYPE], "application/json; charset=utf-8");
    insta::assert_snapshot!(response.text().await.unwrap(), @r#"{"data":{"organization":"acme","events":{"nodes":[{"id":"evt_0"},{"id":"evt_1"}]}},"extensions":{"cost":{"requested":128,"limit":10000}}}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_of_request_errors_depends_on_the_media_type() {
    let server = TestServer::start(Setup::default());
    for document in ["{ nope }", "{", "query A { again { organization } } query B { organization }"] {
        assert_eq!(server.query(document).await.status(), 200, "{document}");
        let (status, body) = server.query_strictly(document).await;
        assert_eq!(status, 400, "{document}");
        assert!(body.get("data").is_none());
        assert!(body["errors"][0]["extensions"]["code"].is_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_validation_error_has_a_location_and_no_suggestions() {
    let server = TestServer::start(Setup::default());
    let (_, body) = server.query_strictly("{ events }").await;
    insta::assert_json_snapshot!(body, @r#"
    {
      "errors": [
        {
          "extensions": {
            "code": "GRAPHQL_VALIDATION_FAILED"
          },
          "locations": [
            {
              "column": 3,
              "line": 1
            }
          ],
          "message": "Field \"events\" of type \"EventConnection!\" must have a selection of subfields."
        }
      ],
      "extensions": {
        "cost": {
          "limit": 10000,
          "requested": 51
        }
      }
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn at_most_ten_errors_are_sent() {
    let server = TestServer::start(Setup::default());
    let unknown: String = (0..200).map(|number| format!("nope{number} ")).collect();
    let failing: String = (0..12).map(|number| format!("f{number}: forbidden ")).collect();
    for fields in [unknown, failing] {
        let (_, body) = server.query_strictly(&format!("{{ again {{ {fields} }} }}")).await;
        assert_eq!(body["errors"].as_array().unwrap().len(), 10);
    }
}

#[rstest]
#[case::no_accept(None, 200)]
#[case::anything(Some("*/*"), 200)]
#[case::html(Some("text/html"), 406)]
#[tokio::test(flavor = "multi_thread")]
async fn the_status_depends_on_the_accepted_media_types(#[case] accept: Option<&str>, #[case] status: u16) {
    let server = TestServer::start(Setup::default());
    let mut request = server.post().json(&json!({"query": "{ __typename }"}));
    if let Some(accept) = accept {
        request = request.header(ACCEPT, accept);
    }
    assert_eq!(request.send().await.unwrap().status(), status);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_get_runs_queries_only() {
    let server = TestServer::start(Setup::default());
    let get = |query: &str| {
        let request = server.client().get(server.url("/graphql")).query(&[("query", query)]);
        request.header(AUTHORIZATION, bearer("acme", "alice")).send()
    };
    assert_eq!(get("{ __typename }").await.unwrap().status(), 200);
    let refused = get("mutation { add }").await.unwrap();
    assert_eq!(refused.status(), 405);
    assert_eq!(refused.headers()[ALLOW], "POST");
    assert_eq!(server.state.begun.available_permits(), 0);
}

#[rstest]
#[case(Method::PUT)]
#[case(Method::DELETE)]
#[case(Method::OPTIONS)]
#[tokio::test(flavor = "multi_thread")]
async fn other_methods_are_refused(#[case] method: Method) {
    let server = TestServer::start(Setup::default());
    let response = server.client().request(method, server.url("/graphql")).send().await.unwrap();
    assert_eq!(response.status(), 405);
    assert_eq!(response.headers()[ALLOW], "GET, HEAD, POST");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_without_valid_credentials_is_unauthenticated() {
    let server = TestServer::start(Setup::default());
    let response = server.client().post(server.url("/graphql")).json(&json!({"query": "{ __typename }"}));
    let response = response.send().await.unwrap();
    assert_eq!(response.status(), 401);
    assert_eq!(response.headers()[WWW_AUTHENTICATE], "Bearer");
    insta::assert_snapshot!(response.text().await.unwrap(), @r#"{"errors":[{"message":"The credentials are missing or not valid.","extensions":{"code":"UNAUTHENTICATED"}}],"extensions":{"cost":{"requested":0,"limit":10000}}}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_lookup_of_the_caller_is_retryable() {
    let server = TestServer::start(Setup::default());
    let request =
        server.client().post(server.url("/graphql")).header(AUTHORIZATION, bearer("acme", "unlucky"));
    let response = request.json(&json!({"query": "{ __typename }"})).send().await.unwrap();
    assert_eq!(response.status(), 503);
    let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
    let body: Value = response.json().await.unwrap();
    let expected = json!({"code": "UNAVAILABLE", "retryable": true, "requestId": id});
    assert_eq!(body["errors"][0]["extensions"], expected);
    assert!(!body.to_string().contains("27017"));
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_of_resolvers_are_returned_only_with_a_code() {
    let server = TestServer::start(Setup::default());
    let body: Value = server.query("{ forbidden }").await.json().await.unwrap();
    assert_eq!(body["errors"][0]["message"], "Only for admins.");
    assert_eq!(body["errors"][0]["extensions"]["code"], "FORBIDDEN");

    let body: Value = server.query("{ broken }").await.json().await.unwrap();
    assert_eq!(body["errors"][0]["message"], "An internal error occurred.");
    assert_eq!(body["errors"][0]["extensions"]["code"], "INTERNAL");
    assert!(body["errors"][0]["extensions"]["requestId"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_affects_one_request_only() {
    let server = TestServer::start(Setup::default());
    let (status, body) = server.query_strictly("{ boom }").await;
    assert_eq!((status, &body["errors"][0]["extensions"]["code"]), (500, &json!("INTERNAL")));
    let (status, body) = server.query_strictly("mutation { boom }").await;
    assert_eq!((status, &body["errors"][0]["extensions"]["code"]), (503, &json!("OUTCOME_UNKNOWN")));
    let (status, body) = server.query_strictly("mutation { earlyBoom }").await;
    assert_eq!((status, &body["errors"][0]["extensions"]["code"]), (500, &json!("INTERNAL")));
    let request =
        server.client().post(server.url("/graphql")).header(AUTHORIZATION, bearer("acme", "panicky"));
    let response = request.json(&json!({"query": "{ __typename }"})).send().await.unwrap();
    assert_eq!(response.status(), 500);
    assert_eq!(server.query("{ __typename }").await.status(), 200);
}
