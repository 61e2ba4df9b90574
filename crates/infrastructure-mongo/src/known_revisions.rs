use std::time::Duration;

use convene_application::caller::TenantScope;
use convene_domain::id::OrganizationId;
use moka::sync::Cache;

/// Longer than any request takes. A request that began later has read the revision, or a later one, itself.
const LIFETIME: Duration = Duration::from_secs(60);

/// More organizations than one process changes within the lifetime, so that none is evicted before its requests have ended.
const ORGANIZATIONS: u64 = 100_000;

/// The revisions of catalogues that this process has made recently. A clone is cheap.
#[derive(Clone)]
pub(crate) struct KnownRevisions(Cache<OrganizationId, i64>);

impl KnownRevisions {
    pub(crate) fn new() -> Self {
        Self(Cache::builder().max_capacity(ORGANIZATIONS).time_to_live(LIFETIME).build())
    }

    /// Records a revision that a transaction of this process made.
    pub(crate) fn made(&self, scope: &TenantScope, revision: i64) {
        self.0
            .entry(scope.organization())
            .and_upsert_with(|known| known.map_or(revision, |known| known.into_value().max(revision)));
    }

    /// The latest revision that this process made recently.
    pub(crate) fn latest(&self, scope: &TenantScope) -> Option<i64> {
        self.0.get(&scope.organization())
    }
}
