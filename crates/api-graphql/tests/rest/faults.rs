//! Callers learn only the code of a fault and whether to retry.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use convene_api_graphql::http::limits::HttpLimits;
use convene_application::{
    caller::TenantScope,
    change::Change,
    failure::{Fault, Outcome},
    page::{BoundedPage, PageRequest},
    ports::{IssueFilter, IssuePatch, IssuePosition, Issues, MockIssues, MockMembers, NewIssue},
};
use convene_domain::{id::IssueId, issue::Issue};
use rstest::rstest;
use tokio::sync::Notify;

use crate::support::TestServer;

#[derive(Clone, Copy)]
enum FaultCase {
    Unavailable,
    OutcomeUnknown,
    Internal,
    Panic,
}

impl FaultCase {
    fn produce(self) -> Fault {
        match self {
            Self::Unavailable => Fault::Unavailable("canary".into()),
            Self::OutcomeUnknown => Fault::OutcomeUnknown("canary".into()),
            Self::Internal => Fault::internal("canary"),
            Self::Panic => panic!("canary"),
        }
    }
}

#[rstest]
#[case::unavailable(FaultCase::Unavailable, (503, "UNAVAILABLE"), (503, "UNAVAILABLE"))]
#[case::unknown(FaultCase::OutcomeUnknown, (503, "OUTCOME_UNKNOWN"), (503, "OUTCOME_UNKNOWN"))]
#[case::internal(FaultCase::Internal, (500, "INTERNAL"), (500, "INTERNAL"))]
#[case::panic(FaultCase::Panic, (500, "INTERNAL"), (503, "OUTCOME_UNKNOWN"))]
#[tokio::test(flavor = "multi_thread")]
async fn a_fault_responds_with_a_code_only(
    #[case] fault_case: FaultCase,
    #[case] read: (u16, &str),
    #[case] change: (u16, &str),
) {
    let mut issues = MockIssues::new();
    issues.expect_list().returning(move |_, _, _| Err(fault_case.produce()));
    issues.expect_create().returning(move |_, _, _| Err(fault_case.produce().into()));
    let server = TestServer::with(HttpLimits::default(), |_| Arc::new(issues)).await;
    for (answer, expected) in
        [(server.get("/api/issues").await, read), (server.post(r#"{"title":"A"}"#).await, change)]
    {
        assert_eq!((answer.status, answer.code()), expected);
        assert_eq!(answer.header("retry-after").is_some(), expected.0 == 503);
        assert!(!answer.body.to_string().contains("canary"), "{answer:?}");
        assert!(!answer.body["error"]["requestId"].as_str().unwrap().is_empty());
    }
}

/// Storage that creates issues only on a signal, and fails everything else.
struct Slow {
    inner: Arc<dyn Issues>,
    go: Arc<Notify>,
    created: Arc<Notify>,
}

#[async_trait]
impl Issues for Slow {
    async fn create(&self, scope: &TenantScope, issue: NewIssue, change: &Change) -> Outcome<Issue> {
        self.go.notified().await;
        let outcome = self.inner.create(scope, issue, change).await;
        self.created.notify_one();
        outcome
    }

    async fn update(&self, _: &TenantScope, _: IssueId, _: IssuePatch, _: &Change) -> Outcome<Issue> {
        std::future::pending().await
    }

    async fn delete(&self, _: &TenantScope, _: IssueId, _: Option<u32>, _: &Change) -> Outcome<IssueId> {
        std::future::pending().await
    }

    async fn get_many(&self, _: &TenantScope, _: &[IssueId]) -> Result<Vec<Issue>, Fault> {
        std::future::pending().await
    }

    async fn get_by_number(&self, scope: &TenantScope, number: u32) -> Result<Option<Issue>, Fault> {
        self.inner.get_by_number(scope, number).await
    }

    async fn count(&self, _: &TenantScope, _: IssueFilter) -> Result<Option<u32>, Fault> {
        std::future::pending().await
    }

    async fn list(
        &self,
        _: &TenantScope,
        _: IssueFilter,
        _: PageRequest<IssuePosition>,
    ) -> Result<BoundedPage<Issue, IssuePosition>, Fault> {
        std::future::pending().await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timeout_is_reported_and_the_change_is_completed() {
    let (go, created) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let limits = HttpLimits { request_time: Duration::from_millis(200), ..HttpLimits::default() };
    let slow = |inner| Arc::new(Slow { inner, go: go.clone(), created: created.clone() }) as Arc<dyn Issues>;
    let server = TestServer::with(limits, slow).await;

    let read = server.get("/api/issues").await;
    assert_eq!((read.status, read.code()), (503, "UNAVAILABLE"));
    let change = server.post(r#"{"title":"Late"}"#).await;
    assert_eq!((change.status, change.code()), (503, "OUTCOME_UNKNOWN"));
    assert_eq!(server.get("/api/issues/3").await.status, 404);

    go.notify_one();
    created.notified().await;
    assert_eq!(server.get("/api/issues/3").await.body["title"], "Late");
}

/// The assignee of a changed issue is looked up for the answer.
#[rstest]
#[case::unavailable(FaultCase::Unavailable)]
#[case::internal(FaultCase::Internal)]
#[case::panic(FaultCase::Panic)]
#[tokio::test(flavor = "multi_thread")]
async fn a_fault_after_the_change_does_not_deny_it(#[case] fault_case: FaultCase) {
    let all = TestServer::start().await.get("/api/issues").await.body;
    let assigned = all.as_array().unwrap().iter().find(|issue| issue["assigneeId"].is_string()).unwrap();
    let mut members = MockMembers::new();
    members.expect_get_many_with_removed().returning(move |_, _| Err(fault_case.produce()));
    let server =
        TestServer::with_ports(HttpLimits::default(), |ports| ports.members = Arc::new(members)).await;
    let answer = server.patch(&format!("/api/issues/{}", assigned["id"]), r#"{"title":"Changed"}"#).await;
    assert_eq!((answer.status, answer.code()), (503, "OUTCOME_UNKNOWN"), "{answer:?}");
    let message = answer.body["error"]["message"].as_str().unwrap();
    assert!(message.starts_with("The mutation was executed"), "{message}");
    assert_eq!(answer.header("retry-after"), Some("1"));
}
