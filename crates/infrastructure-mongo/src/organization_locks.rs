//! Locks that serialize changes which write their organization's document.

use std::hash::{BuildHasher, RandomState};

use convene_application::{caller::TenantScope, failure::Fault};
use tokio::{
    sync::{Mutex, MutexGuard},
    time::timeout,
};

use crate::deadline::ORGANIZATION_LOCK;

/// The number of locks. Organizations whose hashes collide share one.
const LOCKS: usize = 64;

/// Locks by organization, fair within this process.
///
/// In the database, transactions that write the same document abort each other and are retried, which takes longer the more
/// there are. The locks only avoid that: other processes have locks of their own, and the database decides between
/// processes.
pub(crate) struct OrganizationLocks {
    locks: [Mutex<()>; LOCKS],
    hasher: RandomState,
}

impl OrganizationLocks {
    pub(crate) fn new() -> Self {
        Self { locks: std::array::from_fn(|_| Mutex::new(())), hasher: RandomState::new() }
    }

    /// Waits for the organization's lock.
    ///
    /// # Errors
    /// [`Fault::Overloaded`] if it is not free within [`ORGANIZATION_LOCK`].
    pub(crate) async fn lock(&self, scope: &TenantScope) -> Result<MutexGuard<'_, ()>, Fault> {
        let hash = self.hasher.hash_one(scope) % LOCKS as u64;
        let lock = usize::try_from(hash).ok().and_then(|index| self.locks.get(index));
        let lock = lock.ok_or_else(|| Fault::internal("an organization has no lock"))?;
        timeout(ORGANIZATION_LOCK, lock.lock()).await.map_err(|_| Fault::Overloaded)
    }
}

#[cfg(test)]
mod tests {
    use convene_application::testing::builders::fresh_uuid;
    use convene_domain::id::OrganizationId;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_organization_has_one_lock() {
        let locks = OrganizationLocks::new();
        let scope = TenantScope::for_tests(OrganizationId::from_uuid(fresh_uuid()));
        let guard = locks.lock(&scope).await.unwrap();
        assert!(matches!(locks.lock(&scope).await, Err(Fault::Overloaded)));
        drop(guard);
        assert!(locks.lock(&scope).await.is_ok());
    }
}
