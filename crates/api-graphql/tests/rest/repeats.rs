//! Repeats of a change with the same key.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use convene_api_graphql::http::limits::HttpLimits;
use convene_application::{
    failure::{Field, Refusal},
    page::Page,
    ports::{MockIssues, MockMembers},
    testing::{
        FixedClock,
        builders::{IssueBuilder, MemberBuilder},
    },
};
use convene_domain::{member::Member, text::UserId};
use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use crate::support::{ADMIN, Answer, MEMBER, TestServer, send, with_json};

async fn keyed(
    server: &TestServer,
    caller: (&str, &str),
    route: (Method, &str),
    key: &str,
    body: &str,
) -> Answer {
    let (method, path) = route;
    send(with_json(server.of(caller, method, path), body).header("Idempotency-Key", key)).await
}

#[rstest]
#[case::same("k-1", r#"{"title":"A","priority":"LOW"}"#)]
#[case::in_another_order("k-1", r#"{"priority":"LOW","title":"A"}"#)]
#[case::in_quotes("\"k-1\"", r#"{"title":"A","priority":"LOW"}"#)]
#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_has_the_same_response_and_creates_nothing(#[case] key: &str, #[case] body: &str) {
    let server = TestServer::start().await;
    let route = || (Method::POST, "/api/issues");
    let first = keyed(&server, MEMBER, route(), "k-1", r#"{"title":"A","priority":"LOW"}"#).await;
    let second = keyed(&server, MEMBER, route(), key, body).await;
    assert_eq!((first.status, second.status), (201, 201));
    assert_eq!(second.body, first.body);
    assert_eq!(second.header("location"), first.header("location"));
    assert_eq!(server.get("/api/issues").await.body.as_array().map(Vec::len), Some(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_with_its_default_is_like_one_that_is_left_out() {
    let server = TestServer::start().await;
    let route = || (Method::POST, "/api/issues");
    let short = r#"{"title":"A"}"#;
    let long = r#"{"title":"A","description":"","priority":"MEDIUM","status":"OPEN","assigneeId":null}"#;
    for (key, first, second) in [("k-1", short, long), ("k-2", long, short)] {
        let first = keyed(&server, MEMBER, route(), key, first).await;
        let second = keyed(&server, MEMBER, route(), key, second).await;
        assert_eq!((second.status, second.body), (201, first.body));
        let other = keyed(&server, MEMBER, route(), key, r#"{"title":"A","priority":"LOW"}"#).await;
        assert_eq!((other.status, other.code()), (422, "IDEMPOTENCY_KEY_REUSED"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_is_answered_whatever_its_conditions_say_by_then() {
    let server = TestServer::start().await;
    let (ours, all) = ((Method::POST, "/api/issues"), (Method::PATCH, "/api/issues/3"));
    assert_eq!(
        keyed(&server, ADMIN, ours, "k-0", r#"{"title":"A"}"#).await.header("location"),
        Some("/api/issues/3")
    );
    let change = async |key: &str, header: &str, tag: &str| {
        let request = with_json(server.of(ADMIN, all.0.clone(), all.1), r#"{"title":"B"}"#);
        send(request.header("Idempotency-Key", key).header(header, tag)).await
    };
    let first = change("k-1", "if-none-match", r#""2""#).await;
    assert_eq!((first.status, first.header("etag")), (200, Some(r#""2""#)));
    let repeat = change("k-1", "if-none-match", r#""2""#).await;
    assert_eq!((repeat.status, repeat.body), (200, first.body));
    for (header, tag) in [("if-none-match", r#""2""#), ("if-match", r#"W/"2""#)] {
        let fresh = change("fresh", header, tag).await;
        assert_eq!((fresh.status, fresh.code()), (412, "PRECONDITION_FAILED"), "{header}");
    }
    for (header, tag) in [("if-none-match", r#""3""#), ("if-none-match", "*"), ("if-match", r#"W/"2""#)] {
        let reused = change("k-1", header, tag).await;
        assert_eq!((reused.status, reused.code()), (422, "IDEMPOTENCY_KEY_REUSED"), "{header} {tag}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_looked_up_before_its_issue() {
    let server = TestServer::start().await;
    let known = keyed(&server, ADMIN, (Method::PATCH, "/api/issues/1"), "k-1", r#"{"title":"B"}"#).await;
    assert_eq!(known.status, 200);
    for path in ["/api/issues/999", "/api/issues/none"] {
        for body in [r#"{"title":"B"}"#, r#"{"assigneeId":"nobody"}"#] {
            let reused = keyed(&server, ADMIN, (Method::PATCH, path), "k-1", body).await;
            assert_eq!((reused.status, reused.code()), (422, "IDEMPOTENCY_KEY_REUSED"), "{path}");
            let fresh = keyed(&server, ADMIN, (Method::PATCH, path), "k-2", body).await;
            assert_eq!((fresh.status, fresh.code()), (404, "NOT_FOUND"), "{path}");
            assert_eq!(server.patch(path, body).await.status, 404, "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cached_issue_is_read_again_after_its_assignee_was_erased() {
    let former = MemberBuilder::new("user-790").build();
    let issue = IssueBuilder::new("A", former.id).assignee(former.id).build().numbered(3, FixedClock::START);
    let is_erased = Arc::new(AtomicBool::new(false));
    let mut members = MockMembers::new();
    let erased = Arc::clone(&is_erased);
    members.expect_get_many_with_removed().returning(move |_, _| {
        let user = if erased.load(Ordering::SeqCst) { "erased-2b1a0c9e8d7f" } else { "user-790" };
        Ok(vec![Member { user_id: UserId::parse(user).unwrap(), ..former.clone() }])
    });
    let mut issues = MockIssues::new();
    issues.expect_get_by_number().returning(move |_, _| Ok(Some(issue.clone())));
    let server = TestServer::with_ports(HttpLimits::default(), |ports| {
        ports.members = Arc::new(members);
        ports.issues = Arc::new(issues);
    })
    .await;
    let first = server.get("/api/issues/3").await;
    let tag = first.header("etag").unwrap();
    let again = || send(server.of(MEMBER, Method::GET, "/api/issues/3").header("if-none-match", tag));
    assert_eq!(again().await.status, 304);
    is_erased.store(true, Ordering::SeqCst);
    let read = again().await;
    assert_eq!((read.status, &read.body["assigneeId"]), (200, &json!("erased-2b1a0c9e8d7f")));
    assert_ne!(read.header("etag"), Some(tag));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_a_member_has_the_issues_of_former_memberships() {
    let [former, present] = ["user-790"; 2].map(|user| MemberBuilder::new(user).build());
    let ids = [present.id, former.id];
    let issue = IssueBuilder::new("A", former.id).assignee(former.id).build().numbered(3, FixedClock::START);
    let mut members = MockMembers::new();
    members.expect_memberships().returning(move |_, _| Ok(ids.into()));
    members.expect_get_many_with_removed().returning(move |_, _| Ok(vec![former.clone()]));
    let mut issues = MockIssues::new();
    issues
        .expect_list()
        .withf(move |_, filter, _| filter.assignees.as_deref() == Some(&ids))
        .returning(move |_, _, page| Ok(Page::from_probe(vec![issue.clone()], &page).into()));
    let server = TestServer::with_ports(HttpLimits::default(), |ports| {
        ports.members = Arc::new(members);
        ports.issues = Arc::new(issues);
    })
    .await;
    let list = server.get("/api/issues?assigneeId=user-790").await;
    assert_eq!((list.status, &list.body[0]["assigneeId"]), (200, &json!("user-790")), "{list:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_for_a_deleted_issue_is_gone() {
    // The adapters store only the id of the created issue with a key, not its fields.
    let mut issues = MockIssues::new();
    issues.expect_create().returning(|_, _, _| Err(Refusal::not_found(Field::IssueId).into()));
    let server = TestServer::with(HttpLimits::default(), |_| Arc::new(issues)).await;
    let repeat = keyed(&server, MEMBER, (Method::POST, "/api/issues"), "k-1", r#"{"title":"A"}"#).await;
    assert_eq!((repeat.status, repeat.code()), (410, "GONE"));
}

#[tokio::test(flavor = "multi_thread")]
async fn storage_looks_a_key_up_before_an_unknown_assignee_is_refused() {
    let server = TestServer::start().await;
    let create = || (Method::POST, "/api/issues");
    let change = || (Method::PATCH, "/api/issues/3");
    let no_member = "is the user id of no member of the organization";
    for (route, key, body) in [(create(), "k-1", r#"{"title":"A"}"#), (change(), "k-2", r#"{"title":"B"}"#)] {
        assert!(keyed(&server, ADMIN, route.clone(), key, body).await.status < 300);
        let assigned = r#"{"title":"A","assigneeId":"nobody"}"#;
        let reused = keyed(&server, ADMIN, route.clone(), key, assigned).await;
        assert_eq!((reused.status, reused.code()), (422, "IDEMPOTENCY_KEY_REUSED"));
        let fresh = keyed(&server, ADMIN, route, "fresh", assigned).await;
        assert_eq!((fresh.status, fresh.code()), (400, "INVALID_INPUT"));
        assert_eq!(fresh.body["error"]["fields"][0]["message"], no_member, "{fresh:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_is_answered_after_its_assignee_was_removed() {
    let mut members = MockMembers::new();
    members.expect_find_by_user_id().returning(|_, _| Ok(None));
    members.expect_get_many_with_removed().returning(|_, _| Ok(vec![]));
    let mut issues = MockIssues::new();
    issues.expect_create().returning(|_, new, _| Ok(new.numbered(3, FixedClock::START)));
    let server = TestServer::with_ports(HttpLimits::default(), |ports| {
        ports.members = Arc::new(members);
        ports.issues = Arc::new(issues);
    })
    .await;
    let body = r#"{"title":"A","assigneeId":"user-790"}"#;
    let repeat = keyed(&server, MEMBER, (Method::POST, "/api/issues"), "k-1", body).await;
    assert_eq!(repeat.status, 201, "{repeat:?}");
    assert_eq!(server.post(body).await.status, 400, "without a key it is no repeat");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issue_is_sent_back_with_the_removed_member_that_it_shows() {
    let former = MemberBuilder::new("user-790").build();
    let issue = IssueBuilder::new("A", former.id).assignee(former.id).build().numbered(3, FixedClock::START);
    let mut members = MockMembers::new();
    members.expect_find_by_user_id().returning(|_, _| Ok(None));
    members.expect_get_many_with_removed().returning(move |_, _| Ok(vec![former.clone()]));
    let mut issues = MockIssues::new();
    let (assignee, found) = (issue.assignee, issue.clone());
    issues.expect_get_by_number().returning(move |_, _| Ok(Some(found.clone())));
    issues.expect_update().returning(move |_, _, patch, _| {
        assert_eq!(patch.assignee, Some(assignee));
        Ok(issue.clone())
    });
    let server = TestServer::with_ports(HttpLimits::default(), |ports| {
        ports.members = Arc::new(members);
        ports.issues = Arc::new(issues);
    })
    .await;
    let shown = server.get("/api/issues/3").await.body;
    let body = json!({ "title": "B", "assigneeId": shown["assigneeId"] }).to_string();
    let changed = server.patch("/api/issues/3", &body).await;
    assert_eq!((changed.status, &changed.body["assigneeId"]), (200, &json!("user-790")), "{changed:?}");
    let other = server.patch("/api/issues/3", r#"{"assigneeId":"user-791"}"#).await;
    assert_eq!((other.status, other.code()), (400, "INVALID_INPUT"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_valid_for_one_change_of_one_caller() {
    let server = TestServer::start().await;
    let all = || (Method::POST, "/api/issues");
    assert_eq!(keyed(&server, MEMBER, all(), "k-1", r#"{"title":"A"}"#).await.status, 201);
    let reused = keyed(&server, MEMBER, all(), "k-1", r#"{"title":"B"}"#).await;
    assert_eq!((reused.status, reused.code()), (422, "IDEMPOTENCY_KEY_REUSED"));
    assert_eq!(keyed(&server, ADMIN, all(), "k-1", r#"{"title":"B"}"#).await.status, 201);

    let one = (Method::PATCH, "/api/issues/1");
    assert_eq!(keyed(&server, ADMIN, one.clone(), "k-2", r#"{"title":"C"}"#).await.status, 200);
    assert_eq!(keyed(&server, ADMIN, one, "k-2", r#"{"title":"C"}"#).await.body["title"], "C");
    let other = (Method::PATCH, "/api/issues/2");
    assert_eq!(keyed(&server, ADMIN, other, "k-2", r#"{"title":"C"}"#).await.status, 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_deletion_is_answered_like_the_first_one() {
    let server = TestServer::start().await;
    let delete = async |path: &str, key: &str| {
        send(server.of(ADMIN, Method::DELETE, path).header("Idempotency-Key", key)).await
    };
    let fresh = delete("/api/issues/99", "k-0").await;
    assert_eq!((fresh.status, fresh.code()), (404, "NOT_FOUND"));
    for _ in 0..2 {
        let deleted = delete("/api/issues/1", "k-1").await;
        assert_eq!((deleted.status, deleted.body), (204, json!(null)));
    }
    let other = delete("/api/issues/1", "k-2").await;
    assert_eq!((other.status, other.code()), (404, "NOT_FOUND"), "another key is no repeat");
    let reused = delete("/api/issues/2", "k-1").await;
    assert_eq!((reused.status, reused.code()), (422, "IDEMPOTENCY_KEY_REUSED"));
    let malformed = delete("/api/issues/2", &"k".repeat(256)).await;
    assert_eq!((malformed.status, malformed.fields()), (400, vec!["Idempotency-Key"]));
    assert_eq!(server.get("/api/issues/2").await.status, 200);
}
