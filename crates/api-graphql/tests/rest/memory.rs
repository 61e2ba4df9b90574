//! The memory of large answers.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use convene_api_graphql::http::limits::HttpLimits;
use convene_application::{
    caller::TenantScope,
    change::Change,
    failure::{Fault, Outcome},
    page::{BoundedPage, PageRequest},
    ports::{IssueFilter, IssuePatch, IssuePosition, Issues, NewIssue},
};
use convene_domain::{id::IssueId, issue::Issue};
use futures::future::join_all;

use super::support::{Answer, TestServer};

/// Storage that counts the lists that are read at the same time, and has no issues.
#[derive(Default)]
struct Counting {
    running: AtomicUsize,
    most: AtomicUsize,
}

#[async_trait]
impl Issues for Counting {
    async fn create(&self, _: &TenantScope, _: NewIssue, _: &Change) -> Outcome<Issue> {
        std::future::pending().await
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

    async fn get_by_number(&self, _: &TenantScope, _: u32) -> Result<Option<Issue>, Fault> {
        std::future::pending().await
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
        self.most.fetch_max(self.running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(50)).await;
        self.running.fetch_sub(1, Ordering::SeqCst);
        Ok(BoundedPage { items: Vec::new(), has_more: false, examined: None })
    }
}

/// The answers to 12 lists of one caller at the same time, and the largest number of lists that were read at once.
async fn lists_at_once(limits: HttpLimits, first: usize) -> (Vec<Answer>, usize) {
    let issues = Arc::new(Counting::default());
    let counting = Arc::clone(&issues);
    let server = TestServer::with(limits, |_| counting).await;
    let path = format!("/api/issues?first={first}");
    let answers = join_all((0..12).map(|_| server.get(&path))).await;
    (answers, issues.most.load(Ordering::SeqCst))
}

/// The largest number of lists of one caller that are read at the same time.
async fn most_at_once(limits: HttpLimits, first: usize) -> usize {
    let (answers, most) = lists_at_once(limits, first).await;
    assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
    most
}

#[tokio::test(flavor = "multi_thread")]
async fn large_lists_of_a_caller_wait_for_memory() {
    let limits = HttpLimits::default();
    assert_eq!(most_at_once(limits, 100).await, 1);
    assert!(most_at_once(limits, 1).await > 1);
    let limits = HttpLimits { execution_bytes: 1_024 * 1_024 * 1_024, ..limits };
    assert!(most_at_once(limits, 100).await > 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_list_that_waits_too_long_for_memory_is_refused_as_overload() {
    let limits = HttpLimits { execution_wait: Duration::from_millis(20), ..HttpLimits::default() };
    let (answers, most) = lists_at_once(limits, 100).await;
    let (done, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert!(most == 1 && !done.is_empty() && !refused.is_empty(), "{done:?} {refused:?}");
    for answer in refused {
        assert_eq!((answer.status, &answer.body["error"]["code"]), (503, &"OVERLOADED".into()), "{answer:?}");
    }
}
