//! Locks that serialize calls of an organization in this process.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use convene_application::{caller::TenantScope, failure::Fault};
use convene_domain::id::OrganizationId;
use tokio::{
    sync::{Mutex as AsyncMutex, OwnedMutexGuard},
    time::timeout_at,
};

use crate::deadline::{WAIT, earliest};

/// One lock for each organization, fair within this process.
///
/// In the database, transactions that write their organization's document abort each other and are retried, which takes longer the more
/// there are. The locks only avoid that: other processes have locks of their own, and the database decides between
/// processes.
#[derive(Default)]
pub(crate) struct OrganizationLocks {
    /// The locks that are held or waited for.
    locks: Mutex<HashMap<OrganizationId, Arc<AsyncMutex<()>>>>,
}

/// A held lock, or the wait for it. The last one of an organization removes its lock.
pub(crate) struct OrganizationLock<'l> {
    locks: &'l OrganizationLocks,
    organization: OrganizationId,
    lock: Option<Arc<AsyncMutex<()>>>,
    guard: Option<OwnedMutexGuard<()>>,
}

impl OrganizationLocks {
    /// Waits for the organization's lock, for at most [`WAIT`] and until the deadline of the call.
    ///
    /// # Errors
    /// [`Fault::Overloaded`] if it is not free by then.
    pub(crate) async fn lock(&self, scope: &TenantScope) -> Result<OrganizationLock<'_>, Fault> {
        let organization = scope.organization();
        let lock = Arc::clone(
            self.locks.lock().unwrap_or_else(PoisonError::into_inner).entry(organization).or_default(),
        );
        let mut held =
            OrganizationLock { locks: self, organization, lock: Some(Arc::clone(&lock)), guard: None };
        let guard = timeout_at(earliest(WAIT, scope.deadline()), lock.lock_owned()).await;
        held.guard = Some(guard.map_err(|_| Fault::Overloaded)?);
        Ok(held)
    }
}

impl Drop for OrganizationLock<'_> {
    fn drop(&mut self) {
        let mut locks = self.locks.locks.lock().unwrap_or_else(PoisonError::into_inner);
        self.guard = None;
        self.lock = None;
        // Only the map has it.
        if locks.get(&self.organization).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            locks.remove(&self.organization);
        }
    }
}

#[cfg(test)]
mod tests {
    use convene_application::testing::builders::fresh_uuid;
    use futures::FutureExt;

    use super::*;

    fn scope() -> TenantScope {
        TenantScope::for_tests(OrganizationId::from_uuid(fresh_uuid()))
    }

    #[tokio::test(start_paused = true)]
    async fn an_organization_has_one_lock() {
        let (locks, scope) = (OrganizationLocks::default(), scope());
        let guard = locks.lock(&scope).await.unwrap();
        assert!(matches!(locks.lock(&scope).await, Err(Fault::Overloaded)));
        drop(guard);
        assert!(locks.lock(&scope).await.is_ok());
    }

    #[tokio::test]
    async fn organizations_never_share_a_lock_and_leave_none_behind() {
        let locks = OrganizationLocks::default();
        let scopes: Vec<_> = (0..500).map(|_| scope()).collect();
        let mut held = Vec::new();
        for scope in &scopes {
            held.push(locks.lock(scope).await.unwrap());
        }
        let mut waiting = Box::pin(locks.lock(&scopes[0]));
        assert!((&mut waiting).now_or_never().is_none());
        drop(waiting);
        drop(held);
        assert!(locks.locks.lock().unwrap().is_empty());
    }
}
