//! Filters and pages of lists.

use std::sync::Arc;

use convene_api_graphql::http::limits::HttpLimits;
use convene_application::{
    page::BoundedPage,
    ports::{IssuePosition, MockIssues},
    testing::{
        FixedClock,
        builders::{IssueBuilder, fresh_uuid},
    },
};
use convene_domain::{id::MemberId, issue::Issue};
use reqwest::Method;
use rstest::rstest;

use crate::support::{ADMIN, Answer, TestServer};

fn ids(answer: &Answer) -> Vec<u64> {
    answer.body.as_array().unwrap().iter().map(|issue| issue["id"].as_u64().unwrap()).collect()
}

/// Returns the address of the next page, if there is one.
fn next(answer: &Answer) -> Option<String> {
    let link = answer.header("link")?;
    Some(link.strip_prefix('<').and_then(|link| link.strip_suffix(r#">; rel="next""#)).unwrap().to_owned())
}

async fn with_issues(count: usize) -> TestServer {
    let server = TestServer::start().await;
    for number in 3..=count {
        let priority = if number % 2 == 0 { "HIGH" } else { "LOW" };
        let body = format!(r#"{{"title":"{number}","priority":"{priority}","assigneeId":"user-456"}}"#);
        assert_eq!(server.post(&body).await.status, 201);
    }
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn each_page_links_to_the_next() {
    let server = with_issues(25).await;
    let mut path = Some(String::from("/api/issues"));
    let mut pages = Vec::new();
    while let Some(this) = path {
        let page = server.get(&this).await;
        pages.push(ids(&page));
        path = next(&page);
    }
    assert_eq!(pages, [(1..=20).collect::<Vec<_>>(), (21..=25).collect()]);
}

fn issue(number: u32) -> Issue {
    let reporter = MemberId::from_uuid(fresh_uuid());
    IssueBuilder::new("A", reporter).build().numbered(number, FixedClock::START)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_stopped_at_other_issues_links_to_what_follows_them() {
    let mut issues = MockIssues::new();
    issues.expect_list().times(3).returning(|_, _, page| {
        let (found, examined) = match page.from {
            None => (None, Some(IssuePosition::Number(2_000))),
            Some(IssuePosition::Number(2_000)) => (Some(2_001), Some(IssuePosition::Number(4_000))),
            Some(position) => {
                assert_eq!(position, IssuePosition::Number(4_000));
                (Some(4_001), None)
            }
        };
        let items = found.map(issue).into_iter().collect();
        Ok(BoundedPage { items, has_more: examined.is_some(), examined })
    });
    let server = TestServer::with(HttpLimits::default(), |_| Arc::new(issues)).await;
    let mut path = Some(String::from("/api/issues?priority=HIGH"));
    let mut pages = Vec::new();
    while let Some(this) = path {
        let page = server.get(&this).await;
        pages.push(ids(&page));
        path = next(&page);
    }
    assert_eq!(pages, [vec![], vec![2_001], vec![4_001]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_to_the_next_page_keeps_all_parameters() {
    let server = with_issues(9).await;
    let first =
        server.get("/api/issues?status=OPEN&status=DONE&priority=HIGH&assigneeId=user-456&first=3").await;
    assert_eq!(ids(&first), [1, 4, 6]);
    let second = next(&first).unwrap();
    assert!(
        second.starts_with(
            "/api/issues?status=OPEN&status=DONE&priority=HIGH&assigneeId=user-456&first=3&after="
        )
    );
    let second = server.get(&second).await;
    assert_eq!((ids(&second), next(&second)), (vec![8], None));
}

#[rstest]
#[case("status=IN_PROGRESS", &[2])]
#[case("status=IN_PROGRESS&status=OPEN", &[1, 2, 3, 4])]
#[case("status=DONE", &[])]
#[case("priority=LOW", &[3])]
#[case("priority=HIGH&priority=MEDIUM", &[1, 2, 4])]
#[case("assigneeId=user-456", &[1, 3, 4])]
#[case("first=100", &[1, 2, 3, 4])]
#[tokio::test(flavor = "multi_thread")]
async fn filters_select_issues(#[case] query: &str, #[case] expected: &[u64]) {
    let server = with_issues(4).await;
    assert_eq!(ids(&server.get(&format!("/api/issues?{query}")).await), expected);
}

#[rstest]
#[case("status=open", &["status"])]
#[case("status=", &["status"])]
#[case("priority=URGENT&first=0", &["priority", "first"])]
#[case("first=101", &["first"])]
#[case("first=-1", &["first"])]
#[case("first=%2B5", &["first"])]
#[case("first=99999999999999999999", &["first"])]
#[case("first=5&first=5", &["first"])]
#[case("assigneeId=", &["assigneeId"])]
#[case("assigneeId=a&assigneeId=b", &["assigneeId"])]
#[case("after=AAAA", &["after"])]
#[case("after=%00", &["after"])]
#[case("page=2&sort=title", &["page", "sort"])]
#[tokio::test(flavor = "multi_thread")]
async fn invalid_parameters_are_named(#[case] query: &str, #[case] fields: &[&str]) {
    let server = TestServer::start().await;
    let answer = server.get(&format!("/api/issues?{query}")).await;
    assert_eq!((answer.status, answer.code(), answer.fields()), (400, "INVALID_INPUT", fields.to_vec()));
}

/// HEAD answers with the status and the headers of GET, without a body (RFC 9110, section 9.3.2).
#[rstest]
#[case("/api/issues?first=1", 200)]
#[case("/api/issues/1", 200)]
#[case("/api/issues/99", 404)]
#[case("/api/openapi.json", 200)]
#[tokio::test(flavor = "multi_thread")]
async fn head_is_answered_wherever_get_is(#[case] path: &str, #[case] status: u16) {
    let server = TestServer::start().await;
    let get = server.get(path).await;
    let head = server.of(ADMIN, Method::HEAD, path).send().await.unwrap();
    assert_eq!((get.status, head.status().as_u16()), (status, status));
    let link = head.headers().get("link").map(|link| link.to_str().unwrap().to_owned());
    assert_eq!(get.header("link").map(str::to_owned), link);
    assert_eq!(head.text().await.unwrap(), "");
}

#[rstest]
#[case::value("/api/issues?assigneeId=%FF")]
#[case::name("/api/issues?%FF=1")]
#[case::of_one_issue("/api/issues/1?a=%C3")]
#[tokio::test(flavor = "multi_thread")]
async fn a_query_string_that_is_not_utf_8_is_refused(#[case] path: &str) {
    let server = TestServer::start().await;
    let answer = server.get(path).await;
    assert_eq!((answer.status, answer.code()), (400, "BAD_REQUEST"));
}
