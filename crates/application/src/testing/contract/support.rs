use std::{fmt::Debug, sync::Arc};

use convene_domain::{
    activity::Activity,
    id::EventId,
    time::{Instant, LocalDateTime},
};
use time::{Duration, macros::datetime};
use tokio::sync::Barrier;

use super::tenant::Tenant;
use crate::{
    change::Change,
    failure::{Failure, Outcome, Refusal},
    page::{BoundedPage, PageRequest, SortKey},
    ports::{EditScope, EventEdit, EventPatch, OnAffected},
    testing::{
        FixedClock,
        builders::{ChangeBuilder, first, first_after},
    },
};

/// The current time of most cases, a Monday.
pub(super) const NOW: Instant = FixedClock::START;

/// The first start of most events: a week later at 09:00 UTC.
pub(super) const FIRST: LocalDateTime = datetime!(2031-03-10 09:00);

/// The instant a number of days after [`FIRST`].
pub(super) fn day(number: i64) -> Instant {
    FIRST.as_utc() + Duration::days(number)
}

/// A change by the first admin.
pub(super) fn by_root() -> Change {
    ChangeBuilder::by("root").build()
}

/// A change by the first admin at another time.
pub(super) fn by_root_at(at: Instant) -> Change {
    ChangeBuilder::by("root").at(at).build()
}

/// Reads a list page by page.
pub(super) async fn read_all_pages<T, K, E, P, F>(
    list: impl Fn(PageRequest<K>) -> F,
    position: impl Fn(&T) -> K,
) -> Vec<T>
where
    F: Future<Output = Result<P, E>>,
    P: Into<BoundedPage<T, K>>,
    K: SortKey,
    E: Debug,
{
    let mut all = Vec::new();
    loop {
        let request = all.last().map_or_else(|| first(100), |last| first_after(100, position(last)));
        let page = list(request).await.expect("a page is read").into();
        all.extend(page.items);
        if !page.has_more {
            return all;
        }
    }
}

/// Records the new entries of an activity log.
pub(super) struct Journal {
    tenant: Tenant,
    known: Vec<Activity>,
}

impl Journal {
    pub(super) async fn new(tenant: Tenant) -> Self {
        let known = tenant.log().await;
        Self { tenant, known }
    }

    /// The entries written since the start, oldest first.
    pub(super) async fn new_entries(&self) -> Vec<Activity> {
        let now = self.tenant.log().await;
        now.into_iter().filter(|entry| !self.known.contains(entry)).collect()
    }

    /// Checks that exactly these entries (action and subject) were written since the start, in any order.
    pub(super) async fn expect<const N: usize>(&self, expected: [(&str, String); N]) {
        let entries = self.new_entries().await;
        let mut written: Vec<_> =
            entries.iter().map(|entry| (entry.action.as_str(), entry.subject.to_string())).collect();
        written.sort();
        let mut expected: Vec<_> = expected.into();
        expected.sort();
        assert_eq!(written, expected, "entries of the log");
    }

    /// Checks that nothing was written since the start.
    pub(super) async fn expect_nothing(&self) {
        self.expect([]).await;
    }
}

/// All refusals of an outcome.
pub(super) fn refusals<T: Debug>(outcome: Outcome<T>) -> Vec<Refusal> {
    match outcome {
        Err(Failure::Refused(refusals)) => refusals.to_vec(),
        other => panic!("expected a refusal, not {other:?}"),
    }
}

/// The only refusal of an outcome.
pub(super) fn refusal<T: Debug>(outcome: Outcome<T>) -> Refusal {
    let mut refusals = refusals(outcome);
    assert_eq!(refusals.len(), 1, "{refusals:?}");
    refusals.remove(0)
}

/// Starts all calls at the same time and returns their outcomes in order.
pub(super) async fn concurrently<T, F>(calls: impl IntoIterator<Item = F>) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let calls: Vec<F> = calls.into_iter().collect();
    let barrier = Arc::new(Barrier::new(calls.len()));
    let tasks: Vec<_> = calls
        .into_iter()
        .map(|call| {
            let barrier = barrier.clone();
            tokio::spawn(async move {
                barrier.wait().await;
                call.await
            })
        })
        .collect();
    let mut outcomes = Vec::with_capacity(tasks.len());
    for task in tasks {
        outcomes.push(task.await.expect("a caller does not panic"));
    }
    outcomes
}

/// The name of a field and its values before and after a change.
pub(super) type LoggedField = (String, Option<String>, Option<String>);

/// The fields of the only entry, by name.
pub(super) fn logged_fields(entries: &[Activity]) -> Vec<LoggedField> {
    let [entry] = entries else { panic!("expected one entry, not {entries:?}") };
    let changes = entry.changes.iter();
    let mut fields: Vec<LoggedField> =
        changes.map(|change| (change.field.clone(), change.before.clone(), change.after.clone())).collect();
    fields.sort();
    fields
}

/// An edit of a whole event at any version that must not affect registrations.
pub(super) fn edit_of(event: EventId, patch: EventPatch) -> EventEdit {
    EventEdit { event, expected_version: None, scope: EditScope::All, patch, on_affected: OnAffected::Refuse }
}
