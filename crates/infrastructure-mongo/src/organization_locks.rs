//! Locks that serialize calls of an organization in this process.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

use convene_application::{caller::TenantScope, failure::Fault};
use convene_domain::id::OrganizationId;
use tokio::{
    sync::{Mutex as AsyncMutex, OwnedMutexGuard},
    time::{Instant, timeout_at},
};

use crate::admission::Owner;

/// One lock for each organization, fair within this process.
///
/// In the database, transactions that write their organization's document abort each other and are retried, which takes longer the more
/// there are. The locks only avoid that: other processes have locks of their own, and the database decides between
/// processes.
///
/// A caller waits for the lock of an organization with one call at a time, so that another caller of it waits for one call of each
/// caller at most, and not for all that one of them makes.
#[derive(Default)]
pub(crate) struct OrganizationLocks {
    organizations: Locks<OrganizationId>,
    callers: Locks<Owner>,
}

/// Locks for keys of any number.
struct Locks<K: Copy + Eq + Hash> {
    /// The locks that are held or waited for.
    locks: Mutex<HashMap<K, Arc<AsyncMutex<()>>>>,
}

impl<K: Copy + Eq + Hash> Default for Locks<K> {
    fn default() -> Self {
        Self { locks: Mutex::default() }
    }
}

/// A held lock, or the wait for it. The last one of a key removes its lock.
struct Lock<'l, K: Copy + Eq + Hash> {
    locks: &'l Locks<K>,
    key: K,
    lock: Option<Arc<AsyncMutex<()>>>,
    guard: Option<OwnedMutexGuard<()>>,
}

/// The lock of an organization, while it is held.
pub(crate) struct OrganizationLock<'l> {
    _organization: Lock<'l, OrganizationId>,
    _caller: Lock<'l, Owner>,
}

impl OrganizationLocks {
    /// Waits for the organization's lock, until this time.
    ///
    /// # Errors
    /// [`Fault::Overloaded`] if it is not free by then.
    pub(crate) async fn lock(
        &self,
        scope: &TenantScope,
        until: Instant,
    ) -> Result<OrganizationLock<'_>, Fault> {
        let caller = self.callers.lock(scope.into(), until).await?;
        let organization = self.organizations.lock(scope.organization(), until).await?;
        Ok(OrganizationLock { _organization: organization, _caller: caller })
    }
}

impl<K: Copy + Eq + Hash> Locks<K> {
    async fn lock(&self, key: K, until: Instant) -> Result<Lock<'_, K>, Fault> {
        let lock =
            Arc::clone(self.locks.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default());
        let mut held = Lock { locks: self, key, lock: Some(Arc::clone(&lock)), guard: None };
        let guard = timeout_at(until, lock.lock_owned()).await;
        held.guard = Some(guard.map_err(|_| Fault::Overloaded)?);
        Ok(held)
    }
}

impl<K: Copy + Eq + Hash> Drop for Lock<'_, K> {
    fn drop(&mut self) {
        let mut locks = self.locks.locks.lock().unwrap_or_else(PoisonError::into_inner);
        self.guard = None;
        self.lock = None;
        // Only the map has it.
        if locks.get(&self.key).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            locks.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use convene_application::{authentication::Deadline, testing::builders::fresh_uuid};
    use convene_domain::id::MemberId;
    use futures::{FutureExt, future::BoxFuture};

    use super::*;

    fn scope() -> TenantScope {
        TenantScope::for_tests(OrganizationId::from_uuid(fresh_uuid()))
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(1)
    }

    #[tokio::test(start_paused = true)]
    async fn an_organization_has_one_lock() {
        let (locks, scope) = (OrganizationLocks::default(), scope());
        let guard = locks.lock(&scope, soon()).await.unwrap();
        assert!(matches!(locks.lock(&scope, soon()).await, Err(Fault::Overloaded)));
        drop(guard);
        assert!(locks.lock(&scope, soon()).await.is_ok());
    }

    #[tokio::test]
    async fn organizations_never_share_a_lock_and_leave_none_behind() {
        let locks = OrganizationLocks::default();
        let scopes: Vec<_> = (0..500).map(|_| scope()).collect();
        let mut held = Vec::new();
        for scope in &scopes {
            held.push(locks.lock(scope, soon()).await.unwrap());
        }
        let mut waiting = Box::pin(locks.lock(&scopes[0], soon()));
        assert!((&mut waiting).now_or_never().is_none());
        drop(waiting);
        drop(held);
        assert!(locks.organizations.locks.lock().unwrap().is_empty());
        assert!(locks.callers.locks.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_caller_waits_for_one_call_of_each_other_caller() {
        let (locks, organization) = (OrganizationLocks::default(), scope());
        let of_member = || organization.called_by(MemberId::from_uuid(fresh_uuid()), Deadline::NONE);
        let (busy, calm) = (of_member(), of_member());
        let first = locks.lock(&busy, soon()).await.unwrap();
        let mut waiting: Vec<BoxFuture<'_, _>> = (0..50).map(|_| locks.lock(&busy, soon()).boxed()).collect();
        assert!(waiting.iter_mut().all(|lock| lock.now_or_never().is_none()));
        let mut other = Box::pin(locks.lock(&calm, soon()));
        assert!((&mut other).now_or_never().is_none());
        drop(first);
        let mut served: Vec<_> = waiting.iter_mut().filter_map(FutureExt::now_or_never).collect();
        assert!(served.len() <= 1, "the next one of the same caller");
        served.clear();
        assert!(other.now_or_never().is_some());
    }
}
