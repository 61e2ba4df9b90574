//! Roles and their routes, and the responses to callers without a role.

use std::collections::BTreeSet;

use insta::assert_json_snapshot;
use reqwest::{Method, RequestBuilder};
use rstest::rstest;
use serde_json::json;

use crate::{
    log,
    support::{ADMIN, Answer, MEMBER, ORGANIZATION, TestServer, send, with_json},
};

/// Every route, with a body if it has one.
const ROUTES: [(Method, &str, Option<&str>); 5] = [
    (Method::POST, "/api/issues", Some(r#"{"title":"A"}"#)),
    (Method::GET, "/api/issues", None),
    (Method::GET, "/api/issues/1", None),
    (Method::PATCH, "/api/issues/1", Some(r#"{"title":"B"}"#)),
    (Method::DELETE, "/api/issues/2", None),
];

/// The routes of the document.
async fn described_routes(server: &TestServer) -> BTreeSet<String> {
    let document = send(server.request(Method::GET, "/api/openapi.json")).await.body;
    let mut routes = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let methods = methods.as_object().unwrap().keys();
        routes.extend(methods.map(|method| format!("{} {path}", method.to_uppercase())));
    }
    routes
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_of_the_document_is_tested() {
    let server = TestServer::start().await;
    let rows = ROUTES.iter().map(|(method, path, _)| {
        let path = path.replace(|digit: char| digit.is_ascii_digit(), "{number}");
        format!("{method} {path}")
    });
    assert_eq!(described_routes(&server).await, rows.collect());
}

fn filled(request: RequestBuilder, body: Option<&str>) -> RequestBuilder {
    match body {
        Some(body) => with_json(request, body),
        None => request,
    }
}

#[rstest]
#[case::admin(ADMIN, [201, 200, 200, 200, 204])]
#[case::member(MEMBER, [201, 200, 200, 403, 403])]
#[case::admin_who_tries_the_other_role(("user-456", "MEMBER"), [201, 200, 200, 403, 403])]
#[case::no_member(("nobody", "ADMIN"), [401, 401, 401, 401, 401])]
#[tokio::test(flavor = "multi_thread")]
async fn each_route_allows_certain_roles(#[case] caller: (&str, &str), #[case] expected: [u16; 5]) {
    let server = TestServer::start().await;
    for ((method, path, body), expected) in ROUTES.into_iter().zip(expected) {
        let answer = send(filled(server.of(caller, method.clone(), path), body)).await;
        assert_eq!(answer.status, expected, "{method} {path}: {answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_belongs_to_no_organization() {
    let server = TestServer::start().await;
    for (method, path, body) in ROUTES {
        let request = server.request(method, path).header("x-user-id", "root").header("x-operator", "true");
        let answer = send(filled(request, body)).await;
        assert_eq!((answer.status, answer.code()), (403, "FORBIDDEN"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_role_changes_nothing() {
    let server = TestServer::start().await;
    let before = server.get("/api/issues").await.body;
    for path in ["/api/issues/1", "/api/issues/99"] {
        let patched = send(with_json(server.of(MEMBER, Method::PATCH, path), "not looked at")).await;
        let deleted = send(server.of(MEMBER, Method::DELETE, path)).await;
        for answer in [patched, deleted] {
            assert_eq!((answer.status, answer.code()), (403, "FORBIDDEN"));
        }
    }
    assert_eq!(server.get("/api/issues").await.body, before);
}

#[rstest]
#[case::nobody(&[])]
#[case::unknown_organization(&[("x-organization-id", "org-124"), ("x-user-id", "user-456")])]
#[case::other_organization(&[("x-organization-id", "reef-watch"), ("x-user-id", "user-456")])]
#[case::no_member(&[("x-organization-id", ORGANIZATION), ("x-user-id", "kalea")])]
#[case::bearer(&[("authorization", "Bearer a.b.c")])]
#[tokio::test(flavor = "multi_thread")]
async fn all_unauthenticated_callers_receive_the_same_response(#[case] headers: &[(&str, &str)]) {
    let server = TestServer::start().await;
    let mut request = server.request(Method::GET, "/api/issues").header("x-request-id", "mine");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = send(request).await;
    assert_eq!((answer.status, answer.header("www-authenticate")), (401, Some("Bearer")));
    let expected = json!({"error": {
        "code": "UNAUTHENTICATED",
        "message": "The credentials are missing or not valid.",
        "requestId": "mine",
    }});
    assert_eq!(answer.body, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn issues_of_other_organizations_do_not_exist() {
    let server = TestServer::start().await;
    // Issue 3 of this organization exists; the other organizations have at most two issues.
    let created = server.post(r#"{"title":"Ours"}"#).await;
    assert_eq!(created.body["id"], 3);
    let theirs = |method: Method, path: &str| {
        let request = server.request(method, path).header("x-organization-id", "reef-watch");
        request.header("x-user-id", "kalea").header("x-user-role", "ADMIN").header("x-request-id", "mine")
    };
    let mut answers: Vec<Answer> = Vec::new();
    for path in
        ["/api/issues/3", "/api/issues/99", "/api/issues/0", "/api/issues/x", "/api/issues/4294967296"]
    {
        answers.push(send(theirs(Method::GET, path)).await);
        answers.push(send(with_json(theirs(Method::PATCH, path), r#"{"status":"DONE"}"#)).await);
        answers.push(send(theirs(Method::DELETE, path)).await);
    }
    assert_json_snapshot!((answers[0].status, &answers[0].body), @r#"
    [
      404,
      {
        "error": {
          "code": "NOT_FOUND",
          "message": "There is nothing at this address.",
          "requestId": "mine"
        }
      }
    ]
    "#);
    for answer in &answers {
        assert_eq!((answer.status, &answer.body), (404, &answers[0].body));
    }
    assert_eq!(server.get("/api/issues/3").await.body, created.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn members_of_other_organizations_do_not_exist() {
    let server = TestServer::start().await;
    for user in ["kalea", "nobody"] {
        let answer = server.post(&format!(r#"{{"title":"A","assigneeId":"{user}"}}"#)).await;
        assert_eq!((answer.status, answer.fields()), (400, vec!["assigneeId"]));
        let answer = server.get(&format!("/api/issues?assigneeId={user}")).await;
        assert_eq!((answer.status, answer.body), (200, json!([])));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_attempt_is_logged_as_a_security_event() {
    log::capture();
    let server = TestServer::start().await;
    let events = |id: &str| {
        let lines = log::of_request(id).into_iter();
        let events = lines.filter(|line| line["target"] == "security" && line["level"] == "WARN");
        events.filter(|line| line["operation"].is_string()).count()
    };
    for (method, id) in [(Method::PATCH, "attempt-to-patch"), (Method::DELETE, "attempt-to-delete")] {
        let request = server.of(MEMBER, method, "/api/issues/1").header("x-request-id", id);
        assert_eq!(send(request).await.status, 403);
        assert_eq!(events(id), 1, "{:?}", log::of_request(id));
    }
    let request = server.of(MEMBER, Method::GET, "/api/issues").header("x-request-id", "no-attempt");
    assert_eq!(send(request).await.status, 200);
    assert_eq!(events("no-attempt"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_not_admitted_is_no_operation() {
    log::capture();
    let server = TestServer::start().await;
    for (method, path, body) in ROUTES {
        let id = format!("not-admitted-{method}-{}", path.len());
        let request = filled(server.request(method, path), body).header("x-request-id", &id);
        assert_eq!(send(request).await.status, 401);
        let line = &log::of_request(&id)[0];
        assert_eq!([&line["operation"], &line["operation_type"]], [&json!(null); 2], "{line}");
    }
}
