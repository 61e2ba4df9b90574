//! The OpenAPI document.
//!
//! A public tool compares the server with the document: `pip install schemathesis`, start the server in `headers` mode
//! (see `convene serve --help`), then
//!
//! ```sh
//! schemathesis run http://127.0.0.1:8080/api/openapi.json \
//!   -H "x-organization-id: org-123" -H "x-user-id: user-456" -H "x-user-role: ADMIN" \
//!   --exclude-checks positive_data_acceptance
//! ```
//!
//! The excluded check reports a failure because an `assigneeId` must belong to a member and a key cannot be
//! used for two changes, which a schema cannot express.

use convene_api_graphql::rest::openapi::{self, Credentials};
use convene_application::{limits::DEFAULT_PAGE_SIZE, page::PageSize};
use convene_domain::text::{Description, IdempotencyKey, Title, UserId};
use insta::{assert_json_snapshot, assert_snapshot};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{TestServer, send};

async fn document() -> Value {
    let server = TestServer::start().await;
    let answer = send(server.request(Method::GET, "/api/openapi.json")).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    answer.body
}

#[tokio::test(flavor = "multi_thread")]
async fn it_lists_every_route_with_its_responses() {
    let document = document().await;
    let mut lines = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let statuses: Vec<_> = operation["responses"].as_object().unwrap().keys().cloned().collect();
            let id = operation["operationId"].as_str().unwrap();
            lines.push(format!("{method} {path} {id}: {}", statuses.join(" ")));
        }
    }
    lines.sort();
    assert_snapshot!(lines.join("\n"), @r"
    delete /api/issues/{number} deleteIssue: 204 400 401 403 404 412 422 429 503
    get /api/issues listIssues: 200 400 401 403 429 503
    get /api/issues/{number} getIssue: 200 304 400 401 403 404 412 429 503
    patch /api/issues/{number} updateIssue: 200 400 401 403 404 408 412 413 415 422 429 503
    post /api/issues createIssue: 201 400 401 403 408 410 412 413 415 422 429 503
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_describes_bodies() {
    let document = document().await;
    assert_eq!(document["openapi"], "3.1.0");
    let schemas = &document["components"]["schemas"];
    assert_json_snapshot!(schemas["NewIssue"], @r##"
    {
      "additionalProperties": false,
      "description": "An issue to report. Fields that are not listed are refused.",
      "properties": {
        "assigneeId": {
          "description": "The user id of the assigned member.",
          "maxLength": 255,
          "minLength": 1,
          "type": [
            "string",
            "null"
          ]
        },
        "description": {
          "description": "The description.",
          "example": "Users cannot log in",
          "maxLength": 10000,
          "type": "string"
        },
        "priority": {
          "$ref": "#/components/schemas/Priority",
          "description": "The priority; MEDIUM if left out."
        },
        "status": {
          "$ref": "#/components/schemas/NewStatus",
          "description": "The status: OPEN, as of every new issue."
        },
        "title": {
          "description": "The title: one line, trimmed.",
          "example": "Fix login bug",
          "maxLength": 200,
          "minLength": 1,
          "type": "string"
        }
      },
      "required": [
        "title"
      ],
      "type": "object"
    }
    "##);
    assert_json_snapshot!(schemas["Issue"]["required"], @r#"
    [
      "id",
      "title",
      "description",
      "status",
      "priority",
      "assigneeId",
      "organizationId",
      "createdAt",
      "updatedAt"
    ]
    "#);
    assert_eq!(schemas["IssueChanges"]["additionalProperties"], false);
    assert_eq!(document["security"], json!([{"organization": [], "user": []}]));
}

#[test]
fn its_limits_are_those_of_the_values() {
    let document: Value = serde_json::from_str(&openapi::json(Credentials::Token).unwrap()).unwrap();
    let schemas = &document["components"]["schemas"];
    let parameter = |method: &str, name: &str| {
        let all = document["paths"]["/api/issues"][method]["parameters"].as_array().unwrap();
        let found = all.iter().find(|parameter| parameter["name"] == name).unwrap();
        (found["schema"].clone(), found["description"].clone())
    };
    for (schema, fields) in [
        ("Issue", ["title", "description"].as_slice()),
        ("NewIssue", &["title", "description", "assigneeId"]),
        ("IssueChanges", &["title", "description", "assigneeId"]),
    ] {
        let max = [Title::MAX_CHARACTERS, Description::MAX_CHARACTERS, UserId::MAX_CHARACTERS];
        for (field, max) in fields.iter().zip(max) {
            assert_eq!(schemas[schema]["properties"][field]["maxLength"], max, "{schema}.{field}");
        }
    }
    assert_eq!(parameter("get", "assigneeId").0["maxLength"], UserId::MAX_CHARACTERS);
    assert_eq!(parameter("post", "Idempotency-Key").0["maxLength"], IdempotencyKey::MAX_CHARACTERS);
    let (first, description) = parameter("get", "first");
    assert_eq!(first["maximum"], PageSize::MAX);
    assert_eq!(description, format!("The page size; {DEFAULT_PAGE_SIZE} if left out."));
}

#[test]
fn it_describes_authentication() {
    let document: Value = serde_json::from_str(&openapi::json(Credentials::Token).unwrap()).unwrap();
    assert_eq!(document["security"], json!([{"bearer": []}]));
    assert_eq!(document["components"]["securitySchemes"]["bearer"]["scheme"], "bearer");
    assert_eq!(document["components"]["securitySchemes"].as_object().map(serde_json::Map::len), Some(1));
}
