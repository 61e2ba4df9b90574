//! Bodies of requests, and their refusals.

use insta::assert_json_snapshot;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{ADMIN, MEMBER, TestServer, send, with_json, without_organization};

#[tokio::test(flavor = "multi_thread")]
async fn a_title_is_enough() {
    let server = TestServer::start().await;
    let answer = server.post(r#"{"title":"  Leak  "}"#).await;
    assert_eq!((answer.status, answer.header("location")), (201, Some("/api/issues/3")));
    assert_json_snapshot!(without_organization(answer.body.clone()), @r#"
    {
      "assigneeId": null,
      "createdAt": "2031-03-03T08:00:00Z",
      "description": "",
      "id": 3,
      "organizationId": null,
      "priority": "MEDIUM",
      "status": "OPEN",
      "title": "Leak",
      "updatedAt": "2031-03-03T08:00:00Z"
    }
    "#);
    assert_eq!(server.get("/api/issues/3").await.body, answer.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn assignees_are_identified_by_user_id() {
    let server = TestServer::start().await;
    let created = server.post(r#"{"title":"A","assigneeId":"user-790","status":"OPEN"}"#).await;
    assert_eq!((created.status, &created.body["assigneeId"]), (201, &json!("user-790")));
    let found = server.get("/api/issues?assigneeId=user-790").await;
    assert_eq!(found.body, json!([created.body]));

    let kept = server.patch("/api/issues/3", r#"{"title":"B"}"#).await;
    assert_eq!((&kept.body["assigneeId"], &kept.body["title"]), (&json!("user-790"), &json!("B")));
    let other = server.patch("/api/issues/3", r#"{"assigneeId":"user-789"}"#).await;
    assert_eq!(other.body["assigneeId"], "user-789");
    let cleared = server.patch("/api/issues/3", r#"{"assigneeId":null}"#).await;
    assert_eq!((cleared.status, &cleared.body["assigneeId"]), (200, &Value::Null));
    assert_eq!(server.get("/api/issues/3").await.body, cleared.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_change_changes_nothing() {
    let server = TestServer::start().await;
    let before = server.get("/api/issues/1").await.body;
    let answer = server.patch("/api/issues/1", "{}").await;
    assert_eq!((answer.status, answer.body), (200, before));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_problems_of_a_body_are_reported_at_once() {
    let server = TestServer::start().await;
    let body = r#"{"title":" ","description":7,"priority":"URGENT","assigneeId":"nobody","status":"DONE","colour":1}"#;
    let request =
        with_json(server.of(MEMBER, Method::POST, "/api/issues"), body).header("idempotency-key", "");
    let answer = send(request.header("x-request-id", "mine")).await;
    assert_eq!(answer.status, 400);
    assert_json_snapshot!(answer.body, @r#"
    {
      "error": {
        "code": "INVALID_INPUT",
        "fields": [
          {
            "field": "Idempotency-Key",
            "message": "must not be empty"
          },
          {
            "field": "title",
            "message": "must not be empty"
          },
          {
            "field": "description",
            "message": "must be a string"
          },
          {
            "field": "priority",
            "message": "must be LOW, MEDIUM or HIGH"
          },
          {
            "field": "assigneeId",
            "message": "is the user id of no member of the organization"
          },
          {
            "field": "status",
            "message": "must be OPEN, as every new issue is"
          },
          {
            "field": "colour",
            "message": "is not known here; there are title, description, priority, assigneeId and status"
          }
        ],
        "message": "The request is not valid.",
        "requestId": "mine"
      }
    }
    "#);

    let body = r#"{"title":null,"description":null,"status":"GONE","priority":1,"assigneeId":"a b","id":2}"#;
    let answer = server.patch("/api/issues/1", body).await;
    let fields = ["title", "description", "status", "priority", "assigneeId", "id"];
    assert_eq!((answer.status, answer.fields()), (400, fields.to_vec()));
    assert_eq!(server.get("/api/issues").await.body.as_array().map(Vec::len), Some(2));
}

#[rstest]
#[case::nothing("")]
#[case::no_json("title=A")]
#[case::list(r#"[{"title":"A"}]"#)]
#[case::text(r#""title""#)]
#[case::twice(r#"{"title":"A","title":"B"}"#)]
#[case::more(r#"{"title":"A"}{}"#)]
#[case::half(r#"{"title":"A""#)]
#[tokio::test(flavor = "multi_thread")]
async fn a_body_is_one_json_object(#[case] body: &str) {
    let server = TestServer::start().await;
    for answer in [server.post(body).await, server.patch("/api/issues/1", body).await] {
        assert_eq!((answer.status, answer.code()), (400, "BAD_REQUEST"));
    }
}

#[rstest]
#[case::none(&[])]
#[case::form(&["application/x-www-form-urlencoded"])]
#[case::text(&["text/plain"])]
#[case::charset(&["application/json; charset=latin1"])]
#[case::two(&["application/json", "application/json"])]
#[tokio::test(flavor = "multi_thread")]
async fn other_content_types_are_refused(#[case] types: &[&str]) {
    let server = TestServer::start().await;
    for (method, path) in [(Method::POST, "/api/issues"), (Method::PATCH, "/api/issues/1")] {
        let mut request = server.of(ADMIN, method, path).body(r#"{"title":"A"}"#);
        for kind in types {
            request = request.header("content-type", *kind);
        }
        let answer = send(request).await;
        assert_eq!((answer.status, answer.code()), (415, "UNSUPPORTED_MEDIA_TYPE"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_body_is_refused() {
    let server = TestServer::start().await;
    let body = format!(r#"{{"title":"A","description":"{}"}}"#, "x".repeat(300 * 1024));
    let answer = server.post(&body).await;
    assert_eq!((answer.status, answer.code()), (413, "PAYLOAD_TOO_LARGE"));
}

#[rstest]
#[case(Method::PUT, "/api/issues", "GET, HEAD, POST")]
#[case(Method::DELETE, "/api/issues", "GET, HEAD, POST")]
#[case(Method::POST, "/api/issues/1", "GET, HEAD, PATCH, DELETE")]
#[case(Method::POST, "/api/openapi.json", "GET, HEAD")]
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_method_lists_the_allowed_methods(
    #[case] method: Method,
    #[case] path: &str,
    #[case] allow: &str,
) {
    let server = TestServer::start().await;
    let answer = send(server.of(ADMIN, method, path)).await;
    assert_eq!(
        (answer.status, answer.code(), answer.header("allow")),
        (405, "METHOD_NOT_ALLOWED", Some(allow))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_number_of_fields_is_checked_before_their_names() {
    let server = TestServer::start().await;
    for fields in [21, 9_000, 20_000] {
        let fields: String = (0..fields).map(|number| format!("\"f{number}\":0,")).collect();
        let answer = server.post(&format!("{{{fields}\"title\":\"A\"}}")).await;
        assert_eq!((answer.status, &answer.body["error"]["fields"]), (400, &Value::Null));
        assert!(answer.body.to_string().len() < 1_000);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_number_of_parameters_is_checked_before_their_names() {
    let server = TestServer::start().await;
    for query in ["&a".repeat(221), "status=OPEN&".repeat(101)] {
        let answer = server.get(&format!("/api/issues?{query}")).await;
        assert_eq!(answer.status, 400);
        assert!(answer.body.to_string().len() < 1_000);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_an_outdated_issue_is_refused() {
    let server = TestServer::start().await;
    let created = server.post(r#"{"title":"A"}"#).await;
    assert_eq!((created.status, created.header("etag")), (201, Some(r#""1""#)));
    let path = created.header("location").unwrap().to_owned();
    let conditional = |method, tag: &str| server.of(ADMIN, method, &path).header("if-match", tag);
    let rename = async |tag: &str, title: &str| {
        send(with_json(conditional(Method::PATCH, tag), &format!(r#"{{"title":"{title}"}}"#))).await
    };

    let renamed = rename(r#""1""#, "B").await;
    assert_eq!((renamed.status, renamed.header("etag")), (200, Some(r#""2""#)));
    let other_version = [r#""1""#, r#""3""#].map(|tag| (tag, "VERSION_CONFLICT"));
    let no_version = [r#"W/"2""#, r#""02""#, r#""other""#].map(|tag| (tag, "PRECONDITION_FAILED"));
    for (tag, code) in other_version.into_iter().chain(no_version) {
        for refused in [rename(tag, "C").await, send(conditional(Method::DELETE, tag)).await] {
            assert_eq!((refused.status, refused.code()), (412, code), "{tag}");
        }
    }
    for malformed in ["2", "", r#""2" "3""#, r#""2", *"#] {
        for refused in [rename(malformed, "C").await, send(conditional(Method::DELETE, malformed)).await] {
            assert_eq!((refused.status, refused.fields()), (400, vec!["If-Match"]), "{malformed}");
        }
    }
    let unchanged = server.get(&path).await;
    assert_eq!((unchanged.header("etag"), &unchanged.body["title"]), (Some(r#""2""#), &Value::from("B")));

    // A read of a known version answers without the issue.
    for (tags, status) in
        [(r#""2""#, 304), (r#"W/"2""#, 304), (r#""1", "2""#, 304), ("*", 304), (r#""1""#, 200)]
    {
        let read = send(server.of(ADMIN, Method::GET, &path).header("if-none-match", tags)).await;
        assert_eq!((read.status, read.header("etag")), (status, Some(r#""2""#)), "{tags}");
    }

    // A change that changes nothing keeps the version.
    assert_eq!(rename(r#""2""#, "B").await.header("etag"), Some(r#""2""#));
    assert_eq!(rename("*", "D").await.header("etag"), Some(r#""3""#));
    assert_eq!(send(conditional(Method::DELETE, r#""3""#)).await.status, 204);
}

#[rstest]
#[case(Method::GET, "/api/issues")]
#[case(Method::POST, "/api/issues")]
#[case(Method::GET, "/api/issues/1")]
#[case(Method::HEAD, "/api/issues/1")]
#[case(Method::PATCH, "/api/issues/1")]
#[case(Method::DELETE, "/api/issues/1")]
#[case(Method::GET, "/api/openapi.json")]
#[tokio::test(flavor = "multi_thread")]
async fn every_route_refuses_unknown_parameters_by_name(#[case] method: Method, #[case] path: &str) {
    let server = TestServer::start().await;
    let is_head = method == Method::HEAD;
    let request = server.of(ADMIN, method.clone(), &format!("{path}?x=1&y"));
    let request = match method {
        Method::POST | Method::PATCH => with_json(request, r#"{"title":7}"#),
        _ => request,
    };
    let answer = send(request).await;
    assert_eq!(answer.status, 400);
    if !is_head {
        // They are reported together with the problems of the body.
        let fields: Vec<_> = answer.fields().into_iter().filter(|field| *field != "title").collect();
        assert_eq!((answer.code(), fields), ("INVALID_INPUT", vec!["x", "y"]), "{}", answer.body);
        let has_body = [Method::POST, Method::PATCH].contains(&method);
        assert_eq!(answer.fields().contains(&"title"), has_body);
    }
    assert_eq!(server.get("/api/issues/1").await.status, 200);
}

/// `If-Match` has a list of tags, one of which the issue must have (RFC 9110, section 13.1.1).
#[tokio::test(flavor = "multi_thread")]
async fn a_change_accepts_one_of_several_versions() {
    let server = TestServer::start().await;
    let unassigned = server.patch("/api/issues/1", r#"{"title":"A","assigneeId":null}"#).await;
    assert_eq!(unassigned.header("etag"), Some(r#""2""#));
    let conditional =
        |method: Method, tags: &str| server.of(ADMIN, method, "/api/issues/1").header("if-match", tags);
    for tags in [r#""1", "3""#, r#"W/"2", "1""#, r#""1""#] {
        for method in [Method::GET, Method::DELETE] {
            let refused = send(conditional(method, tags)).await;
            assert_eq!(refused.status, 412, "{tags}");
        }
        let refused = send(with_json(conditional(Method::PATCH, tags), r#"{"title":"B"}"#)).await;
        assert_eq!((refused.status, refused.code()), (412, "VERSION_CONFLICT"), "{tags}");
    }
    let keyed = |tags: &str| {
        let request = conditional(Method::PATCH, tags).header("idempotency-key", "k-1");
        send(with_json(request, r#"{"title":"B"}"#))
    };
    let changed = keyed(r#""1", "2""#).await;
    assert_eq!((changed.status, changed.header("etag")), (200, Some(r#""3""#)));
    let repeated = keyed(r#""1", "2""#).await;
    assert_eq!((repeated.status, repeated.header("etag")), (200, Some(r#""3""#)), "a repeat of a change");
    assert_eq!(keyed(r#""1", "3""#).await.status, 422, "another request");
    let two_lines = conditional(Method::DELETE, r#""2""#).header("if-match", r#""3""#);
    assert_eq!(send(two_lines).await.status, 204);
}

/// `If-None-Match` refuses a change of an issue that has one of its versions, or that exists with `*` (RFC 9110, section
/// 13.1.2).
#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_refused_if_the_issue_has_a_version_of_if_none_match() {
    let server = TestServer::start().await;
    let conditional =
        |method: Method, tags: &str| server.of(ADMIN, method, "/api/issues/1").header("if-none-match", tags);
    for tags in ["*", r#""1""#, r#"W/"1""#, r#""7", "1""#] {
        let refused = send(conditional(Method::DELETE, tags)).await;
        assert_eq!((refused.status, refused.code()), (412, "PRECONDITION_FAILED"), "{tags}");
        let refused = send(with_json(conditional(Method::PATCH, tags), r#"{"title":"B"}"#)).await;
        assert_eq!((refused.status, refused.code()), (412, "PRECONDITION_FAILED"), "{tags}");
    }
    for method in [Method::GET, Method::DELETE] {
        let refused = send(conditional(method, "1")).await;
        assert_eq!((refused.status, refused.fields()), (400, vec!["If-None-Match"]));
    }
    let unassigned = r#"{"title":"B","assigneeId":null}"#;
    let changed = send(with_json(conditional(Method::PATCH, r#""7""#), unassigned)).await;
    assert_eq!((changed.status, changed.header("etag")), (200, Some(r#""2""#)));

    // The list of issues exists, and has no version.
    let report = |name: &str, tags: &str| {
        let request = server.of(MEMBER, Method::POST, "/api/issues").header(name, tags);
        send(with_json(request, r#"{"title":"A"}"#))
    };
    for (name, tags, status) in [
        ("if-none-match", "*", 412),
        ("if-match", r#""1""#, 412),
        ("if-none-match", "x", 400),
        ("if-none-match", r#""1""#, 201),
        ("if-match", "*", 201),
    ] {
        assert_eq!(report(name, tags).await.status, status, "{name}: {tags}");
    }
}
