use async_trait::async_trait;
use convene_domain::{activity::Activity, id::ActivityId, text::UserId, time::Instant};

use crate::{
    caller::TenantScope,
    failure::Fault,
    page::{Page, PageRequest},
};

/// Which entries are wanted; `None` asks nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ActivityFilter {
    /// Those about the subject with this id.
    pub subject: Option<String>,
    /// Those of this actor: a user id, or `system`.
    pub actor: Option<UserId>,
    /// Those of this action.
    pub action: Option<String>,
    /// Those at or after this moment.
    pub from: Option<Instant>,
    /// Those before this moment.
    pub to: Option<Instant>,
}

/// Reads the activity log. Entries are written by the changes themselves; nothing changes or deletes one.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait ActivityLog: Send + Sync {
    /// The entries that pass the filter, newest first: by moment, then id, both descending.
    async fn list(
        &self,
        scope: &TenantScope,
        filter: ActivityFilter,
        page: PageRequest<(Instant, ActivityId)>,
    ) -> Result<Page<Activity>, Fault>;

    /// The entries with these ids, in any order.
    async fn get_many(&self, scope: &TenantScope, ids: &[ActivityId]) -> Result<Vec<Activity>, Fault>;
}
