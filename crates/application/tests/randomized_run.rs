//! The activity log tells a long random run as it was, and a log that does not is found out.
#![cfg(feature = "testing")]

use std::sync::Arc;

use async_trait::async_trait;
use convene_application::{
    caller::TenantScope,
    failure::Fault,
    page::{BoundedPage, PageRequest},
    ports::{ActivityFilter, ActivityLog},
    testing::{Adapters, contract::randomized, memory::InMemory},
};
use convene_domain::{
    activity::{Action, Activity},
    id::ActivityId,
    time::Instant,
};

const SEED: u64 = 20_311_103;

#[tokio::test]
async fn the_log_tells_every_change_once_and_in_order() {
    let report = randomized::run(InMemory::new().adapters(), SEED, randomized::mutations()).await;
    // The mutations erase nobody, give no rules, realign nothing, and are not the operator's.
    let others = [
        Action::MemberErased,
        Action::OccurrenceDropped,
        Action::EventRealigned,
        Action::OrganizationSuspended,
        Action::OrganizationResumed,
        Action::OrganizationDeleted,
    ];
    for action in Action::ALL.iter().filter(|action| !others.contains(action)) {
        let is_creation = *action == Action::OrganizationCreated;
        assert!(is_creation || report.entries.contains_key(action.as_str()), "no {action}: {report:?}");
    }
    assert!(report.changes > report.refusals && report.refusals > 0, "{report:?}");
}

/// A log that loses the entries of one action, or tells them under another.
struct Unfaithful(Arc<dyn ActivityLog>, fn(Activity) -> Option<Activity>);

#[async_trait]
impl ActivityLog for Unfaithful {
    async fn list(
        &self,
        scope: &TenantScope,
        filter: ActivityFilter,
        page: PageRequest<(Instant, ActivityId)>,
    ) -> Result<BoundedPage<Activity, (Instant, ActivityId)>, Fault> {
        let page = self.0.list(scope, filter, page).await?;
        Ok(BoundedPage { items: page.items.into_iter().filter_map(self.1).collect(), ..page })
    }

    async fn get_many(&self, scope: &TenantScope, ids: &[ActivityId]) -> Result<Vec<Activity>, Fault> {
        self.0.get_many(scope, ids).await
    }
}

async fn run_on(unfaithful: fn(Activity) -> Option<Activity>) {
    let adapters = InMemory::new().adapters();
    let activity_log = Arc::new(Unfaithful(Arc::clone(&adapters.activity_log), unfaithful));
    randomized::run(Adapters { activity_log, ..adapters }, SEED, randomized::SHORT).await;
}

#[tokio::test]
#[should_panic(expected = "entries of")]
async fn a_lost_entry_is_found_out() {
    run_on(|entry| Some(entry).filter(|entry| entry.action != Action::RegistrationPromoted)).await;
}

#[tokio::test]
#[should_panic(expected = "does not follow")]
async fn entries_in_a_wrong_order_are_found_out() {
    run_on(|mut entry| {
        if entry.action == Action::IssueUpdated {
            for change in &mut entry.changes {
                std::mem::swap(&mut change.before, &mut change.after);
            }
        }
        Some(entry)
    })
    .await;
}
