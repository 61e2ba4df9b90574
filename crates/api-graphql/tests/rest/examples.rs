//! Requests of existing clients, with all of their headers.

use insta::assert_json_snapshot;
use reqwest::Method;
use serde_json::Value;

use crate::support::{TestServer, send, without_organization};

/// Sends a request like `curl`: with these headers and no others.
async fn curl(
    server: &TestServer,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&'static str>,
) -> (u16, Value) {
    let mut request = server.request(method, path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if let Some(body) = body {
        request = request.body(body);
    }
    let answer = send(request).await;
    (answer.status, answer.body)
}

const ADMIN: [(&str, &str); 3] =
    [("x-organization-id", "org-123"), ("x-user-id", "user-456"), ("x-user-role", "ADMIN")];
const MEMBER: [(&str, &str); 3] =
    [("x-organization-id", "org-123"), ("x-user-id", "user-456"), ("x-user-role", "MEMBER")];
const JSON: (&str, &str) = ("Content-Type", "application/json");

fn with_json(headers: [(&'static str, &'static str); 3]) -> Vec<(&'static str, &'static str)> {
    [JSON].into_iter().chain(headers).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_existing_clients_succeed() {
    let server = TestServer::start().await;
    let body = r#"{"title": "Fix login bug", "description": "Users cannot log in", "priority": "HIGH"}"#;
    let created = curl(&server, Method::POST, "/api/issues", &with_json(ADMIN), Some(body)).await;
    assert_json_snapshot!((created.0, without_organization(created.1)), @r#"
    [
      201,
      {
        "assigneeId": null,
        "createdAt": "2031-03-03T08:00:00Z",
        "description": "Users cannot log in",
        "id": 3,
        "organizationId": null,
        "priority": "HIGH",
        "status": "OPEN",
        "title": "Fix login bug",
        "updatedAt": "2031-03-03T08:00:00Z"
      }
    ]
    "#);
    let (status, list) = curl(&server, Method::GET, "/api/issues", &MEMBER, None).await;
    assert_eq!((status, list.as_array().map(Vec::len)), (200, Some(3)));
    let read = curl(&server, Method::GET, "/api/issues/1", &MEMBER, None).await;
    assert_json_snapshot!((read.0, without_organization(read.1.clone())), @r#"
    [
      200,
      {
        "assigneeId": "user-456",
        "createdAt": "2031-03-03T08:00:00Z",
        "description": "Since Monday, only with the long cable.",
        "id": 1,
        "organizationId": null,
        "priority": "HIGH",
        "status": "OPEN",
        "title": "Projector in the Grande salle flickers",
        "updatedAt": "2031-03-03T08:00:00Z"
      }
    ]
    "#);
    let body = r#"{"status": "IN_PROGRESS"}"#;
    let (status, changed) =
        curl(&server, Method::PATCH, "/api/issues/1", &with_json(ADMIN), Some(body)).await;
    assert_eq!(
        (status, &changed["status"], &changed["title"]),
        (200, &"IN_PROGRESS".into(), &read.1["title"])
    );
    let deleted = curl(&server, Method::DELETE, "/api/issues/1", &ADMIN, None).await;
    assert_eq!(deleted, (204, Value::Null));
    let (status, _) = curl(&server, Method::GET, "/api/issues/1", &MEMBER, None).await;
    assert_eq!(status, 404);
}
