use async_trait::async_trait;
use convene_domain::{
    activity::{Activity, Actor},
    id::ActivityId,
    time::Instant,
};

use crate::{
    caller::TenantScope,
    failure::Fault,
    page::{BoundedPage, PageRequest},
};

/// The conditions of a list of entries. All that are set must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ActivityFilter {
    /// The id of the subject.
    pub subject: Option<String>,
    /// A user id, or `system`.
    pub actor: Option<Actor>,
    pub action: Option<String>,
    /// The earliest time, inclusive.
    pub from: Option<Instant>,
    /// The latest time, exclusive.
    pub to: Option<Instant>,
}

/// Reads the activity log. Changes write the entries themselves.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait ActivityLog: Send + Sync {
    /// The entries that match the filter, newest first: by time, then id, both descending. The entries of an object are in the order
    /// of its changes, whenever these were asked for.
    async fn list(
        &self,
        scope: &TenantScope,
        filter: ActivityFilter,
        page: PageRequest<(Instant, ActivityId)>,
    ) -> Result<BoundedPage<Activity, (Instant, ActivityId)>, Fault>;

    /// The entries with these ids, in any order.
    async fn get_many(&self, scope: &TenantScope, ids: &[ActivityId]) -> Result<Vec<Activity>, Fault>;
}
