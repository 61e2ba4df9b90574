//! Documents and requests at each limit, and one beyond it.

use reqwest::header::AUTHORIZATION;
use rstest::rstest;
use serde_json::{Value, json};

use super::support::{Setup, TestServer, bearer, read_answer, tokens};

fn nested(fields: usize) -> String {
    format!("{{ {}__typename{} }}", "again{".repeat(fields - 1), "}".repeat(fields - 1))
}

fn times(count: usize, text: &str) -> String {
    (0..count).map(|number| text.replace('#', &number.to_string())).collect()
}

#[rstest]
#[case::depth("depth", nested(12), nested(13))]
#[case::depth_in_fragments(
    "depth",
    format!("query {{ ...A }} fragment A on Query {}", nested(12)),
    format!("query {{ ...A }} fragment A on Query {{ again {{ ...B }} }} fragment B on Query {}", nested(12))
)]
#[case::unused_fragment(
    "depth",
    "{ __typename }".to_owned(),
    format!("{{ __typename }} fragment A on Query {}", nested(13))
)]
#[case::tokens(
    "tokens",
    format!("{{ again {{ {} }} }}", "__typename ".repeat(1_995)),
    format!("{{ again {{ {} }} }}", "__typename ".repeat(1_996))
)]
#[case::aliases(
    "aliases",
    format!("{{ again {{ {} }} }}", times(15, "a#:__typename ")),
    format!("{{ again {{ {} }} }}", times(16, "a#:__typename "))
)]
#[case::root_fields("rootFields", format!("{{ {} }}", "__typename ".repeat(10)), format!("{{ {} }}", "__typename ".repeat(11)))]
#[case::root_fields_in_fragments(
    "rootFields",
    format!("{{ ...A ...A }} fragment A on Query {{ {} }}", "__typename ".repeat(5)),
    format!("{{ ...A ...A ...A }} fragment A on Query {{ {} }}", "__typename ".repeat(4))
)]
#[case::directives(
    "directives",
    format!("{{ again {{ {} }} }}", "__typename @include(if: true) ".repeat(10)),
    format!("{{ again {{ {} }} }}", "__typename @include(if: true) ".repeat(11))
)]
#[case::cost(
    "cost",
    format!("{{ again {{ {} }} }}", "organization ".repeat(195)),
    format!("{{ again {{ {} }} }}", "organization ".repeat(196))
)]
#[tokio::test(flavor = "multi_thread")]
async fn a_document_may_go_up_to_the_limit(
    #[case] limit: &str,
    #[case] largest: String,
    #[case] too_large: String,
) {
    let server = TestServer::start(Setup::default());
    let (_, body) = server.query_strictly(&largest).await;
    let code = &body["errors"][0]["extensions"]["code"];
    assert_ne!(code, "QUERY_LIMIT_EXCEEDED", "{}", body["errors"]);

    let (status, body) = server.query_strictly(&too_large).await;
    assert_eq!(status, 400);
    let extensions = &body["errors"][0]["extensions"];
    assert_eq!((&extensions["code"], &extensions["limit"]), (&json!("QUERY_LIMIT_EXCEEDED"), &json!(limit)));
}

#[rstest]
#[case::given("{ events(first: 3) { nodes { id } } }", json!({}), 53 + 3 * 12)]
#[case::by_default("{ events { nodes { id } } }", json!({}), 52 + 20 * 12)]
#[case::occurrences_by_default("{ occurrences { nodes { id } } }", json!({}), 752 + 50 * 12)]
#[case::variable("query($n: Int) { events(first: $n) { nodes { id } } }", json!({"n": 7}), 53 + 7 * 12)]
#[case::default_of_a_variable("query($n: Int = 9) { events(first: $n) { nodes { id } } }", json!({}), 53 + 9 * 12)]
#[case::null("query($n: Int) { events(first: $n) { nodes { id } } }", json!({"n": null}), 52 + 20 * 12)]
#[case::more_than_a_page("{ events(first: 500) { nodes { id } } }", json!({}), 53 + 100 * 12)]
#[case::ids("{ nodes(ids: [\"a\", \"b\", \"c\"]) { id title } }", json!({}), 55 + 3 * 13)]
#[case::ids_in_a_variable("query($i: [ID!]!) { nodes(ids: $i) { id } }", json!({"i": ["a", "b"]}), 54 + 2 * 12)]
#[case::fragment("{ again { ...A ...A } } fragment A on Query { __typename organization }", json!({}), 51 + 2 * 52)]
#[tokio::test(flavor = "multi_thread")]
async fn the_cost_is_the_sum_over_the_largest_response(
    #[case] document: &str,
    #[case] variables: Value,
    #[case] cost: u64,
) {
    let server = TestServer::start(Setup::default());
    let request = server.post().json(&json!({"query": document, "variables": variables}));
    let body: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(body["errors"], Value::Null);
    assert_eq!(body["extensions"]["cost"], json!({"requested": cost, "limit": 10_000}));
}

#[tokio::test(flavor = "multi_thread")]
async fn introspection_is_refused_unless_it_is_enabled() {
    let document = "{ ...A } fragment A on Query { __schema { types { fields { type { ofType { ofType { ofType { \
                    ofType { ofType { ofType { ofType { ofType { ofType { name } } } } } } } } } } } } } }";
    let production = TestServer::start(Setup::default());
    let (status, body) = production.query_strictly(document).await;
    assert_eq!((status, &body["errors"][0]["extensions"]["code"]), (400, &json!("INTROSPECTION_DISABLED")));
    let (status, _) = production
        .query_strictly("{ __typename } fragment Unused on Query { __schema { __typename } }")
        .await;
    assert_eq!(status, 400);

    let development = TestServer::start(Setup { introspection: true, ..Setup::default() });
    let (status, body) = development.query_strictly(document).await;
    assert_eq!(status, 200, "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_may_have_256_kib_and_headers_16_kib() {
    let server = TestServer::start(Setup::default());
    let padded = |length: usize| {
        let body = json!({"query": "{ __typename }"}).to_string();
        format!("{body}{}", " ".repeat(length - body.len()))
    };
    let post = |body: String| server.post().header("content-type", "application/json").body(body).send();
    assert_eq!(post(padded(256 * 1024)).await.unwrap().status(), 200);
    assert_eq!(post(padded(256 * 1024 + 1)).await.unwrap().status(), 413);

    let token = tokens::token(&json!({}));
    let chunk = format!("{:x}\r\n{}\r\n", 64 * 1024, " ".repeat(64 * 1024));
    let head = format!(
        "POST /graphql HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    let mut stream = server.raw(format!("{head}{}1\r\n \r\n", chunk.repeat(4)).as_bytes()).await;
    let answer = read_answer(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "the body counts without a content length: {answer}");

    let get = |length: usize| {
        let request = server.client().get(server.url("/graphql?query=%7B__typename%7D"));
        let request = request.header(AUTHORIZATION, bearer("acme", "alice"));
        request.header("x-padding", "x".repeat(length)).send()
    };
    assert_eq!(get(15 * 1024).await.unwrap().status(), 200);
    assert_eq!(get(16 * 1024).await.unwrap().status(), 431);
}
